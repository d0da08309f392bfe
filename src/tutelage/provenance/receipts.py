"""Receipts: a signed, logged commitment to one contribution, without a word of what it says."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

from tutelage.errors import BadInput
from tutelage.provenance.commitments import Commitment, Salt, commit
from tutelage.provenance.keys import PublicKey, SigningKey, open_sealed, seal
from tutelage.provenance.untrusted import parsed
from tutelage.records import Artefact, Contribution, Json
from tutelage.store import canonical

RECEIPT_TYPE = "application/vnd.tutelage.receipt.v1+json"
_WRITTEN = json.JSONEncoder(ensure_ascii=False).encode
Level = Literal["H0", "H1", "H2", "H3", "H4"]


@dataclass(frozen=True, slots=True)
class Pay:
    """What this contribution earned, in the currency's smallest unit, and by which rate card."""

    minor: int
    currency: str
    card: str


@dataclass(frozen=True)
class Receipt:
    """`receipt/1`, field by field as in decision 0005. Made by `issue`.

    contribution, item     salted commitments to the lines that a release publishes
    nym                    the contributor in this project alone
    guideline, kind_schema `sha256:<hex>` of public texts
    level                  how far the operator says that the person is known
    previous               the same nym's receipt before this one
    """

    type: Literal["judgment", "artefact"]
    id: str
    log: str
    project: str
    contribution: str
    item: str | None
    nym: str
    guideline: str
    kind_schema: str
    conditions: Json
    pay: Pay
    level: Level
    accepted_at: datetime
    previous: str | None = None
    schema: Literal["receipt/1"] = "receipt/1"

    def __post_init__(self) -> None:
        Commitment(self.contribution)
        if self.item is not None:
            Commitment(self.item)

    def payload(self) -> bytes:
        """The canonical bytes that the leaf hashes and the operator signs."""
        return self._written

    @cached_property
    def _written(self) -> bytes:
        return canonical(self)  # asked for by leaf, store and release, so written once

    @classmethod
    def parse(cls, payload: bytes) -> Receipt:
        """A receipt from its payload, which must be canonical. Raises BadInput."""
        found = parsed(cls, payload)
        try:
            same = found.payload() == payload
        except (ValueError, RecursionError):  # a number that no canonical JSON holds, half a surrogate pair
            same = False
        if not same:
            raise BadInput("The receipt is not canonical JSON.", expected="the bytes of a receipt/1, as logged",
                           remedy="Use the line as it was given out.")  # fmt: skip
        return found

    @classmethod
    def own(cls, payload: bytes) -> Receipt:
        """A receipt from bytes that this store wrote itself and sealed: they are not held against canonical JSON again,
        which halves the time that a hundred thousand take."""
        found = parsed(cls, payload)
        vars(found)["_written"] = payload
        return found


@dataclass(frozen=True, slots=True)
class Terms:
    """What is the same for all receipts of a project under one guideline."""

    log: str
    project: str
    guideline: str
    kind_schema: str


@dataclass(frozen=True, slots=True)
class Given:
    """A contribution as it is published, and what opens its receipt.

    contribution, item  the exact lines, without the end of line
    """

    receipt: Receipt
    contribution: bytes
    item: bytes | None
    salt: Salt
    item_salt: Salt | None

    def body(self) -> bytes:
        """All of it as one JSON text, to be encrypted in the store."""
        return _WRITTEN(
            {
                "contribution": self.contribution.decode(),
                "item": None if self.item is None else self.item.decode(),
                "receipt": self.receipt.payload().decode(),
                "salt": self.salt.hex(),
                "item_salt": None if self.item_salt is None else self.item_salt.hex(),
            }
        ).encode()

    @classmethod
    def parse(cls, body: bytes) -> Given:
        """The reverse of `body`."""
        v: dict[str, Any] = json.loads(body)
        return cls(
            Receipt.own(v["receipt"].encode()),
            v["contribution"].encode(),
            None if v["item"] is None else v["item"].encode(),
            Salt.parse(v["salt"]),
            None if v["item_salt"] is None else Salt.parse(v["item_salt"]),
        )


def public_line(contribution: Contribution, nym: str) -> bytes:
    """The line of a contribution as a release publishes it: the person is a pseudonym."""
    if isinstance(contribution, Artefact):
        return canonical(replace(contribution, author_id=nym))
    return canonical(replace(contribution, judge_id=nym))


def issue(
    contribution: Contribution,
    terms: Terms,
    *,
    receipt_id: str,
    nym: str,
    pay: Pay,
    level: Level,
    now: datetime,
    conditions: Json | None = None,
    item: tuple[bytes, Salt] | None = None,
    previous: str | None = None,
) -> Given:
    """Commit to a contribution. The salt is new; `item` is the item's published line with that item's one salt."""
    line, salt = public_line(contribution, nym), Salt.fresh()
    receipt = Receipt(
        type="artefact" if isinstance(contribution, Artefact) else "judgment",
        id=receipt_id,
        log=terms.log,
        project=terms.project,
        contribution=str(commit(line, salt)),
        item=None if item is None else str(commit(*item)),
        nym=nym,
        guideline=terms.guideline,
        kind_schema=terms.kind_schema,
        conditions=conditions or {},
        pay=pay,
        level=level,
        accepted_at=now.replace(microsecond=0),
        previous=previous,
    )
    return Given(receipt, line, item[0] if item else None, salt, item[1] if item else None)


def envelope(receipt: Receipt, key: SigningKey) -> Json:
    """The receipt as the contributor gets it: DSSE, signed by the operator."""
    return seal(RECEIPT_TYPE, receipt.payload(), key)


def open_receipt(sealed: Json, keys: list[PublicKey]) -> Receipt:
    """The receipt in an envelope that one of the keys signed. Raises Failed or BadInput."""
    return Receipt.parse(open_sealed(sealed, RECEIPT_TYPE, keys)[0])
