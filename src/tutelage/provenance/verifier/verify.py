"""Verify a release with the standard library alone: python verify.py RELEASE --trust KEY. Python 3.11 or later."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import zlib
from datetime import datetime
from pathlib import Path
from typing import Any

from tutelage.provenance.verifier.certificate import CERTIFICATE, CERTIFIED, Judged, check_certificate, label_of
from tutelage.provenance.verifier.formats import (
    Fault,
    Key,
    Note,
    canonical,
    check_grown,
    check_many,
    credential,
    dsse,
    jcs,
    leaf_of,
    need,
    sha,
    time_of,
    vkey,
)  # fmt: skip
from tutelage.provenance.verifier.people import (
    ENROLMENTS,
    LIST,
    Attested,
    Enrolled,
    Receipt,
    Signed,
    attested,
    check_batch,
    check_list,
    known,
    unsigned,
)  # fmt: skip
from tutelage.provenance.verifier.signatures import ssh_key, ssh_signature

PARTS = {"items": "id", "responses": "id", "judgments": "id", "judges": "id", "verdicts": "item_id"}
SUMS, SIGNATURE, NODES, ROWS = "SHA256SUMS", "SHA256SUMS.sig", "proof/nodes.json", "data/judgments.jsonl.gz"
ATTESTATIONS = "proof/attestations.jsonl"
OPERATORS = ("enrolments", "batches", "rotations", "tombstones", "slices")
LEVELS = ("H0", "H1", "H2", "H3", "H4")
SORTS = ("person", "ai", "simulated", "anonymous")
MOST = 1 << 33  # bytes that a packed file may unfold to
SHOWN = 12  # faults printed a check


class Release:
    """A release and what was found in it: (check, faults, notes)."""

    def __init__(self, root: str, options: Any) -> None:
        self.root, self.options = Path(root), options
        self.checks: list[tuple[str, list[str], list[str]]] = []
        self.at = str(options.trust)  # the file read last
        self.faults: list[str] = []
        self.notes: list[str] = []
        self.keys: list[Key] = []
        self.witnesses: list[Key] = []
        self.issuers: list[Key] = []
        self.quorum, self.log, self.known = 1, "", ""
        self.sums: dict[str, str] = {}
        self.lines: dict[str, list[bytes]] = {}
        self.rows: list[Any] = []  # of each judgment (id, item, judge)
        self.sorts: dict[str, str] = {}
        self.receipts: list[Receipt | None] = []
        self.openings: list[Any] = []
        self.note: Note | None = None
        self.earlier: list[Note] = []
        self.levels: list[tuple[str, str]] = []  # of each row, with why it is not the next one
        self.seen: list[tuple[int, datetime]] = []  # (size, when a trusted witness saw the log no larger)
        self.keyring: Enrolled | None = None
        self.trusted: list[Attested] = []

    def verify(self) -> bool:
        """Run every check; gives whether all hold."""
        for name, check in (
            ("trust", self.trust), ("checkpoint", self.checkpoint), ("signature", self.signature),
            ("files", self.files), ("statement", self.statement), ("rows", self.read_rows),
            ("receipts", self.read_receipts), ("log", self.in_log), ("history", self.history),
            ("enrolled", self.enrolled), ("people", self.people), ("pay", self.pay), ("counts", self.counts),
            ("certificate", self.certificate), ("revoked", self.revoked),
        ):  # fmt: skip
            self.faults, self.notes = [], []
            try:
                check()
            except Fault as fault:
                self.faults.append(str(fault))
            except Exception as error:  # noqa: BLE001 - whatever stands in a release, it is a fault and no crash
                self.faults.append(f"{self.at}: cannot be read: {type(error).__name__}: {str(error)[:200]}")
            self.checks.append((name, self.faults, self.notes))
        return not any(faults for _, faults, _ in self.checks)

    @property
    def head(self) -> Note:
        """The signed checkpoint."""
        if self.note is None:
            raise Fault("proof/checkpoint: there is none that holds")
        return self.note

    # Reading

    def bytes_of(self, path: str) -> bytes:
        """A file of the release."""
        full, self.at = self.root / path, path
        need(not full.is_symlink() and full.is_file(), f"{path}: the file is missing or a link")
        return full.read_bytes()

    def json_of(self, path: str) -> Any:
        """A JSON file of the release."""
        try:
            return json.loads(self.bytes_of(path))
        except (ValueError, RecursionError) as error:
            raise Fault(f"{path}: it is not JSON: {error}") from None

    def unpacked(self, path: str) -> list[bytes]:
        """The lines of a packed file; where it is damaged, those before."""
        data, out, unpack = self.bytes_of(path), b"", zlib.decompressobj(31)
        try:
            out = unpack.decompress(data, MOST)
        except zlib.error:
            unpack = zlib.decompressobj(31)
            pieces: list[bytes] = []
            with contextlib.suppress(zlib.error):
                pieces.extend(unpack.decompress(data[i : i + 16]) for i in range(0, len(data), 16))
            out = b"".join(pieces)
        lines = out.split(b"\n")
        if not unpack.eof or unpack.unused_data or lines[-1]:
            self.faults.append(f"{path} row {len(lines)}: the packed file is damaged here")
        return lines[:-1]

    def raw_lines(self, path: str) -> list[bytes]:
        """The lines of a plain file."""
        lines = self.bytes_of(path).split(b"\n")
        need(not lines[-1], f"{path}: the last line is cut off")
        return lines[:-1]

    # Checks

    def trust(self) -> None:
        """Whom the verifier believes."""
        path = Path(self.options.trust)
        text = path.read_text(encoding="utf-8")
        if text.lstrip().startswith("{"):
            given = json.loads(text)
            self.log, self.known, self.quorum = given["log"], given.get("known") or "", int(given.get("quorum", 1))
            self.keys = [vkey(k) for k in given["operators"]]
            self.witnesses = [vkey(k) for k in given.get("witnesses", [])]
            self.issuers = [Key(name, bytes.fromhex(k)) for name, k in given.get("issuers", {}).items()]
        else:
            lines = [line for line in text.splitlines() if "ssh-ed25519" in line]
            found = [ssh_key(line[line.index("ssh-ed25519") :]) for line in lines]
            self.keys = [Key(None, raw) for raw in found if raw]
        every = [k.raw for k in (*self.keys, *self.witnesses, *self.issuers)]
        need(self.keys and self.quorum >= 1, f"{path}: there is no ssh-ed25519 key or trust list")
        need(len(set(every)) == len(every), f"{path}: one key stands in two roles")
        if self.options.known:
            self.known = Path(self.options.known).read_text(encoding="utf-8")
        if self.root.resolve() in path.resolve().parents:
            self.notes.append("the key lies in the release: that shows that it is whole, not whose it is")

    def checkpoint(self) -> None:
        """The log's size and root, signed by an operator's key that counts at that size."""
        note = Note.parse(self.bytes_of("proof/checkpoint").decode())
        need(not self.log or note.origin == self.log, f"proof/checkpoint: the log is {note.origin}, not {self.log}")
        self.keys = self.keys_at(note.origin, note.size)
        note.signer(self.keys)
        self.note = note

    def keys_at(self, log: str, size: int) -> list[Key]:
        """The trusted keys, followed through the rotations that they signed."""
        current = list(self.keys)
        for line in self.raw_lines("proof/rotations.jsonl"):
            payload, signer = dsse(json.loads(line), "application/vnd.tutelage.rotation.v1+json", current)
            step = json.loads(payload)
            old, new = vkey(step["old"]), vkey(step["new"])
            need(step["log"] == log and old.raw == signer.raw, "proof/rotations.jsonl: of another log or key")
            if size >= step["from_size"]:
                current = [k for k in current if k != signer] + [new]
        return current

    def signature(self) -> None:
        """SHA256SUMS is signed by the operator."""
        armoured = self.bytes_of(SIGNATURE).decode()
        signer = ssh_signature(armoured, "tutelage-release", self.bytes_of(SUMS))
        need(signer, f"{SIGNATURE}: no key signed {SUMS}, or one of the two was changed")
        need(any(k.raw == signer for k in self.keys), f"{SIGNATURE}: signed by a key that is not trusted")

    def files(self) -> None:
        """Every file is what was listed, none is missing and none stands beside."""
        before = ""
        for number, line in enumerate(self.raw_lines(SUMS), 1):
            digest, path = line.decode()[:64], line.decode()[66:]
            shaped = line[64:66] == b"  " and path > before and not set(digest) - set("0123456789abcdef")
            outside = path.startswith("/") or ".." in path.split("/") or "\\" in path
            need(shaped and not outside, f"{SUMS} line {number}: it is not `hash  path`, sorted")
            self.sums[path], before = digest, path
        every = (p for p in self.root.rglob("*") if p.is_symlink() or not p.is_dir())
        here = {p.relative_to(self.root).as_posix() for p in every}
        beside = sorted(here - {*self.sums, SUMS, SIGNATURE})
        self.faults += [f"{p}: it stands in the release but not in {SUMS}" for p in beside]
        for path, digest in self.sums.items():
            if path not in here:
                self.faults.append(f"{path}: the file is missing")
            elif sha(self.bytes_of(path)).hex() != digest:
                self.faults.append(f"{path}: the file is not what was sealed")

    def statement(self) -> None:
        """The in-toto statement names every file, and says what release.json says."""
        payload, _ = dsse(self.json_of("statement.json"), "application/vnd.in-toto+json", self.keys)
        said = json.loads(payload)
        subjects = {s["name"]: s["digest"]["sha256"] for s in said["subject"]}
        listed = {p: h for p, h in self.sums.items() if p != "statement.json"}
        wrong = sorted({p for p, _ in subjects.items() ^ listed.items()})
        need(not wrong, f"statement.json: another file than {SUMS} has: {', '.join(wrong[:5])}")
        need(said["predicate"] == self.json_of("release.json"), "statement.json: it says other than release.json")

    def read_rows(self) -> None:
        """Rows are canonical, sorted, each once, and those that were sealed."""
        sealed = self.json_of("proof/rows.json")
        for part, key in PARTS.items():
            path, before = f"data/{part}.jsonl.gz", ""
            self.lines[part] = self.unpacked(path)
            _compare(path, self.lines[part], sealed[part], self.faults)
            for number, line in enumerate(self.lines[part], 1):
                row: Any = {}
                try:
                    row = canonical(line)
                    need(isinstance(row.get(key), str), f"it has no `{key}`")
                    need(row[key] > before or number == 1, f"`{key}` {row[key]!r} is not after {before!r}: not sorted")
                    before = row[key]
                except (Fault, ValueError, RecursionError) as fault:
                    self.faults.append(f"{path} row {number}: {fault}")
                if part == "judges" and isinstance(row.get("id"), str):
                    self.sorts[row["id"]] = str(row.get("type"))
                if part == "judgments":
                    self.rows.append((row.get("id"), row.get("item_id"), row.get("judge_id")))

    def read_receipts(self) -> None:
        """One receipt and opening a row; each commitment opens to the exact row and item."""
        receipts = self.unpacked("receipts.jsonl.gz")
        openings = self.unpacked("openings.jsonl.gz")
        items = {json.loads(line).get("id"): line for line in self.lines["items"]}
        for name, count in (("receipts", len(receipts)), ("openings", len(openings))):
            if count != len(self.rows):
                self.faults.append(f"{name}.jsonl.gz: {count} lines for {len(self.rows)} rows")
        opened: set[tuple[Any, ...]] = set()
        seen: set[str] = set()
        for number, (payload, opening) in enumerate(zip(receipts, openings, strict=False), 1):
            receipt = None
            try:
                receipt, said = _receipt(payload), canonical(opening)
                self.openings.append(said)
                whole = json.loads(payload)
                need(receipt.id not in seen, "its receipt stands twice")
                seen.add(receipt.id)
                need(whole["log"] == self.head.origin and whole["type"] == "judgment", "its receipt is of another log")
                need(number <= len(self.rows), "a receipt without a row")
                _, item, judge = self.rows[number - 1]
                line, salt = self.lines["judgments"][number - 1], bytes.fromhex(said["salt"])
                need(
                    len(salt) == 32 and whole["contribution"] == _committed(salt, line),
                    "its receipt is for another row",
                )
                need(receipt.nym == judge, "its receipt is another judge's")
                about = (item, said["item_salt"], whole["item"])
                if about not in opened:
                    salt, line = bytes.fromhex(said["item_salt"]), items.get(item, b"")
                    need(len(salt) == 32 and whole["item"] == _committed(salt, line), f"item {item!r} is another")
                    opened.add(about)
            except (Fault, ValueError, KeyError, TypeError, RecursionError, AttributeError) as fault:
                what = str(fault) if isinstance(fault, Fault) else f"its receipt or opening cannot be read ({fault!r})"
                self.faults.append(f"{ROWS} row {number}: {what}")
            self.receipts.append(receipt)

    def in_log(self) -> None:
        """Every receipt and payload of the operator is a leaf under the signed checkpoint."""
        said, leaves = self.json_of(NODES), {}
        need(said["size"] == self.head.size, f"{NODES}: for a log of {said['size']}, not {self.head.size}")
        places = [(o["index"], r.leaf) for o, r in zip(self.openings, self.receipts, strict=False) if r]
        for part in OPERATORS:
            lines = self.raw_lines(f"proof/{part}.jsonl")
            need(len(lines) == len(said[part]), f"proof/{part}.jsonl: {len(lines)} lines for {len(said[part])} leaves")
            places += [(index, leaf_of(line)) for index, line in zip(said[part], lines, strict=False)]
        for index, leaf in places:
            need(type(index) is int and index not in leaves, f"two payloads for leaf {index}")
            leaves[index] = leaf
        check_many(leaves, self.head.size, [bytes.fromhex(n) for n in said["nodes"]], self.head.root)
        left = self.head.size - len(leaves)
        if left:
            self.notes.append(f"{left:,} leaves of the log are not in this release")

    def history(self) -> None:
        """The log continues earlier checkpoints, and the one that the verifier knows."""
        paths: dict[int, list[bytes]] = {}
        for one in self.json_of("proof/consistency.json"):
            earlier, path = Note.parse(one["note"]), [bytes.fromhex(h) for h in one["path"]]
            need(earlier.origin == self.head.origin, "proof/consistency.json: of another log")
            check_grown(earlier.size, earlier.root, self.head.size, self.head.root, path)
            paths[earlier.size] = path
            self.earlier.append(earlier)
            self.seen += [(earlier.size, when) for when in earlier.witnesses(self.witnesses).values()]
        if self.known:
            known = Note.parse(self.known)
            need(known.origin == self.head.origin, f"the known checkpoint is of {known.origin}")
            self.earlier.append(known)
            need(
                known.size in paths or known.size >= self.head.size,
                f"nothing shows that it continues {known.size} leaves",
            )
            check_grown(known.size, known.root, self.head.size, self.head.root, paths.get(known.size, []))
        elif len(self.head.witnesses(self.witnesses)) < self.quorum:
            self.notes.append(
                "no --known checkpoint and no quorum of witnesses: a log rewritten from its start, "
                "with other first keys of people, is not caught"
            )

    def enrolled(self) -> None:
        """No enrolment of the release's people is left out; each person's first key counts."""
        self.keyring = Enrolled(self.head.origin)
        if self.head.people is None:
            self.notes.append("the checkpoint signs no list of enrolments: no person's signature counts")
            return
        shown = dict(zip(self.json_of(NODES)["enrolments"], self.raw_lines(ENROLMENTS), strict=True))
        check_list(self.raw_lines(LIST), self.head, self.earlier, shown)
        for index, line in sorted(shown.items()):
            self.keyring.count(index, canonical(line))
        self.notes += self.keyring.notes
        self.trusted = [one for line in self.raw_lines(ATTESTATIONS) if (one := attested(line, self.issuers))]

    def people(self) -> None:
        """Batches are signed by the keys first enrolled; levels follow, each with its reason."""
        signed, enough = self._signed(), len(self.head.witnesses(self.witnesses)) >= self.quorum
        for receipt in self.receipts:
            by = signed.get(receipt.id) if receipt else None
            self.levels.append(known(by, self.trusted, self.issuers, enough) if by else unsigned(receipt))
        shown = [level for level, _ in self.levels]
        base = [min(level, "H2") for level in shown]
        stated = self.json_of("release.json")["levels"]
        found = {level: base.count(level) for level in LEVELS}
        need(found == stated, f"release.json: it states levels {stated}, the rows show {found}")
        wanted = self.options.require
        below = [i for i, level in enumerate(shown, 1) if wanted and level < wanted]
        self.faults += [f"{ROWS} row {i}: {shown[i - 1]}, not {wanted}" for i in below]
        self.notes.append("levels: " + ", ".join(f"{k} {shown.count(k):,}" for k in LEVELS if k in shown))
        for group in sorted(set(self.levels)):
            rows = [i for i, level in enumerate(self.levels, 1) if level == group]
            self.notes.append(f"{group[0]}, rows {_spans(rows)}: {group[1]}")

    def _signed(self) -> dict[str, Signed]:
        """By receipt the batch that signs it. A tampered batch is a fault; one that proves nothing is not counted."""
        by_id = {r.id: r for r in self.receipts if r}
        place = {r.id: o["index"] for r, o in zip(self.receipts, self.openings, strict=False) if r}
        signed: dict[str, Signed] = {}
        local = 0
        places, lines = self.json_of(NODES)["batches"], self.raw_lines("proof/batches.jsonl")
        for number, (index, line) in enumerate(zip(places, lines, strict=True), 1):
            where = f"proof/batches.jsonl line {number}"
            try:
                batch = canonical(line)
                enrolled = self.keyring.key_at(batch["nym"], index) if self.keyring else None
                if enrolled is None or credential(enrolled["key"]) != batch["credential"]:
                    self.notes.append(f"{where}: not by the key that was the person's when it was logged; not counted")
                    continue
                bound = check_batch(batch, by_id, enrolled)
                need(all(place[i] < index for i in batch["receipts"]), "it stands before what it signs")
                at = time_of(batch["pay"]["at"])
                seen = [when for size, when in self.seen if size <= index]
                found = Signed(batch["credential"], at, max([at, *seen]), bound, bool(seen))
                signed.update(dict.fromkeys(batch["receipts"], found))
                local += enrolled["rp"] == "localhost"
            except (Fault, ValueError, KeyError, TypeError, AttributeError) as fault:
                self.faults.append(f"{where}: {fault}")
        if local:
            self.notes.append(f"batches signed at http://localhost, on the machine of the platform itself: {local:,}")
        return signed

    def pay(self) -> None:
        """Sums are those of the receipts."""
        totals: dict[str, dict[str, int]] = {}
        people: dict[str, dict[str, int]] = {}
        for receipt in filter(None, self.receipts):
            sums = totals.setdefault(receipt.currency, {"minor": 0, "count": 0})
            sums["minor"], sums["count"] = sums["minor"] + receipt.minor, sums["count"] + 1
            own = people.setdefault(receipt.nym, {})
            own[receipt.currency] = own.get(receipt.currency, 0) + receipt.minor
        stated = self.json_of("pay.json")
        need(stated["totals"] == totals, f"pay.json: totals are not the receipts' {totals}")
        wrong = [nym for nym in people.keys() | stated["people"].keys() if people.get(nym) != stated["people"].get(nym)]
        need(not wrong, f"pay.json: the sum of {wrong[:3]} is not what the receipts say")

    def counts(self) -> None:
        """release.json states what the rows bear out; who is no person is not counted as one."""
        said, judgments = self.json_of("release.json"), max(1, len(self.rows))
        by = [self.sorts.get(judge, "unknown") for _, _, judge in self.rows]
        digest = jcs([[p, "sha256:" + h] for p, h in sorted(self.sums.items()) if p.startswith("data/")])
        found: dict[str, Any] = {part: len(self.lines[part]) for part in ("items", "responses", "judgments")}
        found["judges"] = {s: list(self.sorts.values()).count(s) for s in SORTS}
        found["judgments_by"] = {s: by.count(s) for s in SORTS}
        found["simulated"], found["simulated_share"] = by.count("simulated"), by.count("simulated") / judgments
        found["minimum_level"] = min(min(level, "H2") for level, _ in self.levels)
        found["digest"] = "sha256:" + sha(digest.encode()).hex()
        if self.note:
            found["origin"], found["log"] = self.head.origin, {"size": self.head.size, "root": self.head.root.hex()}
        self.faults += [
            f"release.json: `{k}` is {said.get(k)}, the rows show {v}" for k, v in found.items() if said.get(k) != v
        ]
        self.faults += [
            f"{ROWS} row {i}: there is no judge {r[2]!r}" for i, r in enumerate(self.rows, 1) if r[2] not in self.sorts
        ]
        shares = ", ".join(f"{by.count(s) / judgments:.1%} {s}" for s in SORTS)
        self.notes.append(f"judgments by: {shares}; simulated and anonymous are not people. Licence: {said['licence']}")

    def certificate(self) -> None:
        """What is claimed of an AI judge rests on a draw that the log held before the labels."""
        if CERTIFICATE not in self.sums:
            self.notes.append("there is none: nothing is claimed of an AI judge")
            return
        sheet = canonical(self.bytes_of(CERTIFICATE).removesuffix(b"\n"))
        rows = [canonical(line) for line in self.unpacked(CERTIFIED)]
        judged = Judged()
        for line in self.lines["items"]:
            judged.name(json.loads(line))
        given = [json.loads(line) for line in self.lines["judgments"]]
        gone = {one["supersedes"] for one in given}
        for one, opening in zip(given, self.openings, strict=True):
            label = label_of(one["answer"])
            if label is not None and one["id"] not in gone and self.sorts.get(one["judge_id"]) == "person":
                judged.labels.setdefault(one["item_id"], []).append((opening["index"], one["id"], label))
        places = self.json_of(NODES)["slices"]
        draws = [json.loads(line) for line in self.raw_lines("proof/slices.jsonl")]
        self.notes += check_certificate(sheet, rows, list(zip(places, draws, strict=True)), judged)

    def revoked(self) -> None:
        """Rows that the operator has since withdrawn."""
        if not self.options.revocations:
            self.notes.append("not looked at: no --revocations FILE was given")
            return
        sealed = json.loads(Path(self.options.revocations).read_bytes())
        payload, _ = dsse(sealed, "application/vnd.tutelage.revocations.v1+json", self.keys)
        said = json.loads(payload)
        need(said["log"] == self.head.origin, "the revocation list is of another log")
        gone = set(said["receipts"])
        rows = [i for i, r in enumerate(self.receipts, 1) if r and r.id in gone]
        self.notes += [f"{ROWS} row {i} ({self.rows[i - 1][0]}): revoked, drop it" for i in rows]
        self.notes.append(f"{len(rows):,} rows are revoked")

    # Telling

    def table(self) -> str:
        """All checks, with what is wrong."""
        out = []
        for name, faults, notes in self.checks:
            out.append(f"{'FAIL' if faults else 'ok':<5} {name:<11} {CHECKED[name]}")
            out += [f"      - {fault}" for fault in faults[:SHOWN]]
            out += [f"      - … and {len(faults) - SHOWN:,} more"] if len(faults) > SHOWN else []
            out += [f"      note: {note}" for note in notes]
        return "\n".join(out)

    def explain(self, wanted: str) -> str:
        """One row, from its text to the signed log."""
        ids = [row[0] for row in self.rows]
        number = ids.index(wanted) + 1 if wanted in ids else int(wanted) if wanted.isdecimal() else 0
        if not 1 <= number <= min(len(self.rows), len(self.receipts), len(self.openings)):
            return f"There is no row {wanted!r}: rows are 1 to {len(self.rows)}, or an id."
        receipt, opening = self.receipts[number - 1], self.openings[number - 1]
        if receipt is None:
            return f"Row {number} has no receipt that can be read."
        return "\n".join([
            f"{ROWS} row {number}", "  " + self.lines["judgments"][number - 1].decode(errors="replace"),
            f"  receipt {receipt.id}, by {receipt.nym[:16]}… ({self.sorts.get(receipt.nym)})",
            f"  pay {receipt.minor} {receipt.currency} (smallest unit), level claimed {receipt.level}",
            "  shown {}: {}".format(*(self.levels[number - 1] if self.levels else ("no level", "see the faults"))),
            f"  commitment opens with salt {opening['salt'][:16]}…",
            f"  leaf {opening['index']} = {receipt.leaf.hex()}",
            f"  log {self.note.origin}, {self.note.size} leaves" if self.note else "  in no signed log",
        ])  # fmt: skip


CHECKED = {
    "trust": "the verifier's own key or trust list", "signature": "SHA256SUMS is signed by the operator",
    "checkpoint": "the log's size and root are signed", "files": "every file is what was sealed, none more or less",
    "statement": "the in-toto statement names every file", "rows": "rows are canonical, sorted, unique, as sealed",
    "receipts": "each row and its item open their receipt", "log": "every receipt is in the signed log",
    "history": "the log continues earlier checkpoints", "enrolled": "no enrolment of its people is left out",
    "people": "people's signatures and levels",
    "pay": "pay sums are the receipts'", "counts": "release.json states what the rows show",
    "certificate": "the AI judge's claim rests on a draw logged before the labels",
    "revoked": "rows withdrawn since (with --revocations)",
}  # fmt: skip


def _compare(path: str, lines: list[bytes], sealed: str, faults: list[str]) -> None:
    """Name rows that are not those sealed: other, missing, inserted or moved."""
    wanted = [sealed[i : i + 16] for i in range(0, len(sealed), 16)]
    found = [sha(line).hex()[:16] for line in lines]
    if found == wanted:
        return
    known, there = set(wanted), set(found)
    faults += [f"{path} row {i}: it is not a row that was sealed" for i, h in enumerate(found, 1) if h not in known]
    faults += [
        f"{path} row {i} as sealed: it is missing or was changed" for i, h in enumerate(wanted, 1) if h not in there
    ]
    if known == there:
        moved = next(
            (i for i, (a, b) in enumerate(zip(found, wanted, strict=False), 1) if a != b),
            min(len(found), len(wanted)) + 1,
        )
        faults.append(f"{path} row {moved}: rows stand twice or in another order from here on")


def _spans(rows: list[int]) -> str:
    """Ascending numbers as `1–3, 7`, the first twelve spans."""
    starts = [i for i, n in enumerate(rows) if i == 0 or rows[i - 1] != n - 1]
    pairs = [(rows[a], rows[b - 1]) for a, b in zip(starts, [*starts[1:], len(rows)], strict=True)]
    shown = [str(a) if a == b else f"{a}–{b}" for a, b in pairs[:SHOWN]]
    return ", ".join(shown) + (f" … ({len(rows):,} rows)" if len(pairs) > SHOWN else "")


def _receipt(payload: bytes) -> Receipt:
    r = canonical(payload)
    pay = r["pay"]
    need(r["schema"] == "receipt/1" and r["level"] in LEVELS and type(pay["minor"]) is int, "its receipt is none")
    need(all(isinstance(r[k], str) for k in ("id", "nym", "project")), "its receipt is none")
    return Receipt(r["id"], r["nym"], r["project"], pay["minor"], str(pay["currency"]), r["level"], leaf_of(payload))


def _committed(salt: bytes, line: bytes) -> str:
    return "salted:" + sha(b"\2", salt, line).hex()


def main() -> int:
    """Verify and print; 0 where everything holds, else 1."""
    asked = argparse.ArgumentParser(description="Verify a release: standard library alone, no network.")
    asked.add_argument("release", help="its directory")
    asked.add_argument("--trust", required=True, metavar="KEY", help="ssh-ed25519 line(s), or a trust list in JSON")
    asked.add_argument("--explain", metavar="ROW", help="a row's number or id: from its text to the log")
    asked.add_argument("--revocations", metavar="FILE", help="a signed list of rows that were withdrawn")
    asked.add_argument("--require", choices=LEVELS, help="fail on rows whose person is less known")
    asked.add_argument("--known", metavar="NOTE", help="a checkpoint that you kept, e.g. of the release before")
    options = asked.parse_args()
    release = Release(options.release, options)
    holds = release.verify()
    told = [release.table(), *([release.explain(options.explain)] if options.explain else [])]
    sys.stdout.write("\n\n".join([*told, "VERIFIED" if holds else "NOT VERIFIED"]) + "\n")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
