"""Under the trial language no page of care, review and integrity leaves English."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from tests.web.review.test_review import at, judge, with_role
from tests.web.test_languages import left_in_english
from tools import pseudo

from tutelage.web.integrity import actions as integrity
from tutelage.web.people.models import User
from tutelage.web.review import actions
from tutelage.web.review.models import Case


@pytest.fixture(autouse=True)
def fresh(tmp_path: Any, settings: Any) -> None:
    """The catalogue of the texts as they are, not as they were when it was last written."""
    from django.utils.translation import trans_real

    there = tmp_path / "ar" / "LC_MESSAGES"
    there.mkdir(parents=True)
    (there / "django.mo").write_bytes(pseudo.compiled(pseudo.texts()))
    settings.LOCALE_PATHS = [tmp_path]
    trans_real._translations.clear()


def page(user: User, where: str) -> set[str]:
    User.objects.filter(pk=user.pk).update(language="ar", name="Ω")
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    answer = client.get(where)
    assert answer.status_code == 200, where
    return left_in_english(answer.content.decode())


def test_no_page_leaves_english(hall: Any) -> None:
    type(hall.project).objects.update(name="Ω", purpose="Ω")
    type(hall.project.organisation).objects.update(name="Ω")
    reviewer, expert, person = with_role(hall, "reviewer"), with_role(hall, "adjudicator"), hall.people[0]
    for n in range(1, 4):
        judge(hall, minutes=2 * n)
    one, two, three = list(actions.queries.standing(hall.project).order_by("pk"))
    actions.decide(reviewer, one, "redo", "Ω", at(9))
    actions.decide(reviewer, two, "expert", "Ω", at(9))
    integrity.examine(integrity.ask(hall.owner, hall.project, at(9)).pk, at(9))
    where, case = f"/projects/{hall.project.pk}/", Case.objects.get()
    pages = [
        (person, "/me/care/"), (person, f"/work/{hall.project.pk}/feedback/"), (person, f"/feedback/{one.pk}/"),
        (reviewer, f"{where}review/"), (reviewer, f"{where}review/{three.pk}/"), (expert, f"{where}cases/"),
        (expert, f"{where}cases/{case.pk}/"), (hall.owner, f"{where}audit/"), (hall.owner, f"{where}evidence/"),
    ]  # fmt: skip
    data = {"item", "What"}  # the item's name, and what it asks
    left = {path: found - data for user, path in pages if (found := page(user, path)) - data}
    assert not left
