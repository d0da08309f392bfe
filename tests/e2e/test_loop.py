"""The whole loop on the platform, for real on a tiny model: launched, killed, judged by people, gated, signed.

The loop itself goes by the machine's door, so that it is tested where there is no browser; its pages by keys alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.test_access import SIZES, found, overflowing
from tests.e2e.test_people import PAIRS, fill, go, reach, sign_in
from tests.pipeline.conftest import save_tiny_base
from tests.web.database.halls import Server, python, rows, serving

from tutelage.pipeline import driver, signing
from tutelage.records import Judgment, jsonl

# the short forms, which always run: tests/web/runs/test_loops.py and tests/pipeline/test_driver.py
pytestmark = [pytest.mark.train, pytest.mark.slow]
SEED = """
from tests.web.halls import a_hall
from tutelage.web.people.actions import make_token
hall = a_hall(items=0, people=2)
for user in (hall.owner, *hall.people):
    print(make_token(user, "robot", ["read", "write"], 1)[1])
print(hall.project.pk)
"""
RECIPE = """\
name = "tiny loop"
base = "local:tiny"
gate = "criteria.toml"
[prompts]
topics = 2
held_out = 0.5
[demonstrations]
topics = 2
[sample]
n = 2
max_tokens = 12
[judgments]
source = "platform"
per_item = 1
[sft]
lora_rank = 2
[reward]
model = "trunk"
lora_rank = 2
epochs = 1
[dpo]
lora_rank = 2
[evaluate]
n = 1
best_of = 2
best_of_prompts = 6
"""
CRITERIA = """\
name = "one must sign"
[[criteria]]
metric = "empty_rate"
side = "at_most"
bound = 1.0
[roles]
always = ["safety lead"]
"""
AGAIN = RECIPE.replace("tiny loop", "second")


@dataclass
class Played:
    """A hall on which a run was launched; its log of what was seen on the way."""

    server: Server
    project: str
    tokens: list[str]
    seen: list[str] = field(default_factory=list)

    def ask(self, method: str, path: str, body: Any = None, who: int = 0) -> Any:
        """A request by machine: 0 is the owner, then the people."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.server.port}/api/{path}", method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.tokens[who]}", "Content-Type": "application/json"},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=30) as reply:
            return json.loads(reply.read())

    def run(self, number: int = 1) -> Any:
        """How the run stands."""
        found = self.ask("GET", f"projects/{self.project}/runs/{number}")
        if not self.seen or self.seen[-1] != found["state"]:
            self.seen.append(found["state"])
        return found

    def until(self, fits: Callable[[Any], bool], number: int = 1, wait_s: float = 240) -> Any:
        """Wait for the run to be so."""
        ends = time.monotonic() + wait_s
        while not fits(found := self.run(number)):
            assert found["state"] != "failed", found["error"]
            assert time.monotonic() < ends, found
            time.sleep(0.2)
        return found

    @property
    def directory(self) -> Path:
        """Of the first run."""
        return self.server.hall / "projects" / self.project / "runs" / "1"

    def driving(self) -> list[int]:
        """Processes that drive a run: (their parents are workers)."""
        return [pid for pid in self.server.everyone() if "tutelage.pipeline.driver" in command(pid)]

    def judge(self, who: int, most: int) -> int:
        """Somebody answers so many tasks by the work API, one key each; gives how many there were."""
        task = self.ask("GET", f"work/next?project={self.project}", who=who)
        for n in range(most):
            if "none" in task:
                return n
            token, answer = task["lease"]["token"], {"type": "prefer", "winner": "first", "strength": 2}
            body = {"token": token, "key": f"key-{token}", "answer": answer, "reason": "", "telemetry": {}}
            task = self.ask("POST", "work/submit", body, who=who)["next"]
        return most


def command(pid: int) -> str:
    """The command line of a process."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


def parent(pid: int) -> int:
    """Who started a process."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@contextlib.contextmanager
