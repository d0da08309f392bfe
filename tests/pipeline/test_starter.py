"""The starter set: prompts a rule can check, and that cutting an answer short cannot satisfy."""

from __future__ import annotations

import pytest

from tutelage.environments.graders import grade
from tutelage.pipeline import starter
from tutelage.records import Scored, text_of


def value(task: object, answer: str) -> float:
    found = grade(task, answer)  # type: ignore[arg-type]  # a task, typed loosely to keep the cases short
    assert isinstance(found, Scored)
    return found.value


def test_every_demonstration_passes_the_check_of_its_own_form() -> None:
    """16 topics × 6 forms: what SFT imitates is what the rule asks for."""
    checks = {form.name: form for form in starter.FORMS}
    assert len(starter.demonstrations()) == 16 * 6
    for prompt, answer, topic in starter.demonstrations():
        form = next(f for f in checks.values() if f.ask.format(topic) == prompt[0].text)
        task = starter.Task(prompt, "format", {"checks": list(form.checks)}, group=topic)
        assert value(task, text_of(answer)) == 1.0, text_of(answer)


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_an_answer_cut_short_does_not_pass(share: float) -> None:
    """Only forms that bind the beginning could survive a cut; each of them also binds a finished sentence."""
    for prompt, answer, topic in starter.demonstrations():
        form = next(f for f in starter.FORMS if f.ask.format(topic) == prompt[0].text)
        task = starter.Task(prompt, "format", {"checks": list(form.checks)}, group=topic)
        words = text_of(answer).split(" ")
        assert value(task, " ".join(words[: int(share * len(words))])) == 0.0


def test_no_topic_is_both_demonstrated_and_asked_about() -> None:
    """Held-out and training topics are all new to SFT."""
    assert not set(starter.FACTS) & {t.removeprefix("the ") for t in starter.TOPICS}


def test_the_form_of_a_task_is_found_again() -> None:
    """Six forms a topic, in their order."""
    assert [starter.form_of(t) for t in starter.tasks(1)] == [f.name for f in starter.FORMS]
