"""Each rule finds its breach, and only its breach."""

from __future__ import annotations

import pytest

from tools.lints import RULES, Source, check

MEASURE, TEST = "src/tutelage/measure/x.py", "tests/measure/test_x.py"

BREACHES = [
    ("documented", MEASURE, "def alpha(): return 1"),
    ("documented", MEASURE, "class A:\n    '''A.'''\n    def value(self): return 1"),
    ("short-files", MEASURE, "x = 1\n" * 601),
    ("short-functions", MEASURE, "def _f():\n" + "    x = 1\n" * 61),
    ("no-swallowing", MEASURE, "try:\n    x = 1\nexcept:\n    raise"),
    ("no-swallowing", MEASURE, "try:\n    x = 1\nexcept Exception:\n    pass"),
    ("pure-rooms", MEASURE, "import random"),
    ("pure-rooms", MEASURE, "from datetime import datetime\nx = datetime.now()"),
    ("pure-rooms", MEASURE, "import time\nx = time.time()"),
    ("pure-rooms", MEASURE, "import numpy as np\nx = np.random.rand(3)"),
    ("nothing-unpickled", TEST, "import pickle"),
    ("nothing-unpickled", MEASURE, "x = torch.load('w.pt')"),
    ("nothing-unpickled", MEASURE, "x = np.load('w.npy', allow_pickle=True)"),
    ("tests-are-sentences", TEST, "def test_alpha(): pass"),
    ("our-words", MEASURE, "x = 'the contributor was banned'"),  # the word itself is the test
    ("reasons", MEASURE, "x = 1  # noqa: E501"),
    ("reasons", MEASURE, "x = f()  # type: ignore[no-any-return]"),
]

KEPT = [
    (MEASURE, "def alpha():\n    '''Agreement.'''\n    return 1"),
    (MEASURE, "def _f():  # long: one table\n" + "    x = 1\n" * 61),
    (MEASURE, "def f():\n    '''A.\n" + "    more\n" * 80 + "    '''\n    return 1"),
    (MEASURE, "import numpy as np\ndef f(rng: np.random.Generator):\n    '''A draw.'''\n    return rng.random()"),
    (MEASURE, "try:\n    x = 1\nexcept KeyError:\n    pass"),
    ("src/tutelage/pipeline/x.py", "import time\nx = time.time()"),
    (TEST, "def test_two_raters_who_agree(): pass"),
    (TEST, "def test_alpha():\n    '''Is 1 for two who agree.'''"),
    (MEASURE, "x = f()  # type: ignore[no-any-return]  # scipy has no types"),
    (MEASURE, "x = 'an urban band; bandwidth'"),
]


@pytest.mark.parametrize(("rule", "path", "text"), BREACHES, ids=[f"{b[0]}-{i}" for i, b in enumerate(BREACHES)])
def test_a_breach_is_found_by_its_rule_alone(rule: str, path: str, text: str) -> None:
    assert [f.rule for f in check(Source(path, text), RULES)] == [rule]


@pytest.mark.parametrize(("path", "text"), KEPT)
def test_what_is_allowed_is_left_alone(path: str, text: str) -> None:
    assert check(Source(path, text), RULES) == []


def test_every_rule_says_why_it_exists() -> None:
    assert all(len(rule.__doc__ or "") > 40 for rule in RULES.values())


def test_every_rule_has_a_breach_that_shows_it() -> None:
    assert {rule for rule, _, _ in BREACHES} == set(RULES)
