"""Code is graded by what it does."""

from __future__ import annotations

import pytest

from tutelage.environments.graders import Task, build, grade, grade_all
from tutelage.environments.graders.unit_tests import asked_of_answer, code_of
from tutelage.errors import BadInput
from tutelage.records import Scored, Unscored, user

ADD = {"tests": ["assert add(2, 2) == 4", "assert add(-1, 1) == 0"]}
WHOLE = """
import math
a = [3, 1, 2]
sort(a)
assert a == [1, 2, 3]
stack = Stack()
stack.push(1)
stack.push((2, 'x'))
assert stack.pop() == (2, 'x') and len(stack) == 1 and stack.items[0] == 1 and 1 in stack
try:
    stack.fail()
    raise SystemError
except ValueError as error:
    assert str(error) == 'no'
assert list(count(3)) == [0, 1, 2]
assert math.isnan(nan()) and below() == -math.inf and turn() == 1 + 2j
assert same({1, 2}) == {1, 2} and same({'k': (None, b'x', [True])}) == {'k': (None, b'x', [True])}
def check(candidate):
    for i in range(50):
        assert candidate(i) == i
check(same)
"""
ANSWER = """Here it is:
```python
def sort(a): a.sort()
class Stack:
    def __init__(self): self.items = []
    def push(self, x): self.items.append(x)
    def pop(self): return self.items.pop()
    def fail(self): raise ValueError('no')
    def __len__(self): return len(self.items)
    def __contains__(self, x): return x in self.items
def count(n): yield from range(n)
def nan(): return float('nan')
def below(): return -float('inf')
def turn(): return 1 + 2j
def same(x): return x
print('noise on the standard output')
```
Use it as `same(1)`.
"""


def value(parameters: dict[str, object], answer: str) -> float:
    found = grade(Task(user("Write code."), "unit_tests", parameters), answer)
    assert isinstance(found, Scored), found
    return found.value


@pytest.mark.usefixtures("isolation")
def test_a_test_may_use_functions_objects_iterators_errors_and_arguments_that_change() -> None:
    assert value({"tests": [WHOLE]}, ANSWER) == 1


@pytest.mark.usefixtures("isolation")
def test_all_or_nothing_unless_a_share_is_asked_for() -> None:
    """One of two tests passes."""
    assert value(ADD, "def add(a, b): return 4") == 0
    assert value({**ADD, "partial": True}, "def add(a, b): return 4") == 0.5
    assert value(ADD, "def add(a, b): return a + b") == 1


@pytest.mark.usefixtures("isolation")
def test_outputs_forgive_blanks_at_the_ends_unless_exactness_is_asked_for() -> None:
    cases = {"cases": [{"input": "3\n", "output": "1\n2\n3\n"}]}
    loose = "for i in range(int(input())): print(i + 1, end='  \\n')\nprint()"
    assert value(cases, loose) == 1
    assert value({**cases, "compare": "exact"}, loose) == 0
    assert value({**cases, "compare": "exact"}, "for i in range(int(input())): print(i + 1)") == 1


@pytest.mark.usefixtures("isolation")
@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("", "no code"),
        ("```javascript\nadd = (a, b) => a + b\n```", "no code"),
        ("def add(a, b) return", "SyntaxError"),
        ("I cannot help with that.", "SyntaxError"),
        ("def plus(a, b): return a + b", "the answer defines no add"),
        ("def add(a, b): return a / 0", "ZeroDivisionError"),
        ("def add(a, b): return object()", "AssertionError"),
        ("import nothing_like_it\ndef add(a, b): return a + b", "ModuleNotFoundError"),
        ("def add(a, b): return add(a, b)", "RecursionError"),
    ],
)
def test_a_failure_says_how_it_came_about(answer: str, why: str) -> None:
    found = grade(Task(user("q"), "unit_tests", ADD), answer)
    assert isinstance(found, Scored)
    assert found.value == 0
    assert why in found.evidence["why"]


@pytest.mark.usefixtures("isolation")
def test_many_answers_are_graded_side_by_side_and_equally_each_time() -> None:
    tasks = [Task(user("q"), "unit_tests", ADD)] * 12 + [Task(user("2 + 2?"), "number", {}, "4")] * 2
    answers = [f"def add(a, b): return a + b + {i % 3}" for i in range(12)] + ["4", "5"]
    first = grade_all(tasks, answers)
    assert [g.value for g in first if isinstance(g, Scored)] == [1, 0, 0] * 4 + [1, 0]
    assert grade_all(tasks, answers) == first


@pytest.mark.usefixtures("isolation")
def test_what_a_test_cannot_send_is_the_tests_fault() -> None:
    found = grade(Task(user("q"), "unit_tests", {"tests": ["assert use(lambda x: x) == 1"]}), "def use(f): return f(1)")
    assert isinstance(found, Unscored)
    assert "function cannot be sent" in found.detail


def test_the_code_of_an_answer_is_its_longest_python_block() -> None:
    assert code_of("x = 1") == "x = 1"
    assert code_of("Say:\n```python\nx = 1\n```\nor\n```\nxyz = 123\n```") == "xyz = 123\n"
    assert code_of("```py\nx = 1") == "x = 1"
    assert code_of("```bash\nls -l\n```") == ""


def test_names_that_a_test_neither_makes_nor_imports_are_the_answers() -> None:
    test = "import math as m\nfrom x import y\nz = f(1)\ndef g(a): return a + h\nassert all(i for i in q(z)), m or g(y)"
    assert asked_of_answer(test) == ["f", "h", "q"]


@pytest.mark.parametrize("parameters", [{}, {"tests": ["assert ("]}, {**ADD, "cpu_s": 0}, {"cases": [{"input": ""}]}])
def test_tests_that_cannot_be_run_are_refused_before_any_answer(parameters: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        build("unit_tests", parameters)
