"""Who asks: users, tokens, organisations. Reads only."""

from __future__ import annotations

import hashlib

from django.db.models import Q
from django.utils import timezone

from tutelage.web.people.models import Token, User

SAFE = ("GET", "HEAD", "OPTIONS")


def user_of_token(token: str, method: str) -> User | None:
    """The user of a live token whose scopes allow the method (`read`, `write`)."""
    digest = hashlib.sha256(token.encode()).hexdigest()
    live = Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=timezone.now()))
    found = Token.objects.select_related("user").filter(live, token_hash=digest, user__is_active=True).first()
    if found is None or ("read" if method in SAFE else "write") not in found.scopes:
        return None
    return found.user
