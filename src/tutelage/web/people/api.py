"""The machine's way to who is asking, and to their tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from tutelage.web.people import actions, queries

router = Router()


class Me(Schema):
    """Whoever asks."""

    id: UUID
    email: str
    name: str
    language: str


class ChangesOfMe(Schema):
    """What may be set about oneself; what is left out stays."""

    name: str | None = Field(None, max_length=80, pattern=r"^[^\x00]*$")


class TokenOut(Schema):
    """A token without its secret."""

    id: UUID
    label: str
    prefix: str
    scopes: list[str]
    expires_at: datetime | None


@router.get("/me", response=Me, summary="Who I am here")
def me(request: HttpRequest) -> Any:
    """The user of this session or token."""
    return request.user


@router.patch("/me", response=Me, summary="Change my name")
def change_me(request: HttpRequest, changes: ChangesOfMe) -> Any:
    """Only what is given changes."""
    user = queries.signed_in(request)
    actions.change_profile(user, changes.dict(exclude_none=True))
    return user


@router.get("/tokens", response=list[TokenOut], summary="My tokens")
def tokens(request: HttpRequest) -> Any:
    """One's own tokens that were not revoked. Tokens are made on the page, by a person."""
    return queries.tokens_of(queries.signed_in(request))


@router.delete("/tokens/{pk}", response={204: None}, summary="Revoke a token")
def revoke(request: HttpRequest, pk: UUID) -> Any:
    """End one of one's own tokens."""
    actions.revoke_token(queries.token_for(request.user, pk))
    return Status(204, None)
