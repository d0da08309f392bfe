"""Progress: silent for machines, a line a stage for logs, a bar for a terminal."""

from __future__ import annotations

import io

import pytest

from tutelage.pipeline.progress import Bar, Lines, Progress, Silent, choose, duration


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def play(progress: Progress) -> None:
    progress.begin("sft", 1, 2, None)
    progress.step("sft", 3, 10, "loss 1.2")
    progress.end("sft", 12.4, cached=False)
    progress.begin("dpo", 2, 2, 61.0)
    progress.end("dpo", 0.0, cached=True)
    progress.say("done [all]")
    progress.close()


def test_the_view_fits_where_it_is_shown() -> None:
    assert isinstance(choose(as_json=True, stream=Terminal()), Silent)
    assert isinstance(choose(as_json=False, stream=io.StringIO()), Lines)
    bar = choose(as_json=False, stream=Terminal())
    bar.close()
    assert isinstance(bar, Bar)


def test_a_log_gets_one_line_a_stage() -> None:
    stream = io.StringIO()
    play(Lines(stream))
    assert [line.split() for line in stream.getvalue().splitlines()] == [
        ["[", "1/2]", "sft", "12", "s"],
        ["[", "2/2]", "dpo", "done", "before"],
        ["done", "[all]"],
    ]


def test_a_terminal_gets_bars_that_end_as_lines_and_brackets_are_text() -> None:
    stream = Terminal()
    play(Bar(stream))
    shown = stream.getvalue()
    for text in ("[ 1/2] sft", "12 s", "done before", "done [all]"):
        assert text in shown


def test_a_machine_reader_sees_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    play(Silent())
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.42, "0.4 s"), (42.4, "42 s"), (185, "3 min 05 s"), (7800, "2 h 10 min")]
)
def test_durations_are_read_at_a_glance(seconds: float, text: str) -> None:
    assert duration(seconds) == text
