"""Sealing: rows, receipts, proof, figures and signatures into one directory that is whole or absent."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from tutelage.errors import BadInput, Where
from tutelage.provenance import keys
from tutelage.provenance.certificate import Sheet
from tutelage.provenance.commitments import pseudonym
from tutelage.provenance.log import Log
from tutelage.provenance.release import figures, proof
from tutelage.provenance.release.card import card
from tutelage.provenance.release.certified import certified
from tutelage.provenance.release.croissant import croissant
from tutelage.provenance.release.derived import write_parquet
from tutelage.provenance.release.eu_summary import eu_summary
from tutelage.provenance.release.logged import UNNAMED, Logging, Row
from tutelage.provenance.release.manifest import FILE, LEVELS, Manifest
from tutelage.provenance.release.project import Project
from tutelage.provenance.release.source import Source, public
from tutelage.provenance.release.sshsig import openssh, sign
from tutelage.provenance.verifier import script
from tutelage.records import encode
from tutelage.store import canonical, digest, writing
from tutelage.store.files import remove, sync_directory, tidy

STATEMENT_TYPE = "application/vnd.in-toto+json"
PREDICATE = "urn:tutelage:human-judgment-release:v1"
PARTS = ("items", "responses", "judgments", "judges", "verdicts")
SUMS, SIGNATURE, STATEMENT = "SHA256SUMS", "SHA256SUMS.sig", "statement.json"
ATTESTATIONS = "attestations.jsonl"
PACKING = 6
NO_LICENCE = "none stated: ask the operator before any use"


def seal(
    source: Source, project: Project, out: Path, *, now: datetime, licence: str | None = None,
    exclusivity: str = "not exclusive", certificate: Path | None = None,
) -> Manifest:  # fmt: skip
    """Log what is not logged yet and write the release to `out`, which must be empty or absent.

    certificate  the directory of one (`provenance.certificate`) whose labels are judgments of the source
    Killed at any moment it leaves `out` as it was; what was logged by then keeps its leaves when sealed again.
    """
    if out.is_file() or (out.is_dir() and any(out.iterdir())):
        raise BadInput("There is something here already.", expected="a new name or an empty directory",
                       remedy="Choose another --out: a release is never replaced.", where=Where(str(out)))  # fmt: skip
    out.parent.mkdir(parents=True, exist_ok=True)
    tidy(out.parent)
    partly = out.with_name(f".{out.name}.{secrets.token_hex(4)}.{os.getpid()}.tmp")
    try:
        with writing(out), project.log() as log:
            sealing = _Sealing(source, project, log, partly, now)
            manifest = sealing.write(licence or NO_LICENCE, exclusivity, certificate)
            sync_directory(partly)
            if out.exists():
                out.rmdir()
            partly.rename(out)
            sync_directory(out.parent)
            _remember(project, manifest)
    finally:
        remove(partly)
    return manifest


class _Sealing:
    """One release in the making; every file goes through `_put`, so that every file is in SHA256SUMS."""

    def __init__(self, source: Source, project: Project, log: Log, root: Path, now: datetime) -> None:
        self.source, self.project, self.log, self.root, self.now = (
            source,
            project,
            log,
            root,
            now.replace(microsecond=0),
        )
        self.sums: dict[str, str] = {}
        self.sheet: Sheet | None = None

    def write(self, licence: str, exclusivity: str, certificate: Path | None) -> Manifest:
        corpus = self.source.corpus
        pepper = self.project.secret("pepper")
        nyms = {j.id: pseudonym(pepper, j.id) for j in corpus.judges}
        lines = {part: [canonical(r) for r in records] for part, records in public(corpus, nyms).items()}
        by_item = dict(zip(sorted(i.id for i in corpus.items), lines["items"], strict=True))
        rows = Logging(self.log, self.project.name, nyms, self.now).rows(corpus, by_item)
        lines |= {"judgments": [r.line for r in rows], "verdicts": [canonical(v) for v in self.source.verdicts]}
        for part in PARTS:
            self._put(f"data/{part}.jsonl.gz", _packed(lines[part]))
        data = digest([[path, "sha256:" + hexed] for path, hexed in sorted(self.sums.items())])
        self._put("receipts.jsonl.gz", _packed(r.payload for r in rows))
        self._put("openings.jsonl.gz", _packed(_opening(r) for r in rows))
        self._put("proof/rows.json", _text({p: "".join(_short(one) for one in lines[p]) for p in PARTS}))
        published = proof.Published.of(self.log).used(rows)
        if certificate is not None:
            self.sheet, files = certified(certificate, corpus, rows, published.parts["slices"])
            for path, content in files.items():
                self._put(path, content)
        self._proof(rows, published)
        counts = {p: len(lines[p]) for p in PARTS}
        manifest = self._manifest(data, licence, exclusivity, counts, proof.levels(self.log.origin, rows, published))
        self._beside(manifest, {part: write_parquet(self.root, part, lines[part]) for part in PARTS}, rows)
        self._sign(manifest)
        return manifest

    def _proof(self, rows: Sequence[Row], published: proof.Published) -> None:
        checkpoint = self.log.checkpoint(self.project.operator())
        self._put("proof/checkpoint", checkpoint.note().encode())
        self._put("proof/nodes.json", _text(proof.nodes(self.log, rows, published)))
        self._put("proof/consistency.json", _text(proof.consistency(self.log, checkpoint)))
        for part in proof.PARTS:
            self._put(f"proof/{part}.jsonl", b"".join(one + b"\n" for one in published.lines(part)))
        self._put("proof/people.jsonl", b"".join(one + b"\n" for one in self.log.enrolled))
        attested = self.project.root / ATTESTATIONS
        self._put(f"proof/{ATTESTATIONS}", attested.read_bytes() if attested.is_file() else b"")

    def _manifest(
        self, data: str, licence: str, exclusivity: str, counts: Mapping[str, int], levels: Sequence[str]
    ) -> Manifest:
        judges, given = figures.sorts(self.source.corpus)
        return Manifest(
            name=self.source.name, digest=data, origin=self.project.origin, licence=licence, exclusivity=exclusivity,
            sealed_at=f"{self.now:%Y-%m-%dT%H:%M:%SZ}", items=counts["items"], responses=counts["responses"],
            judgments=counts["judgments"], judges=judges, judgments_by=given, simulated=given["simulated"],
            simulated_share=given["simulated"] / counts["judgments"],
            levels={level: levels.count(level) for level in LEVELS}, minimum_level=min(levels),
            guidelines=tuple(sorted({j.guideline_version or UNNAMED for j in self.source.corpus.judgments})),
            log={"size": len(self.log), "root": self.log.tree.root().hex()}, previous=_last(self.project),
            decided=self.source.decided,
        )  # fmt: skip

    def _beside(self, manifest: Manifest, tables: Mapping[str, Mapping[str, str]], rows: Sequence[Row]) -> None:
        """Everything that is derived from the rows, for tools and people."""
        corpus = self.source.corpus
        self._put(FILE, _text(manifest))
        quality = figures.quality(corpus, self.source.verdicts)
        self._put("quality.json", _text(quality))
        paid = proof.pay(rows)
        self._put("pay.json", _text(paid))
        eu = eu_summary(manifest, characters=figures.characters(corpus), languages=figures.languages(corpus),
                        sources=figures.sources(corpus))  # fmt: skip
        self._put("eu-summary.json", _text(eu))
        self._put("card.html", card(manifest, quality, paid, self.sheet).encode())
        key = self.project.operator().public
        self._put("keys/operator.pub", openssh(key.raw, key.name).encode())
        self._put("keys/allowed_signers", f"operator {openssh(key.raw, key.name)}".encode())
        self._put("verify.py", script())
        self._put("VERIFY.md", (Path(__file__).parent / "VERIFY.md").read_bytes())
        for part in tables:
            path = f"derived/{part}.parquet"
            self.sums[path] = _hexed((self.root / path).read_bytes())
        named = {f"derived/{part}.parquet": columns for part, columns in tables.items()}
        self._put("croissant.json", _text(croissant(manifest, self.sums, named, [figures.CAUTION])))

    def _sign(self, manifest: Manifest) -> None:
        key = self.project.operator()
        statement = {
            "_type": "https://in-toto.io/Statement/v1", "predicateType": PREDICATE, "predicate": encode(manifest),
            "subject": [{"name": path, "digest": {"sha256": h}} for path, h in sorted(self.sums.items())],
        }  # fmt: skip
        self._put(STATEMENT, _text(keys.seal(STATEMENT_TYPE, canonical(statement), key)))
        sums = "".join(f"{hexed}  {path}\n" for path, hexed in sorted(self.sums.items())).encode()
        self._put(SUMS, sums)
        self._put(SIGNATURE, sign(sums, key).encode())

    def _put(self, path: str, content: bytes) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        self.sums[path] = _hexed(content)


def _packed(lines: Iterable[bytes]) -> bytes:
    return gzip.compress(b"".join(one + b"\n" for one in lines), PACKING, mtime=0)


def _opening(row: Row) -> bytes:
    return canonical({"index": row.index, "salt": row.salt, "item_salt": row.item_salt})


def _text(value: Any) -> bytes:
    return canonical(value) + b"\n"


def _hexed(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _short(row: bytes) -> str:
    """16 hex digits of a row's hash: to name a changed row by; what convicts is the file's full hash."""
    return _hexed(row)[:16]


def _remember(project: Project, manifest: Manifest) -> None:
    path = project.root / "releases.jsonl"
    with path.open("ab") as out:
        out.write(canonical({"digest": manifest.digest, "name": manifest.name, "at": manifest.sealed_at}) + b"\n")


def _last(project: Project) -> str | None:
    path = project.root / "releases.jsonl"
    lines = path.read_bytes().splitlines() if path.is_file() else []
    return str(json.loads(lines[-1])["digest"]) if lines else None
