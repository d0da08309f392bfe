"""Addresses of people's pages."""

from __future__ import annotations

from django.urls import path

from tutelage.web.people import views

urlpatterns = [
    path("start/<str:token>", views.start, name="start"),
    path("enter/<str:token>", views.enter, name="enter"),
    path("language/", views.language, name="set_language"),
    path("me/", views.me, name="me"),
    path("me/tokens/", views.tokens, name="tokens"),
    path("me/tokens/<uuid:pk>/revoke/", views.token_revoke, name="token_revoke"),
    path("organisation/<uuid:pk>/", views.organisation, name="organisation"),
    path("organisation/<uuid:pk>/rename/", views.organisation_rename, name="organisation_rename"),
    path("organisation/<uuid:pk>/members/<int:member>/remove/", views.member_remove, name="member_remove"),
    path(
        "organisation/<uuid:pk>/invitations/<uuid:invitation>/revoke/", views.invitation_revoke,
        name="invitation_revoke",
    ),
]  # fmt: skip
