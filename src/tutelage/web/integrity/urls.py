"""Addresses of the trail and the evidence."""

from __future__ import annotations

from django.urls import path

from tutelage.web.integrity import views

urlpatterns = [
    path("projects/<uuid:pk>/audit/", views.audit, name="audit"),
    path("projects/<uuid:pk>/evidence/", views.evidence, name="evidence"),
]
