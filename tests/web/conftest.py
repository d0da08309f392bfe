"""Django is set up once, on a data directory of its own; every test has a transaction that is undone."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from typing import Any

import pytest

django = pytest.importorskip("django", reason="the web extra is not installed")
os.environ["TUTELAGE_HALL"] = tempfile.mkdtemp(prefix="tutelage-hall-")
os.environ["DJANGO_SETTINGS_MODULE"] = "tutelage.web.settings"
django.setup()

from django.conf import settings as known  # noqa: E402  after the settings are known

if not os.environ.get("TUTELAGE_DATABASE_URL"):
    # said aloud, because with several test processes pytest-django would name a file after our own backend
    known.DATABASES["default"].setdefault("TEST", {})["NAME"] = ":memory:"


@pytest.fixture(autouse=True)
def _nobody_asks_too_often(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test asks faster than any person; those of the pace set their own. What one test asked is not another's."""
    from tutelage.web.people import actions

    settings.API_RATE = (100_000.0, 600_000)
    monkeypatch.setattr(actions, "_browsers", actions.Pace())


@pytest.fixture
def hall(db: None) -> Any:
    """Five items, two people; a `tests.web.halls.Hall`."""
    from tests.web.halls import a_hall

    return a_hall()


@pytest.fixture
def make_hall(db: None) -> Callable[..., Any]:
    """A project with terms of one's own; see `tests.web.halls.a_hall`."""
    from tests.web.halls import a_hall

    return a_hall
