"""Addresses of projects' pages."""

from __future__ import annotations

from django.urls import path

from tutelage.web.projects.views import guideline, home, making, offer, people

urlpatterns = [
    path("", home.home, name="home"),
    path("projects/", home.projects, name="projects"),
    path("projects/new/", making.new, name="project_new"),
    path("projects/quote/", making.quote, name="quote"),
    path("projects/<uuid:pk>/", making.project, name="project"),
    path("projects/<uuid:pk>/settings/", making.settings, name="project_settings"),
    path("projects/<uuid:pk>/escrow/", making.set_aside, name="set_aside"),
    path("projects/<uuid:pk>/move/", making.move, name="project_move"),
    path("projects/<uuid:pk>/guideline/", guideline.edit, name="guideline"),
    path("projects/<uuid:pk>/guideline/<int:number>/", guideline.version, name="guideline_version"),
    path("projects/<uuid:pk>/rubric/", guideline.rubric, name="rubric"),
    path("projects/<uuid:pk>/people/", people.people, name="project_people"),
    path("projects/<uuid:pk>/people/<int:role>/take/", people.role_take, name="role_take"),
    path(
        "projects/<uuid:pk>/invitations/<uuid:invitation>/revoke/", people.invitation_revoke,
        name="project_invitation_revoke",
    ),
    path("join/<str:token>", people.join, name="join"),
    path("offer/<uuid:pk>/", offer.offer, name="offer"),
    path("offer/<uuid:pk>/offer.json", offer.offer_json, name="offer_json"),
    path("offer/<uuid:pk>/accept/", offer.accept, name="accept"),
    path("offer/<uuid:pk>/leave/", offer.leave, name="leave"),
]  # fmt: skip
