"""How a run shows how far it is: a bar with the time left on a terminal, one line a stage elsewhere, or nothing."""

from __future__ import annotations

import sys
from typing import Any, Protocol, TextIO


class Progress(Protocol):
    """Told by the engine what happens; shows it on stderr, or not at all."""

    def begin(self, stage: str, number: int, of: int, expected_s: float | None) -> None:
        """Stage `number` of `of` starts; `expected_s` is what it took before."""
        ...

    def step(self, stage: str, done: float, total: float, note: str = "") -> None:
        """`done` of `total` units of the stage are behind us."""
        ...

    def end(self, stage: str, seconds: float, cached: bool) -> None:
        """The stage's result is there."""
        ...

    def say(self, text: str) -> None:
        """A line about the run."""
        ...

    def close(self) -> None:
        """Nothing more will be shown."""
        ...


class Silent:
    """Shows nothing: what `--json` uses."""

    def begin(self, stage: str, number: int, of: int, expected_s: float | None) -> None:
        """Nothing."""

    def step(self, stage: str, done: float, total: float, note: str = "") -> None:
        """Nothing."""

    def end(self, stage: str, seconds: float, cached: bool) -> None:
        """Nothing."""

    def say(self, text: str) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class Lines:
    """One line a finished stage: for logs and pipes."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._number, self._of = 0, 0

    def begin(self, stage: str, number: int, of: int, expected_s: float | None) -> None:  # noqa: ARG002  the protocol's
        """Remember where we are."""
        self._number, self._of = number, of

    def step(self, stage: str, done: float, total: float, note: str = "") -> None:
        """Nothing: a log wants results."""

    def end(self, stage: str, seconds: float, cached: bool) -> None:
        """The stage, its seconds, and whether it was there already."""
        took = "done before" if cached else duration(seconds)
        self.say(f"[{self._number:>2}/{self._of}] {stage:<24} {took}")

    def say(self, text: str) -> None:
        """A line about the run."""
        print(text, file=self._stream, flush=True)

    def close(self) -> None:
        """Nothing to close."""


class Bar:
    """A bar a stage with the time left, by rich, on a terminal."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        self._bars: Any = Progress(
            SpinnerColumn(),
            TextColumn("{task.description:<28}"),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("[dim]{task.fields[note]}"),
            console=Console(file=stream),
            transient=True,
        )
        self._bars.start()
        self._task: Any = None
        self._lead = ""

    def begin(self, stage: str, number: int, of: int, expected_s: float | None) -> None:
        """A bar for the stage."""
        self._lead = f"[{number:>2}/{of}]"
        usual = f"took {duration(expected_s)} before" if expected_s is not None else ""
        self._task = self._bars.add_task(f"{self._lead} {stage}".replace("[", r"\["), total=None, note=usual)

    def step(self, stage: str, done: float, total: float, note: str = "") -> None:  # noqa: ARG002  the protocol's
        """Move the stage's bar."""
        self._bars.update(self._task, completed=done, total=total, note=note)

    def end(self, stage: str, seconds: float, cached: bool) -> None:
        """The bar becomes a line."""
        self._bars.remove_task(self._task)
        self.say(f"{self._lead} {stage:<24} {'done before' if cached else duration(seconds)}")

    def say(self, text: str) -> None:
        """A line above the bar."""
        self._bars.console.print(text, markup=False, highlight=False)

    def close(self) -> None:
        """Give the terminal back."""
        self._bars.stop()


def choose(*, as_json: bool, stream: TextIO | None = None) -> Progress:
    """Silent under `--json`, a bar on a terminal, lines elsewhere."""
    stream = stream if stream is not None else sys.stderr
    if as_json:
        return Silent()
    return Bar(stream) if stream.isatty() else Lines(stream)


def duration(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min 05 s`, `2 h 10 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"
