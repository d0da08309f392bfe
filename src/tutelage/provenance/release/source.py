"""What is sealed: a corpus and its verdicts, found by the name of a run, a project or a directory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tutelage import kinds
from tutelage.errors import BadInput, Where
from tutelage.formats.corpus import Corpus
from tutelage.provenance.release.manifest import Decided
from tutelage.records import Judge, Judgment, Response, Verdict, jsonl

SUSPECTS, DECISIONS, VERDICTS = "suspects.jsonl", "decisions.jsonl", "verdicts.jsonl"


@dataclass(frozen=True, slots=True)
class Source:
    """A corpus with its verdicts, and what was decided on rows under suspicion."""

    name: str
    corpus: Corpus
    verdicts: tuple[Verdict, ...]
    decided: tuple[Decided, ...] = ()


def locate(named: str) -> Path:
    """The directory that a name means: itself, else `runs/NAME`, else `NAME-out`."""
    for path in (Path(named), Path("runs") / named, Path(f"{named}-out")):
        if (path / "judgments").is_dir() or (path / "judgments.jsonl").is_file():
            return path
    raise BadInput(
        f"There is no run, project or directory {named!r} with judgments.",
        expected="a run (`judgments/` in it), or a directory written by `tutelage import`",
        remedy=f"Looked for {named}, runs/{named} and {named}-out; run `tutelage import` or `tutelage run` first.",
    )


def read(directory: Path) -> Source:
    """All of it, checked. A row named in `suspects.jsonl` needs a line in `decisions.jsonl`; one not kept is left out.

    suspects.jsonl   {"judgment", "why"}, as an inspection found them
    decisions.jsonl  {"judgment", "keep", "by", "reason"}
    """
    run = (directory / "judgments").is_dir()
    corpus = Corpus.read(directory / "judgments" if run else directory)
    decided = _decisions(directory)
    corpus, out = kept(corpus, decided), any(not d.keep for d in decided)
    stored = directory / VERDICTS
    # a verdict rests on its judgments: where some are left out, what was stored no longer holds
    verdicts: Sequence[Verdict] = (
        list(jsonl.read(stored, Verdict)) if stored.is_file() and not out else verdicts_of(corpus)
    )
    if not corpus.judgments:
        raise BadInput("There is no judgment.", expected="at least one", remedy="Gather some.",
                       where=Where(str(directory)))  # fmt: skip
    name = directory.resolve().name.removesuffix("-out")
    return Source(name, corpus, tuple(sorted(verdicts, key=lambda v: v.item_id)), decided)


def kept(corpus: Corpus, decided: Sequence[Decided]) -> Corpus:
    """A corpus without the judgments that somebody decided to leave out, and what supersedes them."""
    out = {d.judgment for d in decided if not d.keep}
    if not out:
        return corpus
    stay = tuple(j for j in corpus.judgments if j.id not in out and j.supersedes not in out)
    return replace(corpus, judgments=stay)


def verdicts_of(corpus: Corpus) -> list[Verdict]:
    """What the judgments of a corpus come to, an item each."""
    judges = {j.id: j for j in corpus.judges}
    on: dict[str, list[Judgment]] = {}
    for judgment in corpus.judgments:
        on.setdefault(judgment.item_id, []).append(judgment)
    return [kinds.get(item.kind).fold(item, on[item.id], judges) for item in corpus.items if item.id in on]


def _decisions(directory: Path) -> tuple[Decided, ...]:
    path = directory / DECISIONS
    decided: tuple[Decided, ...] = tuple(jsonl.read(path, Decided)) if path.is_file() else ()
    suspects = directory / SUSPECTS
    known = {d.judgment for d in decided}
    for line, row in jsonl.objects(suspects) if suspects.is_file() else ():
        if row.get("judgment") not in known:
            raise BadInput(
                f"Judgment {row.get('judgment')!r} is under suspicion ({row.get('why', 'no reason given')}) and nobody "
                "decided on it.",
                expected=f"a line in {path}",
                remedy='Add {"judgment": …, "keep": true or false, "by": …, "reason": …}.',
                where=Where(str(suspects), line),
            )
    return decided


def public(corpus: Corpus, nyms: dict[str, str]) -> dict[str, list[Any]]:
    """Every part but the judgments with people's ids replaced by pseudonyms, sorted by id."""
    return {
        "items": sorted(corpus.items, key=lambda r: r.id),
        "responses": sorted((_by_nym(r, nyms) for r in corpus.responses), key=lambda r: r.id),
        "judges": sorted((_named(j, nyms) for j in corpus.judges), key=lambda r: r.id),
    }


def _by_nym(response: Response, nyms: dict[str, str]) -> Response:
    return replace(response, author=nyms[response.author]) if response.author in nyms else response


def _named(judge: Judge, nyms: dict[str, str]) -> Judge:
    return replace(judge, id=nyms[judge.id])
