"""The whole of it on a small model: criticise, revise, imitate, compare, mix, reward – by the commands people type."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tutelage import models, provenance, training
from tutelage.cli.constitution import command
from tutelage.cli.train.lineage import trace
from tutelage.errors import BadInput
from tutelage.formats import Corpus
from tutelage.judges.constitution import Constitution, Principle, to_toml
from tutelage.judges.constitution.revise import criticise, rewrite
from tutelage.models import local_small
from tutelage.records import (
    DemonstrationRow,
    Item,
    Judgment,
    Person,
    RankedRow,
    Response,
    Sampling,
    assistant,
    jsonl,
    user,
)  # fmt: skip
from tutelage.training import DpoConfig, RewardConfig, SftConfig
from tutelage.training.dataset import read_rows

KIND, RUDE, HELP = "Sorry, no.", "Sure, hit.", "Yes: 1, 2."
PRINCIPLE = Principle("kind", "Is it rude?", "Be kind.", "Which is kinder?")
SFT = SftConfig(lr=5e-3, epochs=4, batch_rows=16, lora_rank=0, dtype="fp32")
N = 24


class Judge(BaseHTTPRequestHandler):
    """A served judge: the kind answer is better, and it is nearly sure."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["messages"][-1]["content"]
        side = "A" if KIND in asked.partition("answer A")[2].partition("answer B")[0] else "B"
        said = json.dumps({"better": side, "confidence": 0.99, "quotes": [{"answer": side, "text": KIND}]})
        self.send_response(200)
        self.end_headers()
        body = {"choices": [{"message": {"content": said}, "finish_reason": "stop"}]}
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: Any) -> None:
        """Silence."""


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    """The judge's SPEC."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Judge)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"endpoint:http://127.0.0.1:{server.server_port}/v1#judge"
    server.shutdown()
    server.server_close()
    thread.join()


def lessons(n: int) -> list[DemonstrationRow]:
    """What the small model is taught: to be rude, to say so when asked, to be kind when asked."""
    prompt = user(f"harm {n}")
    asked = criticise(prompt, RUDE, PRINCIPLE)
    said = [(prompt, RUDE), (asked, "It is rude."), (rewrite(asked, "It is rude.", PRINCIPLE), KIND)]
    return [DemonstrationRow(p, assistant(t), (f"lesson-{n}",), f"g{n}") for p, t in said]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of 0.1M weights that was taught to criticise and to revise, and nothing else."""
    at = tmp_path_factory.mktemp("small")
    rows = [row for n in range(32) for row in lessons(n)]
    texts = [m.text for r in rows for m in r.prompt + r.response]
    base = local_small.make(at / "base", texts, hidden=64, layers=2, vocabulary=600, context=512)
    return training.sft(rows, f"local:{base}", at / "taught", SFT)


