"""Salted commitments and pseudonyms: what a log may hold about a person's work for ever.

A short answer can be guessed from its plain hash, so a commitment cannot be made without a salt.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

from tutelage.errors import BadInput, Failed

SALT_BYTES = 32
_TEXT = re.compile(r"salted:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, repr=False)
class Salt:
    """32 bytes that nobody can guess; whoever has them can open a commitment."""

    value: bytes

    def __post_init__(self) -> None:
        if len(self.value) != SALT_BYTES or len(set(self.value)) < SALT_BYTES // 4:
            raise BadInput(
                f"A salt of {len(self.value)} bytes, {len(set(self.value))} of them different.",
                expected=f"{SALT_BYTES} random bytes",
                remedy="Use `Salt.fresh()`.",
            )

    @classmethod
    def fresh(cls) -> Salt:
        """A new salt from the operating system: never from a seeded generator, whose next salt could be known."""
        return cls(secrets.token_bytes(SALT_BYTES))

    @classmethod
    def parse(cls, text: str) -> Salt:
        """A salt from its hex."""
        try:
            return cls(bytes.fromhex(text))
        except ValueError:
            raise BadInput("The salt is not hex.", expected="64 hex digits", remedy="Copy it again.") from None

    def hex(self) -> str:
        """The salt as an opening shows it."""
        return self.value.hex()


class Commitment(str):
    """`salted:<hex>`, H(0x02 ‖ salt ‖ content); from content it is made by `commit` alone."""

    __slots__ = ()

    def __new__(cls, text: str) -> Commitment:
        """A commitment as somebody wrote it. Raises BadInput on anything else, a plain `sha256:` among it."""
        if not _TEXT.fullmatch(text):
            raise BadInput(
                f"{text[:20]!r} is not a salted commitment.",
                expected="`salted:` and 64 hex digits",
                remedy="Make it with `commit(content, Salt.fresh())`.",
            )
        return super().__new__(cls, text)


def commit(content: bytes, salt: Salt) -> Commitment:
    """Commit to the exact bytes of a published line."""
    if not isinstance(salt, Salt):
        raise TypeError(f"a commitment needs a Salt, not {type(salt).__name__}")
    return Commitment("salted:" + hashlib.sha256(b"\x02" + salt.value + content).hexdigest())


def check_opening(commitment: Commitment, content: bytes, salt: Salt) -> None:
    """Raise Failed unless `salt` opens the commitment to `content`."""
    if not hmac.compare_digest(commit(content, salt), commitment):
        raise Failed(
            "The content is not what the commitment was made from.",
            expected="the line and salt of this receipt",
            remedy="The line was changed after it was logged, or belongs to another receipt.",
        )


def pseudonym(pepper: bytes, contributor: str) -> str:
    """A contributor's name in one project: HMAC-SHA256(project pepper, id) in hex."""
    if len(pepper) < SALT_BYTES:
        raise BadInput("The pepper is short.", expected="32 secret bytes a project", remedy="Make a new one.")
    return hmac.new(pepper, contributor.encode(), hashlib.sha256).hexdigest()
