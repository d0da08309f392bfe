"""The race, in short: people at work while the server is killed; the long form is benchmarks/hall_load.py."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import pytest
from benchmarks import hall_load
from benchmarks.hall_server import Hall


def race(tmp_path: Path, *said: str) -> dict[str, Any]:
    """Run the load bench in a directory of the test's own."""
    return hall_load.run(hall_load.arguments().parse_args([*said, "--keep", str(tmp_path / "race")]))


def nothing_wrong(found: dict[str, Any]) -> None:
    """Nothing lost, doubled, changed, unpaid or without receipt; every key gave one judgment."""
    never = (
        "double_handed",
        "double_stored",
        "lost",
        "errors_5xx",
        "changed",
        "over_limit_accepted",
        "resubmits_wrong",
    )
    assert {name: found[name] for name in never} == dict.fromkeys(never, 0)
    assert found["checks_ok"], found["checks"]
    assert found["cycles"] == found["acknowledged"] > 20


def test_eight_people_race_and_the_server_is_killed_and_nothing_is_lost_or_done_twice(tmp_path: Path) -> None:
    """SQLite, a tenth of the answers sent twice; kill -9 of all processes at a random moment."""
    found = race(tmp_path, "--annotators", "8", "--items", "2000", "--seconds", "8", "--kill")
    assert found["kills"] >= 1
    nothing_wrong(found)


@pytest.mark.slow
@pytest.mark.skipif(not list(Path("/usr/lib/postgresql").glob("*/bin")), reason="PostgreSQL is not installed")
def test_the_same_race_on_postgresql(tmp_path: Path) -> None:
    """A cluster of its own, its durability as it comes."""
    found = race(
        tmp_path, "--database", "postgres", "--annotators", "8", "--items", "2000", "--seconds", "15", "--kill"
    )
    assert found["kills"] >= 1
    nothing_wrong(found)


def test_when_server_or_browser_die_within_a_task_the_draft_and_the_lease_are_there_again(tmp_path: Path) -> None:
    """Draft saved, kill -9, start: the same task under the same lease with the draft; its answer is stored once."""
    hall = Hall(tmp_path, None)
    seeded = hall.tool("seed", "3", "1")
    hall.start()
    notes = hall_load.Notes(tmp_path / "journal")
    try:
        before = hall_load.Annotator(hall, seeded["people"][0], seeded["project"], notes, 0)
        task = before.next()
        answer = {"type": "prefer", "winner": "first", "strength": 2}
        draft = {"token": task["lease"]["token"], "version": 0, "answer": answer, "reason": "half a thought"}
        assert before.ask("PUT", "/api/work/draft", draft)[0] == 200
        before.leave()
        hall.kill()
        hall.start()
        after = hall_load.Annotator(hall, seeded["people"][0], seeded["project"], notes, 0)
        again = after.next()
        assert again["lease"]["token"] == task["lease"]["token"]
        assert again["draft"] == {"answer": answer, "reason": "half a thought", "version": 1}
        body = {"token": again["lease"]["token"], "key": secrets.token_hex(16), "answer": answer, "reason": ""}
        first, second = (after.ask("POST", "/api/work/submit", body) for _ in range(2))
        assert (first[0], second[0], first[1]["judgment"]) == (200, 200, second[1]["judgment"])
        after.leave()
    finally:
        notes.journal.close()
        hall.stop()
