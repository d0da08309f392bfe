"""What an installation that others can reach lacks. `tutelage serve` says it, and Django's `check --deploy`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import Tags, Warning, register, run_checks  # noqa: A004  Django calls it so

from tutelage.web.people import rules

QUIET = "django.core.mail.backends.console.EmailBackend"


def lacks() -> list[str]:
    """What is missing, each with what to do; nothing where only this machine reaches it."""
    if not rules.is_exposed(settings.ALLOWED_HOSTS):
        return []
    if not settings.HTTPS:
        return ["Passwords travel in the clear. Put a proxy with TLS before it, and set TUTELAGE_HTTPS=1."]
    found = run_checks(include_deployment_checks=True)
    return [f"{said.msg} {said.hint}" if said.hint else str(said.msg) for said in found]


@register(Tags.security, deploy=True)
def deployed(app_configs: Any = None, **how: Any) -> Iterable[Warning]:
    """What Django's own checks cannot know."""
    if settings.EMAIL_BACKEND == QUIET:
        yield Warning("E-mail goes to the log: nobody can set a forgotten password anew.",
                      hint="Set TUTELAGE_EMAIL_URL.", id="tutelage.W001")  # fmt: skip
    if settings.HTTPS and not settings.ALLAUTH_TRUSTED_PROXY_COUNT:
        yield Warning("Every visitor seems to come from the proxy, so one who guesses passwords locks all out.",
                      hint="Set TUTELAGE_PROXIES to the number of your proxies.", id="tutelage.W002")  # fmt: skip
    if "*" in settings.ALLOWED_HOSTS:
        yield Warning("It answers to any name.", hint="Set TUTELAGE_HOSTS to its own.", id="tutelage.W003")
    loose = [path.name for path in (Path(settings.HALL) / "keys").glob("*") if path.stat().st_mode & 0o077]
    if loose:
        yield Warning(f"Others on this machine can read its keys: {', '.join(sorted(loose))}.",
                      hint="chmod 600 DATA/keys/*", id="tutelage.W004")  # fmt: skip
