"""The models and the migrations say the same."""

from __future__ import annotations

import pytest
from django.core.management import call_command


def test_no_model_has_changed_without_a_migration(db: None) -> None:
    try:
        call_command("makemigrations", "--check", "--dry-run", verbosity=2)
    except SystemExit:
        pytest.fail("a model differs from its migrations: see above")
