"""`tutelage constitution poll | revise | pairs | mix | report`."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tutelage.cli import console
from tutelage.errors import BadInput

if TYPE_CHECKING:
    from tutelage.judges.constitution import Constitution, Draft, Poll
    from tutelage.models import RewardModel
    from tutelage.records import Row, Unscored
    from tutelage.training.constitution import Mixture

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
DIRECTORY = click.Path(exists=True, file_okay=False, path_type=Path)
PLACE = click.Path(exists=True, path_type=Path)
EXAMPLE = """\b
Example: tutelage constitution revise asked.csv --model local:DIR --out new
         tutelage constitution pairs new/pairs.jsonl --model SPEC --out ai
         tutelage constitution mix ai --people judgments/ --out mix
         tutelage train reward mix --base local:DIR --out reward
"""


@click.group(epilog=EXAMPLE)
def command() -> None:
    """Constitutional AI: a model criticises, revises and compares under principles.

    What it writes and prefers stays marked as a model's; people's judgments of helpfulness go beside it in a stated
    ratio. Principles: `tutelage example constitution`.
    """


def asked(function: Callable[..., None]) -> Callable[..., None]:
    """What a command that asks a model is told."""
    options = [
        click.option("--model", "spec", required=True, metavar="SPEC", help="local:DIR, or endpoint:URL#MODEL."),
        click.option("--principles", type=FILE, help="TOML; sixteen to begin with are built in."),
        click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="A directory."),
        click.option("--seed", default=0, show_default=True, help="Of the principles drawn."),
        click.option("--budget", type=click.IntRange(min=0), help="Most calls to the model."),
        click.option("--at-once", type=click.IntRange(1, 64), default=8, help="Calls at the same time: 8."),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
    ]
    for option in reversed(options):
        function = option(function)
    return function


@command.command(epilog="Example:  tutelage constitution revise asked.csv --model local:DIR --out revised")
@click.argument("prompts", type=FILE)
@asked
@click.option("--rounds", type=click.IntRange(min=1), default=4, show_default=True, help="Critiques per answer.")
@click.option("--max-tokens", type=click.IntRange(min=1), default=400, show_default=True, help="Longest reply.")
@click.option("--temperature", type=click.FloatRange(min=0), default=0.0, show_default=True, help="0: the likeliest.")
def revise(
    prompts: Path, spec: str, principles: Path | None, out: Path, seed: int, budget: int | None, at_once: int,
    as_json: bool, rounds: int, max_tokens: int, temperature: float,
) -> None:  # fmt: skip
    """Criticise and revise answers. PROMPTS: a table with prompt, and answer where there is one.

    Stopped, or out of budget (exit 4), run it again: nothing is asked twice.
    """
    from tutelage import models
    from tutelage.errors import NOT_ENOUGH
    from tutelage.judges import constitution as rooms
    from tutelage.judges.asking import SPENT, Purse
    from tutelage.records import AiJudge, Sampling
    from tutelage.store import digest
    from tutelage.training import constitution as glue

    law, policy, purse = _law(principles), models.load(spec), Purse(budget)
    how = Sampling(policy.name, temperature=temperature, max_tokens=max_tokens, seed=seed)
    speaker = rooms.Speaker(policy, how, purse, at_once=at_once, progress=_progress("Asking"))
    drafts, unanswered = _drafts(prompts, speaker)
    chains = rooms.revise(drafts, law, speaker, rounds=rounds, seed=seed)
    told = digest([law.digest, seed, rounds, speaker.key])
    judge = AiJudge(f"ai:{policy.name}", policy.name, revision=policy.digest, prompt_hash=told, family=policy.name)
    rows = glue.write_revisions(out, chains, law, judge)
    unusable = [s.unusable for c in chains for s in c.steps if s.unusable is not None] + unanswered
    left = sum(u.detail == SPENT for u in unusable)
    found = {
        "out": str(out), "drafts": len(drafts), "rows": rows, "rounds": rounds, "constitution": law.digest,
        "model": policy.digest, "unusable": _reasons(unusable), "left": left, "calls": purse.spent,
        "known": purse.known,
    }  # fmt: skip
    _tell(found, as_json, [
        f"{policy.name} revised {rows:,} of {len(drafts):,} answers in {rounds} rounds -> {out}",
        *_lines("round without a usable revision", found["unusable"]),
        f"  {purse.spent:,} calls made, {purse.known:,} replies known from before",
        _next(left, f"tutelage constitution pairs {out}/pairs.jsonl --model SPEC --out AI"),
    ])  # fmt: skip
    raise SystemExit(NOT_ENOUGH if left else 0)


@command.command(epilog="Example:  tutelage constitution pairs two.csv --model endpoint:URL#NAME --out ai")
@click.argument("items", type=PLACE)
@asked
@click.option("--clamp", type=click.FloatRange(0.5, 1), help="Most sure a label may be; in words 0.6, else 1.")
@click.option("--inconsistent", type=click.Choice(["unscored", "tie"]), default="unscored", show_default=True,
              help="A pair whose winner depends on the order.")  # fmt: skip
def pairs(
    items: Path, spec: str, principles: Path | None, out: Path, seed: int, budget: int | None, at_once: int,
    as_json: bool, clamp: float | None, inconsistent: Any,
) -> None:  # fmt: skip
    """Label pairs by a model, each in both orders under a drawn principle.

    The label is its probability, averaged over the orders. Run again after a stop: nothing is asked twice.
    """
    from tutelage import judges, models
    from tutelage.errors import NOT_ENOUGH
    from tutelage.judges import batch
    from tutelage.judges import constitution as rooms
    from tutelage.judges.asking import SPENT, Purse
    from tutelage.training import constitution as glue

    law, policy, purse, duels = _law(principles), models.load(spec), Purse(budget), batch.read(items, {})
    labelling = rooms.Labelling(None if clamp is None else (1 - clamp, clamp), inconsistent, seed)
    how = rooms.chooser(policy, at_once)
    setting = judges.Setting(purse=purse, at_once=at_once, progress=_progress("Asking"))
    labels, who = rooms.label(duels, law, how, labelling, setting)
    rows = glue.write_pairs(out, duels, labels, who, law)
    unusable = [x.unscored for x in labels if x.unscored is not None]
    left = sum(u.detail == SPENT for u in unusable)
    lo, hi = labelling.clamp or how.clamp
    found = {
        "out": str(out), "pairs": len(duels), "rows": rows, "clamp": [lo, hi], "inconsistent": inconsistent,
        "constitution": law.digest, "model": policy.digest, "unscored": _reasons(unusable), "left": left,
        "calls": purse.spent, "known": purse.known,
    }  # fmt: skip
    _tell(found, as_json, [
        f"{policy.name} labelled {rows:,} of {len(duels):,} pairs, its probabilities kept to {lo:g} to {hi:g} -> {out}",
        *_lines("no label", found["unscored"]),
        f"  {purse.spent:,} calls made, {purse.known:,} replies known from before",
        _next(left, f"tutelage constitution mix {out} --people JUDGMENTS --out MIX"),
    ])  # fmt: skip
    raise SystemExit(NOT_ENOUGH if left else 0)


@command.command(
    short_help="Join a model's rows with people's.",
    epilog="Example:  tutelage constitution mix ai --people judgments/ --out mix --ai-share 0.2",
)
@click.argument("ai", type=DIRECTORY)
@click.option("--people", type=PLACE, required=True, help="Imported judgments, or rows: people's alone.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="A directory.")
@click.option("--ai-share", default=0.2, show_default=True, help="Of the weight, what the model gave.")
@click.option("--cap", type=click.FloatRange(0, 1), default=0.2, show_default=True, help="Most of it unverified.")
@click.option("--held-out", default=0.2, show_default=True, help="Share of groups kept apart, of both sides.")
@click.option("--seed", default=0, show_default=True, help="Of the groups kept apart.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def mix(
    ai: Path, people: Path, out: Path, ai_share: float, cap: float, held_out: float, seed: int, as_json: bool
) -> None:
    """Join a model's rows with people's in a stated ratio; any `tutelage train` learns from it.

    AI holds what `revise` or `pairs` wrote. People keep their weight; the cap and people's share are asked again by
    training.
    """
    from tutelage.curation import Guard
    from tutelage.training import constitution as glue

    made = glue.mix(ai, people, out, glue.Recipe(ai_share, held_out, seed, Guard(cap=cap)))
    if as_json:
        console.emit({"out": str(out), "mix": made})
        return
    for part in (made.harmless, made.helpful):
        console.say(_part(part, made))
    for warning in made.warnings:
        console.say(f"  {warning}")
    console.say(f"Next: tutelage train reward {out} --base MODEL --out CHECKPOINT")


@command.command(
    short_help="Harmlessness and helpfulness, apart.", epilog="Example:  tutelage constitution report reward --mix mix"
)
@click.argument("checkpoint", type=DIRECTORY)
@click.option("--mix", "mixed", type=DIRECTORY, help="Its held-out pairs, by aim.")
@click.option("--harmless", type=PLACE, help="Pairs of harmlessness instead, best people's own.")
@click.option("--helpful", type=PLACE, help="Pairs of helpfulness instead.")
@click.option("--base", metavar="MODEL", help="What a dpo checkpoint is compared with; its own base by default.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def report(
    checkpoint: Path, mixed: Path | None, harmless: Path | None, helpful: Path | None, base: str | None, as_json: bool
) -> None:
    """Harmlessness and helpfulness of a reward model or dpo checkpoint, apart, on held-out pairs."""
    from tutelage.training.constitution import agreement

    model = _model(checkpoint, base)
    places = {"harmlessness": (harmless, "harmless"), "helpfulness": (helpful, "helpful")}
    found: dict[str, Any] = {"model": model.digest}
    for aim, (given, name) in places.items():
        rows, whose = _held_out(given, mixed, name)
        found[aim] = {"agreement": agreement(model, rows), "rows": len(rows), "with": whose}
    if as_json:
        console.emit(found)
        return
    for aim in places:
        console.say(f"{aim}: {found[aim]['agreement']} with {found[aim]['with']}")


@command.command(epilog="Example:  tutelage constitution poll votes.csv --principles all.toml --out ours.toml")
@click.argument("ballots", type=FILE)
@click.option("--principles", type=FILE, help="What was voted on; by default the sixteen built in.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="Those kept, as TOML.")
@click.option("--floor", type=click.FloatRange(0, 1), default=0.5, show_default=True,
              help="Surely more must agree, in every group.")  # fmt: skip
@click.option("--seed", default=0, show_default=True, help="Of the search for groups.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def poll(ballots: Path, principles: Path | None, out: Path, floor: float, seed: int, as_json: bool) -> None:
    """Keep the principles that every group of opinion agrees to. BALLOTS: principle, voter, vote, weight.

    A vote is agree, disagree or pass; a weight says how many people a voter
    stands for. Exit 3 where no principle is kept.
    """
    import numpy as np

    from tutelage.errors import FAILED
    from tutelage.formats.frames import read_frame
    from tutelage.judges import constitution as rooms
    from tutelage.store import write_whole

    frame = read_frame(ballots)
    weight = frame.every_number("weight").tolist() if "weight" in frame.columns else None
    principle, voter, vote = (frame.every_name(c).tolist() for c in ("principle", "voter", "vote"))
    cast = rooms.Ballots(principle, voter, vote, weight)
    try:
        found = rooms.poll(_law(principles), cast, rng=np.random.default_rng(seed), floor=floor)
    except BadInput as error:
        raise error.at(file=ballots) from None
    if found.constitution is not None:
        write_whole(out, rooms.to_toml(found.constitution).encode())
    if as_json:
        console.emit({"out": str(out), "groups": found.groups, "claim": found.claim, "standings": found.standings})
    else:
        _say_poll(found)
    raise SystemExit(0 if found.constitution else FAILED)


def _say_poll(found: Poll) -> None:
    console.say(f"{found.claim}.")
    for one in found.standings:
        console.say(f"{'kept' if one.kept else 'left out':9}{one.principle}: {one.support.everyone}")
        for number, figure in enumerate(one.support.groups if len(found.groups) > 1 else (), 1):
            console.say(f"{'':11}group {number}: {figure}")


def _law(path: Path | None) -> Constitution:
    from tutelage.judges import constitution as rooms

    return rooms.default() if path is None else rooms.read(path)


def _drafts(path: Path, speaker: Any) -> tuple[list[Draft], list[Unscored]]:
    """The prompts with their answers; the model gives one where the table has none."""
    from tutelage.formats.frames import read_frame
    from tutelage.judges.batch import ROLES
    from tutelage.judges.constitution import Draft
    from tutelage.records import Unscored, assistant, user

    frame = read_frame(path)
    prompts = [user(text) for text in frame.texts(frame.one_of(ROLES["prompt"]))]
    column = next((c for c in ("answer", "response", "output") if c in frame.columns), None)
    answers = frame.texts(column) if column else speaker.say(prompts)
    drafts = {
        (d := Draft(p, assistant(a))).digest: d
        for p, a in zip(prompts, answers, strict=True) if not isinstance(a, Unscored)
    }  # fmt: skip
    return list(drafts.values()), [a for a in answers if isinstance(a, Unscored)]


def _progress(what: str) -> Callable[[int, int], None] | None:
    if not sys.stderr.isatty():
        return None

    def show(done: int, of: int) -> None:
        click.echo(f"\r{what}: {done:,} of {of:,}", nl=done == of, err=True)

    return show


def _reasons(unusable: Iterable[Unscored]) -> dict[str, int]:
    return dict(Counter(u.reason for u in unusable).most_common())


def _tell(found: dict[str, Any], as_json: bool, lines: list[str]) -> None:
    if as_json:
        console.emit(found)
        return
    for line in lines:
        console.say(line)


def _lines(what: str, reasons: Any) -> list[str]:
    return [f"  {what}: {n:,} {reason.replace('_', ' ')}" for reason, n in reasons.items()]


def _next(left: int, command: str) -> str:
    if left:
        return f"The budget is spent with {left:,} questions open. Run it again with more: nothing is asked twice."
    return f"Next: {command}"


def _part(part: Any, made: Mixture) -> str:
    share = made.shares.human if part.aim == "helpfulness" else made.shares.synthetic
    judges = ", ".join(f"{n:,} {sort}" for sort, n in part.judges.items())
    return f"{part.aim}: {share:.1%} of the weight, {part.rows:,} rows ({judges}); {part.held_out:,} held out"


def _model(checkpoint: Path, base: str | None) -> RewardModel:
    from tutelage import models
    from tutelage.models import checkpoint as ck
    from tutelage.training.constitution import Implied

    if not ck.is_checkpoint(checkpoint):
        return models.load_reward(f"head:{checkpoint}")
    made = ck.read(checkpoint)
    if made.head is not None:
        return models.load_reward(f"reward:{checkpoint}")
    return Implied(models.load(f"local:{checkpoint}"), models.load(base or made.base))


def _held_out(given: Path | None, mixed: Path | None, name: str) -> tuple[list[Row], str]:
    """(rows, whose they are): figures against a model's labels are named so."""
    from tutelage.training import constitution as glue
    from tutelage.training.dataset import read_rows

    if given is not None:
        return read_rows(given), given.name
    if mixed is None:
        raise click.UsageError("Name --mix, or both --harmless and --helpful.")
    glue.read(mixed)  # a mix, or an error that says so
    place = mixed / "held_out" / f"{name}.jsonl"
    rows = read_rows(place) if place.stat().st_size else []
    return rows, "the AI judge's labels, not people's" if name == "harmless" else "people"