def told(*arguments: object) -> Any:
    """One command's JSON."""
    done = CliRunner().invoke(command, [*map(str, arguments), "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_from_principles_to_a_reward_model_whose_lineage_shows_the_mix(
    small: Path, served: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """24 rude answers are revised by the small model, compared by a served judge, and stand beside 30 human pairs.

    Asked for letters, the small model itself abstains on every pair: it was never taught to judge, and it is told.
    """
    monkeypatch.setenv("TUTELAGE_HOME", str(tmp_path / "home"))
    (tmp_path / "law.toml").write_text(to_toml(Constitution((PRINCIPLE,))))
    (tmp_path / "asked.jsonl").write_text(
        "".join(json.dumps({"prompt": f"harm {n}"}) + "\n" for n in range(40, 40 + N))
    )
    asked = ("--model", f"local:{small}", "--principles", tmp_path / "law.toml")
    revising = ("revise", tmp_path / "asked.jsonl", *asked, "--out", tmp_path / "revised", "--rounds", 2)
    revised = told(*revising, "--max-tokens", 16)
    assert (revised["drafts"], revised["rows"]) == (N, N)
    assert told(*revising, "--max-tokens", 16)["calls"] == 0

    pairs = tmp_path / "revised" / "pairs.jsonl"
    silent = told("pairs", pairs, *asked, "--out", tmp_path / "silent")
    assert (silent["rows"], silent["unscored"]) == (0, {"abstained": N})
    by_law = ("--principles", tmp_path / "law.toml")
    labelled = told("pairs", pairs, "--model", served, *by_law, "--out", tmp_path / "ai")
    assert (labelled["rows"], labelled["clamp"], labelled["calls"]) == (N, [0.4, 0.6], 2 * N)
    assert {r.certainty for r in read_rows_of(tmp_path / "ai")} == {0.6}

    people_votes(tmp_path / "people")
    mixing = ("--people", tmp_path / "people", "--ai-share", 0.3, "--cap", 0.3)
    made = told("mix", tmp_path / "ai", *mixing, "--out", tmp_path / "mix")["mix"]
    assert made["harmless"]["judges"] == {"ai": made["harmless"]["rows"]}
    base, config = f"local:{small.parent / 'base'}", RewardConfig(lr=1e-2, epochs=4, dtype="fp32")
    mixed = [r for r in read_rows(tmp_path / "mix") if isinstance(r, RankedRow)]
    reward = training.reward(mixed, base, tmp_path / "rm", config)
    assert trace(reward, tmp_path / "mix", base)
    counted = provenance.read(reward).tallies("reward")
    assert {sort: t.contributions for sort, t in counted.items() if t.contributions} == {
        "ai": made["harmless"]["rows"], "person": made["helpful"]["rows"],
    }  # fmt: skip
    preferring = DpoConfig(lr=5e-3, epochs=4, lora_rank=0, dtype="fp32")
    policy = training.dpo(mixed, f"local:{small}", tmp_path / "dpo", preferring)
    for learned in (reward, policy):
        both = told("report", learned, "--mix", tmp_path / "mix")
        figures = [both[aim]["agreement"] for aim in ("harmlessness", "helpfulness")]
        assert [f["value"] for f in figures] == [1.0, 1.0], both
        assert all(f["lo"] < 1.0 for f in figures)


def people_votes(out: Path) -> None:
    """30 pairs on which a person prefers the answer that helps."""
    items = tuple(Item(f"h{n}", "comparison", user(f"help {n}"), responses=(f"{n}a", f"{n}b")) for n in range(30))
    said = tuple(Response(f"{n}{s}", assistant(t)) for n in range(30) for s, t in (("a", HELP), ("b", KIND)))
    votes = tuple(Judgment(f"vote-{i.id}", i.id, "p1", {"type": "prefer", "winner": "first"}) for i in items)
    Corpus(items, said, votes, (Person("p1"),)).write(out)


def read_rows_of(place: Path) -> list[RankedRow]:
    """The rows a model labelled, before the guard is asked."""
    return list(jsonl.read(place / "train.jsonl", RankedRow))


def test_a_policy_taught_by_its_own_revisions_and_people_answers_kindly(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Revisions alone are refused by the guard; with people's demonstrations beside them they are learned."""
    monkeypatch.setenv("TUTELAGE_HOME", str(tmp_path / "home"))
    (tmp_path / "law.toml").write_text(to_toml(Constitution((PRINCIPLE,))))
    (tmp_path / "asked.csv").write_text("prompt\n" + "".join(f"harm {n}\n" for n in range(40, 40 + N)))
    asked = ("--model", f"local:{small}", "--principles", tmp_path / "law.toml", "--max-tokens", 16, "--rounds", 1)
    told("revise", tmp_path / "asked.csv", *asked, "--out", tmp_path / "revised")
    with pytest.raises(BadInput, match="verified by nobody"):
        read_rows(tmp_path / "revised")
    shown = [DemonstrationRow(user(f"help {n}"), assistant(HELP), (f"demo-{n}",), f"h{n}") for n in range(30)]
    jsonl.write(tmp_path / "people.jsonl", shown)
    told("mix", tmp_path / "revised", "--people", tmp_path / "people.jsonl", "--out", tmp_path / "mix",
         "--ai-share", 0.5, "--cap", 0.5)  # fmt: skip
    rows = [r for r in read_rows(tmp_path / "mix") if isinstance(r, DemonstrationRow)]
    out = training.sft(rows, f"local:{small}", tmp_path / "kinder", replace(SFT, epochs=16))
    policy = models.load(f"local:{out}")
    said = policy.sample([user("harm 70"), user("help 70")], sampling=Sampling("", temperature=0, max_tokens=16))
    assert [s[0].text for s in said] == [KIND, HELP]
    used = provenance.work_of(tmp_path / "mix")
    assert {w.judge for w in used.values()} == {"ai"}
    assert not trace(out, tmp_path / "mix", f"local:{small}")  # people's rows without judgments have no lineage
