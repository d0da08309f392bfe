"""A command whose first word may name another: `import FILE`, and beside it `import checkpoint DIR`."""

from __future__ import annotations

from typing import Any

import click


class Word(click.Command):
    """A command, and others that are called where the first argument is their word.

    A file of that name is meant with a path: `./checkpoint`.
    """

    def __init__(self, *args: Any, words: dict[str, click.Command], **more: Any) -> None:
        super().__init__(*args, **more)
        self.words = words

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """The context of the command that is meant; a group runs the command of the context it is given."""
        other = self.words.get(args[0]) if args else None
        if other is None:
            return super().make_context(info_name, args, parent, **extra)
        return other.make_context(f"{info_name} {args[0]}", args[1:], parent, **extra)