def playing(place: Path) -> Iterator[Played]:
    """A server with a tiny base model, an owner and two people."""
    before = {name: os.environ.get(name) for name in ("TUTELAGE_HOME", "OMP_NUM_THREADS")}
    os.environ |= {"TUTELAGE_HOME": str(place / "home"), "OMP_NUM_THREADS": "1"}
    try:
        with serving(place / "hall") as server:
            save_tiny_base(server.hall / "models" / "tiny")
            *tokens, project = python(server.hall, SEED).split()
            yield Played(server, project, tokens)
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """A run that was launched, killed twice, judged, and came to its gate."""
    with playing(tmp_path_factory.mktemp("loop")) as played:
        finish(played)
        yield played


def finish(played: Played) -> None:
    """Launch; kill its worker in the first half; 6 judgments by two people; kill it again; to the gate."""
    body = {"recipe": RECIPE, "criteria": CRITERIA, "key": "the-first-loop"}
    played.ask("POST", f"projects/{played.project}/runs", body)
    played.until(lambda r: any(s["state"] == "done" for s in r["steps"]))
    (drives,) = played.driving()
    worker = parent(drives)
    os.kill(worker, signal.SIGKILL)
    waiting = played.until(lambda r: r["state"] == "waiting")
    assert (waiting["needed"], waiting["given"]) == (6, 0)
    assert drives not in played.driving(), "a process ends with its worker"
    assert played.judge(1, 2) == 2
    played.until(lambda r: r["given"] == 2)
    assert played.judge(2, 9) == 3, "the sixth is held by the first"
    assert played.judge(1, 9) == 1
    played.until(lambda r: r["state"] == "working")
    played.until(lambda r: played.driving() != [])
    os.kill(parent(played.driving()[0]), signal.SIGKILL)
    played.until(lambda r: r["state"] == "done")


def test_a_loop_waits_for_people_survives_kill_minus_nine_twice_and_ends_at_the_gate(finished: Played) -> None:
    """6 prompts, one judgment each: 3 by each. The state never went back; nothing was done twice."""
    assert finished.seen == ["working", "waiting", "working", "done"]
    run = finished.directory
    given: list[Judgment] = list(jsonl.read(run / "people" / "judgments.jsonl", Judgment))
    counts = sorted(sum(j.judge_id == who for j in given) for who in {j.judge_id for j in given})
    assert counts == [3, 3] and len({j.item_id for j in given}) == 6
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["data"]["people"] == 2 and metrics["contributions"]["person"]["contributions"] == 6
    assert rows(finished.server.hall, "select count(*) from work_judgment") == [(6,)]
    assert rows(finished.server.hall, "select count(*) from work_item") == [(6,)]
    gate = finished.ask("GET", f"projects/{finished.project}/runs/1/gate")
    assert gate["missing"] == ["safety lead"] and gate["broken"] == ""
    signing.verify(run)


def test_the_library_decides_the_same_from_the_runs_directory(finished: Played) -> None:
    """`tutelage gate` on the checkpoint, with the criteria and signatures beside it."""
    from click.testing import CliRunner

    from tutelage.cli.gate import command as gate

    run = finished.directory
    said = CliRunner().invoke(gate, [str(run / "checkpoint"), "--criteria", str(run / "criteria.json"), "--json"])
    assert json.loads(said.output)["outcome"] == signing.decision_of(run).outcome == "insufficient"


def test_pausing_and_resuming_by_machine(finished: Played) -> None:
    """The second run finds the first's steps in the store; it pauses between two of them, goes on, and is ended."""
    made = finished.ask("POST", f"projects/{finished.project}/runs", {"recipe": AGAIN, "criteria": CRITERIA})
    where = f"projects/{finished.project}/runs/{made['number']}"
    finished.ask("POST", f"{where}/pause")
    finished.until(lambda r: r["state"] == "paused", made["number"])
    finished.ask("POST", f"{where}/resume")
    waiting = finished.until(lambda r: r["state"] != "working", made["number"])
    assert waiting["state"] == "waiting", "the same answers are judged already: what people said is found again"
    finished.until(lambda r: r["given"] == 6, made["number"])
    assert finished.ask("POST", f"{where}/cancel")["state"] == "cancelled"


