"""The same load on Label Studio and on the hall, one after the other on one machine: what a cycle costs the server.

python benchmarks/hall_vs_peers.py --label-studio VENV/bin/label-studio --items 1000 100000 --annotators 8 --seconds 30

A cycle hands a task of about 1.3 kB to somebody and stores their answer, no think time. Label Studio: GET next, POST
annotation, on its own SQLite. The hall: the same two requests (`hall_get`), and the one that its browser sends, since a
submission brings the next task (`hall`); with receipt, pay line and audit entry in each. Processor time is of the
server's processes; unlike times it holds on a busy machine. Prepare the peer:
    python -m venv VENV && VENV/bin/pip install label-studio
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import httpx

sys.path.insert(0, str(Path(__file__).parent))

import hall_load
from hall_server import cpu_s, free_port, text

TOKEN, PASSWORD = "0123456789" * 4, "Passw0rd!x"
CONFIG = """<View>
  <Text name="prompt" value="$prompt"/>
  <Text name="a" value="$response_a"/><Text name="b" value="$response_b"/>
  <Choices name="pref" toName="prompt" choice="single" required="true">
    <Choice value="A"/><Choice value="B"/><Choice value="tie"/>
  </Choices>
  <TextArea name="why" toName="prompt" rows="2"/>
</View>"""
ANSWER = {
    "lead_time": 12.5,
    "result": [
        {"from_name": "pref", "to_name": "prompt", "type": "choices", "value": {"choices": ["A"]}},
        {"from_name": "why", "to_name": "prompt", "type": "textarea", "value": {"text": ["clearer and correct"]}},
    ],
}


class LabelStudio:
    """A server of its own, analytics off."""

    def __init__(self, program: Path, room: Path) -> None:
        self.port, self.program = free_port(), program
        self.log = (room / "label-studio.log").open("ab")
        quiet = {"COLLECT_ANALYTICS": "false", "SENTRY_DSN": "", "FRONTEND_SENTRY_DSN": "",
                 "LATEST_VERSION_CHECK": "false", "LABEL_STUDIO_BASE_DATA_DIR": str(room / "label-studio")}  # fmt: skip
        self.process = subprocess.Popen(
            [program, "start", "--no-browser", "--internal-host", "127.0.0.1", "-p", str(self.port),
             "--username", "admin@example.com", "--password", PASSWORD, "--user-token", TOKEN,
             "--enable-legacy-api-token"],
            env={**os.environ, **quiet, "PYTHONPATH": ""}, stdout=self.log, stderr=self.log, cwd=room,
        )  # fmt: skip
        self.base = f"http://127.0.0.1:{self.port}"
        self.admin = httpx.Client(base_url=self.base, headers={"Authorization": f"Token {TOKEN}"}, timeout=900)
        self._wait()

    def _wait(self) -> None:
        for _ in range(1200):
            if self.process.poll() is not None:
                raise SystemExit(f"Label Studio ended; see {self.log.name}")
            try:
                if self.admin.get("/health", timeout=5).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.25)
        raise SystemExit("Label Studio did not start")

    def version(self) -> str:
        """Its release."""
        return str(self.admin.get("/api/version").json().get("release"))

    def project(self, items: int) -> int:
        """A project of that many tasks, each to be answered once, in order."""
        asked = {"title": f"load {items}", "label_config": CONFIG, "maximum_annotations": 1,
                 "sampling": "Sequential sampling"}  # fmt: skip
        number = int(self.admin.post("/api/projects/", json=asked).raise_for_status().json()["id"])
        for start in range(0, items, 5000):
            tasks = [{"data": _task(i)} for i in range(start, min(items, start + 5000))]
            self.admin.post(f"/api/projects/{number}/import", json=tasks).raise_for_status()
        return number

    def annotator(self, name: str) -> str:
        """Sign somebody up by invitation; gives their token."""
        invited = self.admin.get("/api/invite").json()["invite_url"].split("token=")[-1]
        with httpx.Client(base_url=self.base, timeout=120) as browser:
            browser.get(f"/user/signup/?token={invited}")
            answer = browser.post(
                f"/user/signup/?token={invited}", headers={"Referer": f"{self.base}/user/signup/"},
                data={"email": f"{name}@example.com", "password": PASSWORD, "allow_newsletters": "false",
                      "how_find_us": "", "csrfmiddlewaretoken": browser.cookies.get("csrftoken", "")},
            )  # fmt: skip
            if answer.status_code not in (301, 302):
                raise SystemExit(f"Label Studio did not sign {name} up: HTTP {answer.status_code}")
            return str(browser.get("/api/current-user/token").json()["token"])

    def work(self, token: str, project: int, stop: threading.Event, seen: list[tuple[float, float]]) -> None:
        """Cycle until the time is over or nothing is left; notes the seconds of each next and each submit."""
        said = {"Authorization": f"Token {token}", "Content-Type": "application/json"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        while not stop.is_set():
            began = time.perf_counter()
            connection.request("GET", f"/api/projects/{project}/next", headers=said)
            answer = connection.getresponse()
            raw, between = answer.read(), time.perf_counter()
            if answer.status != 200:
                break
            path = f"/api/tasks/{json.loads(raw)['id']}/annotations/"
            connection.request("POST", path, json.dumps(ANSWER), said)
            answer = connection.getresponse()
            answer.read()
            if answer.status == 201:
                seen.append((between - began, time.perf_counter() - between))
        connection.close()

    def measure(self, items: int, annotators: int, seconds: float, run: str) -> dict[str, Any]:
        """What import and a cycle cost."""
        began, used = time.perf_counter(), cpu_s(self.process.pid)
        project = self.project(items)
        took, imported = time.perf_counter() - began, cpu_s(self.process.pid) - used
        tokens = [self.annotator(f"{run}{i}") for i in range(annotators)]
        stop = threading.Event()
        seen: list[tuple[float, float]] = []
        threads = [threading.Thread(target=self.work, args=(t, project, stop, seen)) for t in tokens]
        used = cpu_s(self.process.pid)
        timer = threading.Timer(seconds, stop.set)
        for thread in (timer, *threads):
            thread.start()
        for thread in threads:
            thread.join()
        timer.cancel()
        used = cpu_s(self.process.pid) - used
        return {"cycles": len(seen), "cpu_ms_per_cycle": round(used * 1000 / len(seen), 1) if seen else None,
                "next_p95_ms": hall_load.percentile([n for n, _ in seen], 0.95),
                "submit_p95_ms": hall_load.percentile([s for _, s in seen], 0.95),
                "import_per_s": round(items / took), "import_cpu_s": round(imported, 1)}  # fmt: skip

    def close(self) -> None:
        """End it."""
        self.admin.close()
        self.process.terminate()
        self.process.wait(60)
        self.log.close()


def _task(i: int) -> dict[str, str]:
    return {"prompt": text(i * 3, 30), "response_a": text(i * 3 + 1, 90), "response_b": text(i * 3 + 2, 90)}


def ours(items: int, args: argparse.Namespace, *, get: bool) -> dict[str, Any]:
    """The hall under the same load."""
    asked = ["--items", str(items), "--annotators", str(args.annotators), "--seconds", str(args.seconds),
             "--resubmit", "0", "--abuse", "0", *(["--get"] if get else [])]  # fmt: skip
    found = hall_load.run(hall_load.arguments().parse_args(asked))
    kept = ("cycles", "cpu_ms_per_cycle", "next_p95_ms", "get_p95_ms", "import_per_s", "import_cpu_s", "errors_5xx",
            "lost", "double_stored", "checks_ok")  # fmt: skip
    return {name: found[name] for name in kept}


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--label-studio", type=Path, default=Path("label-studio"), help="its command")
    parser.add_argument("--items", type=int, nargs="+", default=[1_000, 100_000])
    parser.add_argument("--annotators", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "hall_vs_peers.json")
    args = parser.parse_args()
    asked = f"--annotators {args.annotators} --seconds {args.seconds:g} --items {' '.join(map(str, args.items))}"
    said: dict[str, Any] = {
        "command": f"python benchmarks/hall_vs_peers.py --label-studio VENV/bin/label-studio {asked}",
        "machine": {"cpus": os.cpu_count(), "python": platform.python_version()},
        "sizes": {},
    }
    with tempfile.TemporaryDirectory(prefix="hall-peers-") as room:
        peer = LabelStudio(args.label_studio, Path(room))
        try:
            said["label_studio"] = peer.version()
            for items in args.items:
                row = {"label_studio": peer.measure(items, args.annotators, args.seconds, f"n{items}p"),
                       "hall": ours(items, args, get=False), "hall_get": ours(items, args, get=True),
                       "load": round(os.getloadavg()[0], 1)}  # fmt: skip
                for name in ("hall", "hall_get"):
                    row[name]["times_less"] = round(
                        row["label_studio"]["cpu_ms_per_cycle"] / row[name]["cpu_ms_per_cycle"], 1
                    )
                said["sizes"][str(items)] = row
                print(json.dumps({"items": items, **row}), flush=True)
                args.out.write_text(json.dumps(said, indent=1) + "\n")
        finally:
            peer.close()
    print(json.dumps(said))
    return 0


if __name__ == "__main__":
    sys.exit(main())
