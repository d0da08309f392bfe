"""Every contribution of a release has its leaf: those the log does not know yet are added, imported (H0)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import numpy as np

from tutelage.errors import BadInput
from tutelage.formats.corpus import Corpus
from tutelage.provenance.commitments import Salt
from tutelage.provenance.log import Log, Submission
from tutelage.provenance.receipts import Given, Pay, Terms, issue, public_line
from tutelage.records import Judgment
from tutelage.records.ids import Ids
from tutelage.store import digest

CHUNK = 2000  # contributions made durable at once
UNPAID = Pay(0, "XXX", "imported")  # XXX: no currency (ISO 4217)
UNNAMED = "no guideline version was recorded"


@dataclass(frozen=True, slots=True)
class Row:
    """A published judgment: its exact line, its receipt's payload, where its leaf stands, and what opens it."""

    id: str
    nym: str
    line: bytes
    payload: bytes
    index: int
    salt: str
    item_salt: str | None


class Logging:
    """Adds a corpus to a project's log."""

    def __init__(self, log: Log, project: str, nyms: Mapping[str, str], now: datetime) -> None:
        self._log, self._project, self._nyms, self._now = log, project, nyms, now
        self._ids = Ids(now, np.random.default_rng(secrets.randbits(128)))
        self._salts: dict[str, Salt] = {}
        self._previous: dict[str, tuple[int, str]] = {}
        self._terms: dict[tuple[str | None, str], Terms] = {}

    def rows(self, corpus: Corpus, lines: Mapping[str, bytes]) -> list[Row]:
        """One row a judgment, sorted by id. `lines` holds each item's published line.

        Raises BadInput where the log holds something else under a judgment's id: nothing logged is ever edited; and
        where the corpus still holds work of somebody who was erased.
        """
        self._log.refuse_erased({*self._nyms, *(r.author for r in corpus.responses if r.author)})
        kinds = {i.id: i.kind for i in corpus.items}
        judgments = sorted(corpus.judgments, key=lambda j: j.id)
        found: dict[str, Row] = {}
        for j in judgments:
            index = self._log.index_of(j.id)
            given = None if index is None else self._log.given(index)
            if index is not None and given is not None:
                found[j.id] = self._known(j, index, given, lines[j.item_id])
        for chunk in _chunks((j for j in judgments if j.id not in found), CHUNK):
            made = [Submission(j.id, j.judge_id, self._issue(j, kinds[j.item_id], lines[j.item_id])) for j in chunk]
            for one, index in zip(made, self._log.add(made), strict=True):
                found[one.contribution] = _row(one.contribution, one.given, index)
        return [found[j.id] for j in judgments]

    def _known(self, judgment: Judgment, index: int, given: Given, item: bytes) -> Row:
        same = given.contribution == public_line(judgment, self._nyms[judgment.judge_id])
        if not same or given.item not in (None, item):
            raise BadInput(
                f"Judgment {judgment.id!r}{'' if same else ' or its judge'}{' is about an item that' if same else ''} "
                f"is not what was logged as leaf {index}.",
                expected="contributions as they were first logged",
                remedy="Add a new judgment that supersedes it, or seal under another --project.",
            )
        if given.item_salt is not None:
            self._salts.setdefault(judgment.item_id, given.item_salt)
        nym = given.receipt.nym
        self._previous[nym] = max(self._previous.get(nym, (-1, "")), (index, given.receipt.id))
        return _row(judgment.id, given, index)

    def _issue(self, judgment: Judgment, kind: str, item: bytes) -> Given:
        nym = self._nyms[judgment.judge_id]
        salt = self._salts.setdefault(judgment.item_id, Salt.fresh())
        place, before = self._previous.get(nym, (-1, None))
        made = issue(
            judgment, self._terms_of(judgment.guideline_version, kind), receipt_id=self._ids.new(), nym=nym,
            pay=UNPAID, level="H0", now=self._now, item=(item, salt), previous=before,
        )  # fmt: skip
        self._previous[nym] = (place + 1, made.receipt.id)
        return made

    def _terms_of(self, guideline: str | None, kind: str) -> Terms:
        key = (guideline, kind)
        if key not in self._terms:
            schema = digest({"kind": kind, "schema": "judgment/1"})
            self._terms[key] = Terms(self._log.origin, self._project, digest(guideline or UNNAMED), schema)
        return self._terms[key]


def _row(name: str, given: Given, index: int) -> Row:
    item_salt = None if given.item_salt is None else given.item_salt.hex()
    receipt = given.receipt
    return Row(name, receipt.nym, given.contribution, receipt.payload(), index, given.salt.hex(), item_salt)


def _chunks(judgments: Iterable[Judgment], size: int) -> Iterator[list[Judgment]]:
    rest = iter(judgments)
    while chunk := list(islice(rest, size)):
        yield chunk
