"""Graded answers a second: programs in the sandbox (bar 40), numbers with bookkeeping (bar 400).

python benchmarks/sandbox.py [--programs 200] [--numbers 4000]

Programs are a mixture of right, wrong and hostile answers to tasks with two tests, or two cases, each. Rates are wall
clock, of this machine as busy as it was (`load` before and after); `cpu_ms` is what one box with one program costs.
`equal` says whether a second grading of everything gave the same grades.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
import time
from pathlib import Path

from tutelage.environments import sandbox
from tutelage.environments.book import Book
from tutelage.environments.graders import Task, grade_all
from tutelage.environments.sandbox import Box
from tutelage.records import Grade, Scored, user

TESTS = Task(user("Write add(a, b)."), "unit_tests", {"tests": ["assert add(2, 2) == 4", "assert add(20, 22) == 42"]})
CASES = Task(user("Add two numbers."), "unit_tests",
             {"cases": [{"input": "2 2\n", "output": "4\n"}, {"input": "20 22\n", "output": "42\n"}]})  # fmt: skip
PROGRAMS = [
    (TESTS, "```python\ndef add(a, b):\n    return a + b\n```"),
    (CASES, "a, b = map(int, input().split())\nprint(a + b)"),
    (TESTS, "def add(a, b):\n    return 4"),
    (CASES, "print(4)"),
    (TESTS, "from collections import Counter\ndef add(a, b):\n    return sum(Counter(x=a, y=b).values())"),
    (CASES, "import os\nos._exit(0)"),
    (TESTS, "class Same:\n    def __eq__(self, o): return True\ndef add(a, b): return Same()"),
    (CASES, "import sys\nprint(sum(int(x) for x in sys.stdin.read().split()))"),
]
ANSWERS = ["The answer is {}.", r"So \boxed{{{}}}.", "{} or 7", "It costs ${:,}.00 in all", "Answer: {}\nAnswer: 3"]


def programs(n: int) -> tuple[list[Grade], float]:
    """The grades of n answers, each another text, and the seconds they took."""
    work = [(t, f"{code}\n# {i}") if "```" not in code else (t, f"{code}\n{i}") for i, (t, code) in _cycle(n)]
    begin = time.perf_counter()
    found = grade_all([t for t, _ in work], [a for _, a in work])
    return found, time.perf_counter() - begin


def _cycle(n: int) -> list[tuple[int, tuple[Task, str]]]:
    return [(i, PROGRAMS[i % len(PROGRAMS)]) for i in range(n)]


def numbers(n: int, book: Book) -> tuple[list[Grade], float]:
    """The grades of n answers to n sums in batches of 64, each written to the book, and the seconds they took."""
    tasks = [Task(user(f"What is {i} + {i + 1}?"), "number", {}, str(2 * i + 1)) for i in range(1000, 1000 + n)]
    answers = [ANSWERS[i % len(ANSWERS)].format(2 * (1000 + i) + 1) for i in range(n)]
    begin = time.perf_counter()
    found = [g for at in range(0, n, 64) for g in book.grade_all(tasks[at : at + 64], answers[at : at + 64])]
    return found, time.perf_counter() - begin


def cpu_ms(n: int = 40) -> float:
    """CPU milliseconds of a box with one program in it, from start to end, all its processes counted."""

    def used() -> float:
        spent = resource.getrusage(resource.RUSAGE_CHILDREN), resource.getrusage(resource.RUSAGE_SELF)
        return sum(u.ru_utime + u.ru_stime for u in spent)

    before = used()
    for _ in range(n):
        box = Box()
        box.run("print(4)")
        box._control.close()  # it ends by itself, so that its own processes are waited for and counted
        box._process.wait()
        box.close()
    return (used() - before) / n * 1e3


def main() -> None:
    """Both rates, best of three; the results file beside this script."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", type=int, default=200)
    parser.add_argument("--numbers", type=int, default=4000)
    asked = parser.parse_args()
    sandbox.probe()
    programs(8)  # examiners start once
    load = [round(os.getloadavg()[0], 1)]
    runs = [programs(asked.programs) for _ in range(3)]
    with tempfile.TemporaryDirectory() as folder:
        maths = [numbers(asked.numbers, Book(Path(folder, f"{i}.jsonl"))) for i in range(3)]
        known = numbers(asked.numbers, Book(Path(folder, "0.jsonl")))
    load.append(round(os.getloadavg()[0], 1))
    rates = [round(asked.programs / s, 1) for _, s in runs]
    fast = [round(asked.numbers / s) for _, s in maths]
    out = {
        "command": "python benchmarks/sandbox.py", "cores": os.cpu_count(), "load": load,
        "programs": asked.programs, "programs_per_s": rates, "cpu_ms_of_a_box": round(cpu_ms(), 1),
        "numbers": asked.numbers, "numbers_per_s": fast, "known_per_s": round(asked.numbers / known[1]),
        "right": sum(g.value == 1 for g in runs[0][0] if isinstance(g, Scored)),
        "unscored": sum(not isinstance(g, Scored) for g in runs[0][0]),
        "equal": all(f == runs[0][0] for f, _ in runs) and all(f == maths[0][0] for f, _ in [*maths, known]),
        "bars": {"programs_per_s": 40, "numbers_per_s": 400},
        "reached": {"programs_per_s": max(rates) >= 40, "numbers_per_s": max(fast) >= 400},
    }  # fmt: skip
    Path(__file__).with_name("results").joinpath("sandbox.json").write_text(json.dumps(out, indent=1) + "\n")
    print(json.dumps(out))


if __name__ == "__main__":
    main()
