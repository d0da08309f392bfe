"""How allauth is told who may sign up, and how second factors are kept."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet
from django.conf import settings

from tutelage.web import installation

OPEN_CALL = "open_call"  # set in the session by a project that lets anybody sign up


class AccountAdapter(DefaultAccountAdapter):
    """Nobody makes an account unasked: by invitation, by a project's open call, or by single sign-on."""

    def is_open_for_signup(self, request: Any) -> bool:
        """Whether this visitor came by an open call."""
        return bool(request.session.get(OPEN_CALL))

    def save_user(self, request: Any, user: Any, form: Any, commit: bool = True) -> Any:
        """A new account from the sign-up form, its address in lower case."""
        user = super().save_user(request, user, form, commit=False)
        user.email = user.email.lower()
        if commit:
            user.save()
        return user


class MFAAdapter(DefaultMFAAdapter):
    """Secrets of second factors are worthless to whoever has the database alone."""

    def encrypt(self, text: str) -> str:
        """Under a key of the installation."""
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The other way."""
        return _fernet().decrypt(encrypted_text.encode()).decode()


def _fernet() -> Fernet:
    root = installation.key_encryption_key(settings.HALL)
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"second factors\x00" + root).digest()))
