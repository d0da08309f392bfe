"""Rounds: failures first, people kept, models capped, parents recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tutelage import curation, models
from tutelage.curation import Guard, Human
from tutelage.environments.graders import Task
from tutelage.errors import BadInput
from tutelage.models import Generation, Progress, Prompt, ResponseLogprob, local_small
from tutelage.models import checkpoint as ck
from tutelage.records import DemonstrationRow, Sampling, assistant, jsonl, text_of, user
from tutelage.store import digest
from tutelage.training import SftConfig, rounds, sft, tasks
from tutelage.training.dataset import read_rows
from tutelage.training.rounds import RoundConfig, following

pytestmark = pytest.mark.train
SUMS = [(a, b) for a in range(1, 6) for b in range(1, 6)]
TASKS = [Task(user(f"{a} + {b}"), "exact", reference=str(a + b), group=f"{a}") for a, b in SUMS]
KEYS = [digest(t.prompt) for t in TASKS]
ANCHOR = [DemonstrationRow(user(f"{a} + {b}"), assistant(str(a + b)), (f"c{a}{b}",), f"{a}") for a, b in SUMS[:8]]
SMALL = RoundConfig(prompts=6, answers=4, guard=Guard(people=0.5))


class Counter:
    """Says the sum, the sum and one more, nothing at all without an end, the sum: to everybody who asks for four."""

    name, digest = "counter", "sha256:counter"

    def __init__(self, can: int = 10) -> None:
        self.can = can  # the largest sum it ever gets right

    def sample(
        self, prompts: Sequence[Prompt], *, n: int = 1, sampling: Sampling, on_progress: Progress | None = None
    ) -> list[list[Generation]]:
        return [[self._say(p, k) for k in range(n)] for p in prompts]

    def logprobs(self, prompts: Sequence[Prompt], responses: Sequence[Prompt]) -> list[ResponseLogprob]:
        return [ResponseLogprob(0.0, 1) for _ in prompts]

    def _say(self, prompt: Prompt, k: int) -> Generation:
        right = sum(int(x) for x in text_of(prompt).split(" + "))
        said = right if right <= self.can and k != 1 else right + 1
        return Generation(str(said), 2, k != 2, -1.0)


def test_every_failure_is_asked_again_before_anything_else(tmp_path: Path) -> None:
    """Ten prompts came out worse and six were to be asked: all ten are, in front."""
    outcomes: dict[str, rounds.Outcome] = {KEYS[0]: "better"}
    outcomes |= dict.fromkeys(KEYS[5:15], "worse")
    made = following(Counter(), TASKS, outcomes, ANCHOR, tmp_path / "r", SMALL)
    assert (made.prompts, made.failures, made.unanswered) == (10, 10, 0)
    assert list(jsonl.read(tmp_path / "r" / "tasks.jsonl", Task)) == TASKS[5:15]
    few = following(Counter(), TASKS, {KEYS[3]: "worse"}, ANCHOR, tmp_path / "few", SMALL)
    assert (few.prompts, few.failures) == (6, 1)
    assert tasks.read(tmp_path / "few").tasks[0] == TASKS[3]


def test_only_answers_that_end_and_that_the_verifier_passes_come_in_each_once(tmp_path: Path) -> None:
    """Of four answers to each of six prompts one is unfinished, one is wrong, two are right and the same."""
    made = following(Counter(), TASKS[8:], {}, ANCHOR, tmp_path / "r", SMALL)
    assert (made.sampled, made.passed, made.failed, made.kept) == (18, 12, 6, 6)
    rows = curation.read(tmp_path / "r")
    assert [r.row for r in rows[:8]] == ANCHOR
    assert all(r.origin.verified_by == "graders" for r in rows[8:] if not isinstance(r.origin, Human))


def test_people_keep_their_share_and_the_round_says_whose_the_rest_is(tmp_path: Path) -> None:
    """Eight rows of people, half of the weight: models may add eight, one of each prompt before a second of any."""
    made = following(Counter(), TASKS[8:], {}, ANCHOR, tmp_path / "r", replace(SMALL, prompts=17))
    assert (made.kept, made.anchor_rows) == (8, 8)
    assert made.admission.shares.human == made.admission.shares.verified == 0.5
    prompts = [text_of(r.row.prompt) for r in curation.read(tmp_path / "r")[8:]]
    assert len(set(prompts)) == 8


def test_a_person_s_answer_stays_a_person_s_when_the_model_says_it_too(tmp_path: Path) -> None:
    """The anchor's own prompts: every right answer is there already."""
    made = following(Counter(), TASKS[:8], {}, ANCHOR, tmp_path / "r", replace(SMALL, prompts=8))
    assert (made.passed, made.kept) == (16, 0)
    assert made.admission.shares.human == 1


