"""The Python SDK of a running platform: `Client(url, token)`.

Every change carries a key, so that sending it again after a lost answer changes nothing; the client does so itself.
"""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import httpx

from tutelage.errors import BadInput, TutelageError

RETRIES, LONGEST_S = 5, 20.0
AGAIN = (429, 502, 503, 504)
BATCH = 500
T = TypeVar("T")


class Refused(TutelageError):
    """The platform said no. `status` is HTTP's."""

    def __init__(self, status: int, seen: str, *, expected: str = "", remedy: str = "") -> None:
        super().__init__(seen, expected=expected, remedy=remedy)
        self.status = status


@dataclass(frozen=True, slots=True)
class Job:
    """An import or export: `state` is preview, working, done or failed; `error` says what stopped it."""

    id: int
    kind: str
    state: str
    name: str
    done: int
    of: int
    added: int
    said: dict[str, Any]
    error: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """An AI judge's answer on an item, by its name. The key is made from what it says where none is given."""

    item: str
    answer: dict[str, Any]
    reason: str = ""
    key: str = ""


class Client:
    """One platform, as one token's user sees it.

    url    where it is, such as https://hall.example.org
    token  a scoped token of the page “API tokens”
    sleep  waits so many seconds between tries
    """

    def __init__(
        self, url: str, token: str, *, timeout: float = 30.0, sleep: Callable[[float], None] = time.sleep,
        transport: httpx.BaseTransport | None = None,
    ) -> None:  # fmt: skip
        if not url.startswith(("https://", "http://localhost", "http://127.0.0.1", "http://[::1]")):
            raise BadInput(f"Saw {url!r}.", expected="https://…, or http:// on this machine",
                           remedy="A token must not travel in the clear.")  # fmt: skip
        self._sleep = sleep
        self._http = httpx.Client(
            base_url=url.rstrip("/") + "/api", timeout=timeout, headers={"Authorization": f"Bearer {token}"},
            follow_redirects=False, transport=transport,
        )  # fmt: skip

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def projects(self) -> list[dict[str, Any]]:
        """Projects that you run or oversee."""
        return list(self._ask("GET", "/projects"))

    def items(self, project: str, *, state: str = "", domain: str = "", name: str = "") -> Iterator[dict[str, Any]]:
        """All items of a project, page after page."""
        asked = {"state": state, "domain": domain, "name": name, "limit": 500, "after": ""}
        while True:
            page = self._ask("GET", f"/projects/{project}/items", params=asked)
            yield from page["items"]
            if not page["after"]:
                return
            asked["after"] = page["after"]

    def judgments(self, project: str, after: str | None = None) -> Iterator[dict[str, Any]]:
        """Judgments, oldest first; give the last one's id to go on from there another day."""
        while True:
            params = {"limit": 1000} | ({"after": after} if after else {})
            page = self._ask("GET", f"/projects/{project}/judgments", params=params)
            yield from page
            if not page:
                return
            after = page[-1]["id"]

    def judge(self, project: str, name: str, said: Iterable[Said], **about: str) -> Iterator[dict[str, Any]]:
        """Send an AI judge's answers, 500 at a time; gives each one's id and signed receipt.

        about  revision, prompt_hash, family of the model
        """
        for some in _batches(said, BATCH):
            sent = [
                {"item": s.item, "answer": s.answer, "reason": s.reason, "key": s.key or _key(name, s)} for s in some
            ]
            body = {"judge": {"name": name, **about}, "judgments": sent}
            yield from self._ask("POST", f"/projects/{project}/judgments", json=body)["judgments"]

    def import_file(self, project: str, path: Path, *, format: str = "", columns: Sequence[str] = (),  # noqa: A002  the option is called so
                    answers: str = "none", start: bool = True) -> Job:  # fmt: skip
        """Send a file, with what its answers count as: none, gold or judgments."""
        said = {"format": format, "columns": list(columns), "answers": answers, "start": json.dumps(start),
                "key": uuid.uuid4().hex}  # fmt: skip
        content = path.read_bytes()
        return Job(**self._ask("POST", f"/projects/{project}/imports", data=said, files={"file": (path.name, content)}))

    def export(self, project: str, to: str, out: Path, *, file: str = "jsonl", poll_s: float = 1.0) -> Path:
        """Ask for an export, wait for it, and write it to `out`. Raises Refused where it is stopped."""
        asked = {"to": to, "file": file, "key": uuid.uuid4().hex}
        job = self.wait(project, Job(**self._ask("POST", f"/projects/{project}/exports", json=asked)), poll_s=poll_s)
        part = out.with_name(out.name + ".part")
        with self._http.stream("GET", f"/projects/{project}/exports/{job.id}/file") as answer, part.open("wb") as kept:
            if answer.status_code != 200:
                raise Refused(answer.status_code, "The file is not there.")
            for block in answer.iter_bytes():
                kept.write(block)
        return part.replace(out)

    def job(self, project: str, number: int) -> Job:
        """How far an import or export is."""
        return Job(**self._ask("GET", f"/projects/{project}/jobs/{number}"))

    def wait(self, project: str, job: Job, *, poll_s: float = 1.0) -> Job:
        """Until it is done. Raises Refused with what stopped it."""
        while job.state == "working":
            self._sleep(poll_s)
            job = self.job(project, job.id)
        if job.state == "failed":
            where = f"line {job.error['line']}: " if job.error.get("line") else ""
            raise Refused(409, where + str(job.error.get("seen", "")), expected=str(job.error.get("expected", "")),
                          remedy=str(job.error.get("remedy", "")))  # fmt: skip
        return job

    def figures(self, project: str) -> dict[str, Any]:
        """A project's figures, as its run page shows them."""
        return dict(self._ask("GET", f"/projects/{project}/figures"))

    def _ask(self, method: str, path: str, **sent: Any) -> Any:
        """One request, again where its answer was lost or it came too soon: every change here carries its key."""
        for attempt in range(RETRIES + 1):
            wait = min(LONGEST_S, 0.5 * 2**attempt)
            try:
                answer = self._http.request(method, path, **sent)
            except httpx.TransportError as error:
                if attempt == RETRIES:
                    raise Refused(0, f"There is no answer: {error}.", expected="a platform that answers",
                                  remedy="Check its address, and ask again.") from None  # fmt: skip
            else:
                if answer.status_code not in AGAIN or attempt == RETRIES:
                    return _said(answer)
                wait = float(answer.headers.get("Retry-After", wait))
            self._sleep(min(wait, LONGEST_S))
        raise AssertionError


def _said(answer: httpx.Response) -> Any:
    try:
        body = answer.json()
    except ValueError:
        body = {}
    if 200 <= answer.status_code < 300:
        return body
    about = body if isinstance(body, dict) else {}
    seen = str(about.get("seen") or f"HTTP {answer.status_code}")
    raise Refused(
        answer.status_code, seen, expected=str(about.get("expected", "")), remedy=str(about.get("remedy", ""))
    )


def _key(name: str, said: Said) -> str:
    text = json.dumps([name, said.item, said.answer, said.reason], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:48]


def _batches(things: Iterable[T], size: int) -> Iterator[list[T]]:
    it = iter(things)
    while batch := list(islice(it, size)):
        yield batch
