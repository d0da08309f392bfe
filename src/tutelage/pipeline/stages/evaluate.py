"""Every checkpoint on the held-out prompts: pass rates, paired gains, quality beside them, and a blind head-to-head."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tutelage import judges
from tutelage.environments.graders import Task
from tutelage.evaluation import compare, quality
from tutelage.evaluation.head_to_head import HeadToHead, head_to_head
from tutelage.evaluation.prompts import Answers, HeldOut
from tutelage.measure import intervals
from tutelage.models import Generation
from tutelage.pipeline import starter
from tutelage.pipeline.stage import Stage, StageContext
from tutelage.pipeline.stages.prompts import group_of
from tutelage.pipeline.stages.shared import (
    MODEL_PACKAGES,
    Answer,
    by_prompt,
    passed,
    read_answers,
    read_tasks,
    reward_spec,
    write_json,
)
from tutelage.records import Estimate, Figure, Undefined, encode, jsonl

START = "sft"  # what preferences are meant to improve on
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Entrant:
    """A model's answers to the held-out tasks. `passes` (P,): share of its answers to each task that passed."""

    name: str
    tasks: Sequence[Task]
    rows: Sequence[Sequence[Answer]]
    passes: Floats

    @property
    def groups(self) -> list[str]:
        """The group of each task."""
        return [group_of(t) for t in self.tasks]


def run(inputs: Mapping[str, Path], config: Any, out: Path, ctx: StageContext) -> None:
    """Writes `figures.json`, `passes.json` and `bouts.jsonl`.

    inputs: `base`, `sft` and `arm …` are samples of one held-out set; `reward` judges the head-to-head
    """
    entrants = {name: entrant(name, path) for name, path in inputs.items() if name != "reward"}
    figures = {name: about(e, entrants) for name, e in entrants.items()}
    final = entrants[config["final"]]
    judge = judges.load(reward_spec(inputs["reward"]))
    bout = head_to_head(_answers(final), _first(entrants[START]), judge, rng=ctx.rng)
    write_json(out / "figures.json", {"models": figures, "head_to_head": shown(bout), "judge": "the reward model"})
    write_json(out / "passes.json", {n: {"groups": e.groups, "passes": e.passes.tolist()} for n, e in entrants.items()})
    jsonl.write(out / "bouts.jsonl", bout.bouts)


def entrant(name: str, sample: Path) -> Entrant:
    """The answers of one model, graded. Tasks that could not be graded for any answer count in no figure."""
    tasks = read_tasks(sample / "tasks.jsonl")
    rows = by_prompt(read_answers(sample / "answers.jsonl"))
    found = [[p for a in row if (p := passed(t, a)) is not None] for t, row in zip(tasks, rows, strict=True)]
    kept = [i for i, row in enumerate(found) if row]
    passes = np.array([np.mean(found[i]) for i in kept])
    return Entrant(name, [tasks[i] for i in kept], [rows[i] for i in kept], passes)


def about(one: Entrant, all_: Mapping[str, Entrant]) -> dict[str, Any]:
    """Figures of one model, and its paired differences from the base and the supervised model."""
    answers = _all(one)
    seen = quality.assess(answers)
    out: dict[str, Any] = {
        "pass_rate": intervals.win_rate(one.passes, clusters=one.groups),
        "by_form": by_form(one),
        "cut_short": cut_short(one),
        **quality.figures(seen, answers.groups),
    }
    for against in ("base", START):
        if against in all_ and against != one.name:
            other = all_[against]
            before = quality.assess(_all(other))
            out[f"vs_{against}"] = {
                "pass_rate": gain(one, other),
                **compare.differences(before, seen, answers.groups),
            }
    return {k: encode(v) for k, v in out.items()}


def gain(one: Entrant, other: Entrant) -> Estimate | Undefined:
    """Pass rate of one less that of the other, over the same tasks, with an interval over groups."""
    return intervals.paired_difference(one.passes, other.passes, clusters=one.groups)


def cut_short(one: Entrant) -> Figure:
    """Pass rate if every answer were cut at the best of all its words, by one who knows the rule: a control.

    A metric that this satisfies would reward brevity, not obedience.
    """
    passes = np.array([np.mean([_any_cut(t, a) for a in row]) for t, row in zip(one.tasks, one.rows, strict=True)])
    return intervals.win_rate(passes, clusters=one.groups)


def _any_cut(task: Task, answer: Answer) -> float:
    ends = [m.end() for m in re.finditer(r"\S+", answer.text)]
    cuts = (replace(answer, text=answer.text[:end], ended=True) for end in ends)
    return float(any(passed(task, cut) == 1.0 for cut in cuts))


def by_form(one: Entrant) -> dict[str, Figure]:
    """Pass rate of each sort of task."""
    forms = [starter.form_of(t) for t in one.tasks]
    out: dict[str, Figure] = {}
    for form in dict.fromkeys(forms):
        at = [i for i, f in enumerate(forms) if f == form]
        out[form] = intervals.win_rate(one.passes[at], clusters=[one.groups[i] for i in at])
    return out


def shown(bout: HeadToHead) -> dict[str, Any]:
    """The head-to-head without its texts."""
    return {
        "win_rate": encode(bout.win_rate),
        "wins": bout.wins,
        "ties": bout.ties,
        "losses": bout.losses,
        "unscored": bout.unscored,
        "smallest_detectable": bout.smallest_detectable,
        "length_matched": encode(bout.length_matched),
        "longer_wins": encode(bout.longer_wins),
    }


def _held_out(task: Task) -> HeldOut:
    return HeldOut(task.prompt, group=group_of(task))


def _all(one: Entrant) -> Answers:
    pairs = [(_held_out(t), _generation(a)) for t, row in zip(one.tasks, one.rows, strict=True) for a in row]
    return Answers([p for p, _ in pairs], [g for _, g in pairs])


def _answers(one: Entrant) -> Answers:
    return Answers([_held_out(t) for t in one.tasks], _first(one))


def _first(one: Entrant) -> list[Generation]:
    return [_generation(row[0]) for row in one.rows]


def _generation(a: Answer) -> Generation:
    return Generation(a.text, a.tokens, a.ended, a.logprob)


STAGE = Stage("evaluate", 2, run, MODEL_PACKAGES)
