"""`tutelage chat CHECKPOINT`."""

from __future__ import annotations

import click

from tutelage.cli import console


@click.command(epilog="Example:  tutelage chat local:smollm2 --prompt 'Name a river.'")
@click.argument("model", metavar="CHECKPOINT")
@click.option("--prompt", help="Ask once and stop.")
@click.option("--temperature", type=click.FloatRange(0), default=0.7, show_default=True, help="0 is greedy.")
@click.option("--max-tokens", type=click.IntRange(1), default=256, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="With --prompt: print one JSON object.")
def command(model: str, prompt: str | None, temperature: float, max_tokens: int, seed: int, as_json: bool) -> None:
    """Talk to a checkpoint: a directory, local:smollm2, or endpoint:URL#model. An empty line ends it."""
    from tutelage import models
    from tutelage.records import Message, Sampling

    spec = model if model.startswith(("local:", "endpoint:")) else f"local:{model}"
    policy = models.load(spec)
    sampling = Sampling(spec, temperature=temperature, max_tokens=max_tokens, seed=seed)
    talk: tuple[Message, ...] = ()
    while said := prompt if prompt is not None else click.prompt("you", default="", show_default=False, err=True):
        talk = (*talk, Message("user", said))
        answer = policy.sample([talk], sampling=sampling)[0][0]
        talk = (*talk, Message("assistant", answer.text))
        if as_json:
            facts = {"text": answer.text, "tokens": answer.tokens, "ended": answer.ended, "digest": policy.digest}
            console.emit(facts)
        else:
            console.say(answer.text)
        if prompt is not None:
            return