def test_an_owner_launches_and_ends_a_run_by_keys(page: Any, finished: Played) -> None:
    server, where = finished.server, f"/projects/{finished.project}/runs/"
    sign_in(page, server, "owner@example.org")
    go(page, server, where)
    assert page.get_by_role("link", name="tiny loop").is_visible()
    fill(page, name="by keys")
    reach(page, "edit")
    page.keyboard.press("Enter")
    page.get_by_label("Recipe").wait_for()
    page.get_by_label("Recipe").press("Control+Home")
    page.keyboard.type("nmae = 1\n")
    reach(page, "check")
    page.keyboard.press("Enter")
    page.get_by_text("recipe.toml, line 1").wait_for()
    page.get_by_label("Recipe").press("Control+Home")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Delete")
    reach(page, "launch")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/runs/\d+/$"))
    reach(page, "End it for good")
    page.keyboard.press("Enter")
    page.locator("#loop-state").get_by_text("cancelled").first.wait_for()


def test_an_owner_signs_the_gate_with_a_passkey_by_keys(page: Any, finished: Played) -> None:
    """One signature was asked for: nothing is missing any more, and what proves it lies in the run's directory."""
    server, where = finished.server, f"/projects/{finished.project}/runs/1/"
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
               "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip
    device.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    sign_in(page, server, "owner@example.org")
    go(page, server, f"{where}gate/")
    assert page.get_by_text("0 of 1 asked for").is_visible()
    fill(page, words="I read all answers.")
    reach(page, "Read it once more, and sign")
    page.keyboard.press("Enter")
    page.locator("#enrol:enabled").wait_for()
    reach(page, "Make a passkey")
    page.keyboard.press("Enter")
    page.locator("#sign:enabled").wait_for()
    reach(page, "sign")
    page.keyboard.press("Enter")
    page.get_by_text("by passkey: nobody else can make this signature").wait_for()
    assert page.get_by_text("1 of 1 asked for").is_visible()
    decision, (one,) = signing.verify(finished.directory)
    assert decision.matters == () and one.level == "passkey"


def test_the_report_opens_in_a_frame_of_nobodys(page: Any, finished: Played) -> None:
    sign_in(page, finished.server, "owner@example.org")
    go(page, finished.server, f"/projects/{finished.project}/runs/1/report/")
    assert page.get_by_role("heading").first.is_visible()
    assert page.evaluate("() => { try { return document.cookie } catch { return 'sandboxed' } }") == "sandboxed"


@pytest.mark.parametrize("case", PAIRS, ids="-".join)
def test_every_page_of_a_run_can_be_used_by_everybody(
    case: tuple[str, str, str], page: Any, finished: Played, axe: str
) -> None:
    """List, recipe, run, gate and statement: by light and dark, both directions, desktop, phone and 200 %."""
    server, (theme, language, size) = finished.server, case
    page.set_viewport_size(dict(zip(("width", "height"), SIZES[size], strict=True)))
    sign_in(page, server, "owner@example.org")
    home = f"http://localhost:{server.port}"
    page.context.add_cookies([{"name": n, "value": v, "url": home} for n, v in
                              (("theme", theme), ("django_language", language))])  # fmt: skip
    rows(server.hall, f"update people_user set language = '{language}'")
    wrong, where = [], f"/projects/{finished.project}/runs/"
    for address in ("", "new/", "1/", "1/gate/"):
        go(page, server, where + address)
        wrong += [f"{address}: {what}" for what in (*overflowing(page), *found(page, axe))]
    page.locator("[name=words]").fill("So be it.")
    page.locator("[name=role]").fill("reader")
    page.locator("form.card button").click()
    page.wait_for_url("**/sign/")
    wrong += [f"sign: {what}" for what in (*overflowing(page), *found(page, axe))]
    rows(server.hall, "update people_user set language = 'en'")
    assert not wrong, "\n".join(wrong[:20])


def test_what_the_driver_told_stays_readable_after_the_end(finished: Played) -> None:
    told = json.loads((finished.directory / driver.PROGRESS).read_text())
    assert told["share"] == 1.0 and {s["state"] for s in told["steps"]} == {"done"}
