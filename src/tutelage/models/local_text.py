"""From messages to token ids and back: one way for sampling, training and scoring."""

from __future__ import annotations

from typing import Any

from tutelage.errors import BadInput
from tutelage.models.local_layout import Tree
from tutelage.records import Message

PLAIN = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant:"


class Text:
    """A tokenizer, its chat template and its end token."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._template = tokenizer.chat_template or PLAIN  # a base model without a template still has to be asked
        self.end: int = tokenizer.eos_token_id

    def prompt(self, messages: tuple[Message, ...]) -> tuple[int, ...]:
        """The conversation as the model sees it, up to where its answer begins."""
        turns = [{"role": m.role, "content": m.text} for m in messages]
        shown = self._tokenizer.apply_chat_template(
            turns, chat_template=self._template, tokenize=False, add_generation_prompt=True
        )
        return tuple(self._tokenizer(shown, add_special_tokens=False)["input_ids"])

    def answer(self, messages: tuple[Message, ...], *, end: bool = True) -> tuple[int, ...]:
        """An answer's tokens, with the end token: an empty answer is the end token alone."""
        if len(messages) != 1 or messages[0].role != "assistant":
            raise BadInput(
                f"A response is {' + '.join(m.role for m in messages) or 'empty'}.",
                expected="one assistant message",
                remedy="Split the trajectory, so that each row answers with one message.",
            )
        ids = self._tokenizer(messages[0].text, add_special_tokens=False)["input_ids"]
        return (*ids, self.end) if end else tuple(ids)

    def tree(self, prompt: tuple[Message, ...], answers: tuple[tuple[Message, ...], ...]) -> Tree:
        """A prompt and its answers, tokenised."""
        return Tree(self.prompt(prompt), tuple(self.answer(a) for a in answers))

    def read(self, ids: list[int]) -> str:
        """Tokens as text, without the special ones."""
        text: str = self._tokenizer.decode(ids, skip_special_tokens=True)
        return text.strip()
