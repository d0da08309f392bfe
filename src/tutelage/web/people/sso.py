"""Single sign-on by OpenID Connect, only where the environment names a provider. Knows nothing of Django.

TUTELAGE_OIDC_SERVER         the provider's address, whose /.well-known/openid-configuration is read
TUTELAGE_OIDC_CLIENT_ID      this installation's name there
TUTELAGE_OIDC_SECRET_FILE    a file that holds its secret (or TUTELAGE_OIDC_SECRET)
TUTELAGE_OIDC_NAME           what the button says (`Single sign-on`)
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tutelage.errors import BadInput

APPS = ("allauth.socialaccount", "allauth.socialaccount.providers.openid_connect")


def provider(environ: Mapping[str, str]) -> dict[str, Any] | None:
    """allauth's description of the provider; None where none is named. Raises BadInput on half a one."""
    server = environ.get("TUTELAGE_OIDC_SERVER")
    if not server:
        return None
    client, secret = environ.get("TUTELAGE_OIDC_CLIENT_ID"), _secret(environ)
    if not client or not secret:
        raise BadInput("TUTELAGE_OIDC_SERVER is set without a client id or a secret.",
                       expected="TUTELAGE_OIDC_CLIENT_ID and TUTELAGE_OIDC_SECRET_FILE",
                       remedy="Set them, or unset TUTELAGE_OIDC_SERVER.")  # fmt: skip
    app = {
        "provider_id": "sso", "name": environ.get("TUTELAGE_OIDC_NAME", "Single sign-on"), "client_id": client,
        "secret": secret, "settings": {"server_url": server, "oauth_pkce_enabled": True},
    }  # fmt: skip
    return {"openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}}


def _secret(environ: Mapping[str, str]) -> str:
    named = environ.get("TUTELAGE_OIDC_SECRET_FILE")
    return Path(named).read_text(encoding="utf-8").strip() if named else environ.get("TUTELAGE_OIDC_SECRET", "")