def test_failures_without_one_right_answer_wait_for_people(tmp_path: Path) -> None:
    """It cannot go beyond 7: 4 + 4 stays open, and is no row; 3 + 4 is."""
    at = {t.prompt[0].text: k for t, k in zip(TASKS, KEYS, strict=True)}
    worse: Any = {at["4 + 4"]: "worse", at["3 + 4"]: "worse"}
    made = following(Counter(can=7), TASKS, worse, ANCHOR[:1], tmp_path / "r", replace(SMALL, prompts=2))
    waiting = list(jsonl.read(tmp_path / "r" / "waiting.jsonl", Task))
    assert ([text_of(t.prompt) for t in waiting], made.unanswered) == (["4 + 4"], 1)
    assert [text_of(r.row.prompt) for r in curation.read(tmp_path / "r")[1:]] == ["3 + 4"]


def test_a_grader_that_breaks_lets_nothing_in(tmp_path: Path) -> None:
    """Unscored is counted by its reason; it is no 0 and no 1."""
    broken = [replace(t, reference=None) for t in TASKS[8:]]
    made = following(Counter(), broken, {}, ANCHOR, tmp_path / "r", SMALL)
    assert (made.passed, made.failed, made.unscored) == (0, 0, {"no_reference": 18})
    assert made.admission.shares.human == 1


def test_a_round_names_its_parents_and_cannot_drop_its_people(tmp_path: Path) -> None:
    """The second round's parent is the first; with one person's row less it is refused."""
    one = following(Counter(), TASKS, {}, ANCHOR, tmp_path / "1", SMALL)
    two = following(Counter(), TASKS, {}, ANCHOR, tmp_path / "2", SMALL, earlier=tmp_path / "1")
    assert (one.number, one.parent.round, two.number, two.parent.round) == (1, None, 2, one.digest)
    assert rounds.read(tmp_path / "2") == two
    sampled = [s.origin for s in curation.read(tmp_path / "2") if not isinstance(s.origin, Human)]
    assert {o.generation for o in sampled} == {2}
    with pytest.raises(BadInput, match=r"The anchor is .* with 7 rows"):
        following(Counter(), TASKS, {}, ANCHOR[1:], tmp_path / "3", SMALL, earlier=tmp_path / "1")
    assert not (tmp_path / "3").exists()


@pytest.mark.parametrize(
    ("change", "seen"),
    [({"anchor": []}, "no human anchor"), ({"tasks": []}, "no task"), ({"out": "."}, "something here already")],
)
def test_a_round_without_people_prompts_or_place_is_refused(tmp_path: Path, change: Any, seen: str) -> None:
    """Before anything is sampled."""
    given: Any = {"tasks": TASKS, "outcomes": {}, "anchor": ANCHOR, "out": "r"} | change
    with pytest.raises(BadInput, match=seen):
        following(Counter(), **(given | {"out": tmp_path / given["out"]}))


def test_a_round_asks_at_least_one_prompt() -> None:
    """None would be no round."""
    with pytest.raises(BadInput, match="field `prompts`"):
        RoundConfig(prompts=0)
    with pytest.raises(BadInput, match="holds no round"):
        rounds.read(Path("nowhere"))


def test_a_real_checkpoint_goes_a_round_and_its_lineage_shows_both(tmp_path: Path) -> None:
    """A small model learns eight sums from people, answers all twenty-five, and learns from what a grader passed."""
    texts = [text_of(t.prompt) for t in TASKS] + [str(n) for n in range(11)]
    base = local_small.make(tmp_path / "base", texts, hidden=32, layers=1, vocabulary=300)
    config = SftConfig(lora_rank=0, lr=1e-2, epochs=20, batch_rows=8, dtype="fp32")
    first = sft(ANCHOR, f"local:{base}", tmp_path / "first", config)
    policy = models.load(f"local:{first}")
    setting = RoundConfig(prompts=25, answers=8, max_tokens=4, guard=Guard(people=0.4))
    made = following(policy, TASKS, {KEYS[0]: "worse"}, ANCHOR, tmp_path / "round", setting)
    assert made.parent.checkpoint == policy.digest
    assert made.admission.shares.synthetic <= 0.6
    rows = [r for r in read_rows(tmp_path / "round") if isinstance(r, DemonstrationRow)]
    second = sft(rows, f"local:{first}", tmp_path / "second", replace(config, epochs=2))
    assert [p.digest for p in ck.read(second).parents] == [policy.digest]
    assert {c.id for c in ck.contributions(second)} == {c for r in ANCHOR for c in r.contributions}
