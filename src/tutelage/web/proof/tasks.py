"""Sealing and certifying in the background."""

from __future__ import annotations

from django.utils import timezone
from django_tasks import task

from tutelage.web.proof import certifying, releasing


@task()
def build(release: int) -> None:
    """Seal a release."""
    releasing.build(release, timezone.now())


@task()
def claim(certificate: int) -> None:
    """Compute a certificate's claim from the labels there are now."""
    certifying.claim(certificate, timezone.now())
