"""The engine: a finished stage is never done again, and what decides a result is in its key."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tutelage.errors import BadInput, TutelageError, WaitingForPeople
from tutelage.pipeline import Effort, RunResult, Stage, StageContext, StageSpec, deliver, forecast, run
from tutelage.store import LocalStore


@dataclass(frozen=True)
class Times:
    factor: int = 2


def _multiply(inputs: Mapping[str, Path], config: Times, out: Path, ctx: StageContext) -> None:
    number = int((inputs["number"] / "n").read_text() if inputs["number"].is_dir() else inputs["number"].read_text())
    (out / "n").write_text(str(number * config.factor))
    ctx.progress(1, 1)
    ctx.log("multiplied", factor=config.factor)


def _noise(inputs: Mapping[str, Path], config: Any, out: Path, ctx: StageContext) -> None:
    (out / "n").write_text(str(ctx.rng.integers(10**9)))


multiply = Stage("multiply", 1, _multiply)
noise = Stage("noise", 1, _noise)


class World:
    """A home, a run directory and one input file holding 7."""

    def __init__(self, root: Path) -> None:
        self.home, self.out, self.seven = root / "home", root / "out", root / "seven"
        self.seven.write_text("7")
        self.store = LocalStore(self.home / "store")

    def run(self, *plan: StageSpec, seed: int = 0, out: Path | None = None) -> RunResult:
        return run(plan, out=out or self.out, seed=seed, home=self.home, store=self.store)

    def chain(self, first: int = 2, second: int = 3) -> tuple[StageSpec, StageSpec]:
        return (
            StageSpec(multiply, {"number": self.seven}, Times(first), name="one"),
            StageSpec(multiply, {"number": "one"}, Times(second), name="two", publish={"n": "result.txt"}),
        )

    def run_json(self) -> Any:
        return json.loads((self.out / "run.json").read_text())


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def cached(result: RunResult) -> list[bool]:
    return [stage.cached for stage in result.stages.values()]


def test_stages_feed_one_another_and_publish_their_results(world: World) -> None:
    """7 × 2 × 3 = 42."""
    result = world.run(*world.chain())
    assert (result.stages["two"].path / "n").read_text() == "42"
    assert (world.out / "result.txt").read_text() == "42"
    assert cached(result) == [False, False]


def test_a_finished_run_does_nothing_the_second_time(world: World) -> None:
    first, second = world.run(*world.chain()), world.run(*world.chain())
    assert cached(second) == [True, True]
    assert {n: s.digest for n, s in first.stages.items()} == {n: s.digest for n, s in second.stages.items()}


def test_a_change_redoes_only_what_comes_after_it(world: World) -> None:
    world.run(*world.chain(2, 3))
    assert cached(world.run(*world.chain(2, 5))) == [True, False]
    assert cached(world.run(*world.chain(3, 3))) == [False, False]


def test_a_stage_whose_input_came_out_the_same_is_not_done_again(world: World) -> None:
    """7 × 2 by another version of the stage is still 14: what follows is keyed by content, not by history."""
    world.run(*world.chain())
    one, two = world.chain()
    result = world.run(replace(one, stage=replace(multiply, version=2)), two)
    assert cached(result) == [False, True]


@pytest.mark.parametrize(
    "change",
    [
        lambda w: {"stage": replace(multiply, version=2)},
        lambda w: {"stage": replace(multiply, packages=("numpy", "scipy"))},
        lambda w: {"config": Times(9)},
        lambda w: {"inputs": {"number": _write(w.out.parent / "eight", "8")}},
    ],
    ids=["version", "packages", "config", "input bytes"],
)
def test_whatever_decides_a_result_is_in_its_key(world: World, change: Callable[[World], dict[str, Any]]) -> None:
    spec = StageSpec(multiply, {"number": world.seven}, Times(2))
    before = world.run(spec).stages["multiply"].key
    after = world.run(replace(spec, **change(world)))
    assert after.stages["multiply"].key != before
    assert cached(after) == [False]


def _write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_an_inputs_path_is_not_in_the_key_only_its_bytes(world: World) -> None:
    world.run(StageSpec(multiply, {"number": world.seven}, Times(2)))
    other = _write(world.out.parent / "also-seven", "7")
    assert cached(world.run(StageSpec(multiply, {"number": other}, Times(2)))) == [True]


def test_random_draws_come_from_the_recipes_seed_and_are_redrawn_alike(world: World, tmp_path: Path) -> None:
    def draw(seed: int, home: str) -> str:
        result = run([StageSpec(noise)], out=tmp_path / f"out-{home}", seed=seed, home=tmp_path / home)
        return (result.stages["noise"].path / "n").read_text()

    assert draw(1, "a") == draw(1, "b") != draw(2, "a")


def test_arms_that_differ_in_one_setting_share_their_draws(world: World) -> None:
    arms = [StageSpec(noise, config={"arm": arm}, name=arm) for arm in ("true", "flipped")]
    result = world.run(*arms)
    one, two = ((s.path / "n").read_text() for s in result.stages.values())
    assert one == two
    assert result.stages["true"].key != result.stages["flipped"].key


def test_a_failing_stage_is_named_keeps_its_exit_code_and_leaves_the_others(world: World) -> None:
    def refuse(inputs: Mapping[str, Path], config: Any, out: Path, ctx: StageContext) -> None:
        (out / "half").write_text("half")
        raise BadInput("Nobody answered.", expected="answers", remedy="Ask.")

    one, _ = world.chain()
    broken = StageSpec(Stage("fold", 1, refuse), {"number": "one"})
    with pytest.raises(BadInput, match=r"Nobody answered.*Stage 'fold' stopped here; the same command goes on"):
        world.run(one, broken)
    assert world.run_json()["status"] == "failed"
    assert world.run_json()["error"]["stage"] == "fold"
    assert len(world.store.digests()) == 1, "nothing of the failed stage is visible"
    assert cached(world.run(*world.chain())) == [True, False]


def test_a_fault_of_ours_is_one_clear_error_with_the_stages_name(world: World) -> None:
    def crash(inputs: Mapping[str, Path], config: Any, out: Path, ctx: StageContext) -> None:
        raise ZeroDivisionError("division by zero")

    with pytest.raises(TutelageError, match="Stage 'sft' failed: ZeroDivisionError: division by zero") as told:
        world.run(StageSpec(Stage("sft", 1, crash)))
    assert told.value.exit_code == 1
    assert isinstance(told.value.__cause__, ZeroDivisionError)


def _gather(inputs: Mapping[str, Path], config: Any, out: Path, ctx: StageContext) -> None:
    answers = inputs["answers"]
    (ctx.scratch / "request.json").write_text('{"items": 3}')
    if not (Path(config["inbox"]) / "votes").exists():
        raise WaitingForPeople("0 of 3 judgments are there.", expected="3", remedy="Wait.")
    (out / "n").write_text(answers.read_text())


def test_a_waiting_stage_shows_its_request_exits_5_and_is_polled_again(world: World) -> None:
    inbox = world.out.parent / "inbox"
    inbox.mkdir()
    gather = StageSpec(Stage("gather", 1, _gather), {"answers": world.seven}, {"inbox": str(inbox)})
    plan = (
        gather,
        StageSpec(multiply, {"number": "gather"}, Times(2), name="after"),
        StageSpec(multiply, {"number": world.seven}, Times(5), name="beside"),
    )
    with pytest.raises(WaitingForPeople, match="Stage 'gather' waits: 0 of 3") as wait:
        world.run(*plan)
    assert wait.value.exit_code == 5
    assert json.loads((world.out / "waiting/gather.json").read_text()) == {"items": 3}
    assert world.run_json()["status"] == "waiting"
    assert list(world.run_json()["stages"]) == ["beside"], "what does not need the answers has been done"
    (inbox / "votes").touch()
    result = world.run(*plan)
    assert (result.stages["after"].path / "n").read_text() == "14"
    assert result.stages["beside"].cached


def test_a_damaged_artefact_is_made_again(world: World) -> None:
    first = world.run(*world.chain())
    file = first.stages["one"].path / "n"
    file.chmod(0o644)
    file.write_text("15")
    second = world.run(*world.chain())
    assert cached(second) == [False, True]
    assert file.read_text() == "14"


def test_collected_artefacts_are_made_again_and_a_living_run_keeps_its_own(world: World) -> None:
    world.run(*world.chain())
    assert world.store.gc().digests == ()
    (world.out / "run.json").unlink()
    assert len(world.store.gc().digests) == 2
    assert cached(world.run(*world.chain())) == [False, False]


def test_the_run_file_states_times_memory_and_what_was_there_already(world: World) -> None:
    world.run(*world.chain())
    world.run(*world.chain(2, 5))
    facts = world.run_json()
    assert facts["schema"] == "run/1"
    assert facts["status"] == "done"
    assert [facts["stages"][s]["cached"] for s in ("one", "two")] == [True, False]
    assert all(s["seconds"] >= 0 and s["peak_rss_bytes"] > 1e6 for s in facts["stages"].values())
    assert facts["host"]["cpus"] >= 1


def test_a_stages_own_run_json_is_kept_beside_its_result_and_does_not_change_it(world: World) -> None:
    """Two homes, two different times taken: one digest."""

    def timed(seconds: float) -> RunResult:
        def train(inputs: Mapping[str, Path], config: Any, out: Path, ctx: StageContext) -> None:
            (out / "weights").write_text("w")
            (out / "run.json").write_text(json.dumps({"seconds": seconds}))

        root = world.home / str(seconds)
        return run([StageSpec(Stage("train", 1, train))], out=root / "out", home=root)

    one, two = timed(1.5).stages["train"], timed(2.5).stages["train"]
    assert one.digest == two.digest
    assert (one.facts, two.facts) == ({"run.json": {"seconds": 1.5}}, {"run.json": {"seconds": 2.5}})
    assert not (one.path / "run.json").exists()


def test_what_a_trainer_finished_in_its_scratch_is_delivered_whole(world: World) -> None:
    def train(inputs: Mapping[str, Path], config: Any, out: Path, ctx: StageContext) -> None:
        trained = ctx.scratch / "trained"
        (trained / "sub").mkdir(parents=True)
        (trained / "sub/weights").write_text("w")
        deliver(trained, out)
        assert (trained / "sub/weights").exists(), "a kill here must find the scratch whole"

    result = world.run(StageSpec(Stage("train", 1, train)))
    assert (result.stages["train"].path / "sub/weights").read_text() == "w"
    assert list((world.home / "work").iterdir()) == [], "the scratch goes when the stage is put away"


def test_the_log_is_one_event_a_line_with_the_stages_own_events(world: World) -> None:
    world.run(*world.chain())
    events = [json.loads(line) for line in (world.out / "events.jsonl").read_text().splitlines()]
    names = [e["event"] for e in events]
    per_stage = ["stage.began", "multiplied", "stage.done"]
    assert names == ["run.began", *per_stage, *per_stage, "run.done"]
    assert events[2]["stage"] == "one"
    assert events[2]["factor"] == 2


def test_a_plan_out_of_order_or_with_one_name_twice_is_refused_before_anything_runs(world: World) -> None:
    one, two = world.chain()
    with pytest.raises(BadInput, match="Stage 'two' needs 'one'"):
        world.run(two, one)
    with pytest.raises(BadInput, match="Two stages of the plan are called 'one'"):
        world.run(one, one)
    assert not world.out.exists()


def test_a_second_run_into_the_same_directory_is_refused(world: World) -> None:
    def nested(inputs: Mapping[str, Path], config: Any, out: Path, ctx: StageContext) -> None:
        with pytest.raises(BadInput, match="Another run is writing"):
            world.run(*world.chain())

    world.run(StageSpec(Stage("nested", 1, nested)))


def test_a_forecast_says_what_is_there_and_what_the_rest_will_take(world: World) -> None:
    """Stage one is cached; two was never run with factor 5 but has a past; `paid` has only its own estimate."""
    world.run(*world.chain(2, 3))
    paid = Stage("paid", 1, _multiply, estimate=lambda config: Effort(90, 1000, 250, "EUR"))
    plan = (
        *world.chain(2, 5),
        StageSpec(paid, {"number": "two"}, Times(1)),
        StageSpec(Stage("new", 1, _multiply), {"number": "two"}, Times(1)),
    )
    expected = forecast(plan, home=world.home, store=world.store)
    assert [s.basis for s in expected.stages] == ["cached", "past", "estimate", "unknown"]
    assert expected.money_minor == {"EUR": 250}
    assert 90 <= expected.seconds < 95
    assert expected.disk_bytes == 1000 + 2, "the past result was the two bytes of `42`"
    assert expected.unknown == ("new",)
