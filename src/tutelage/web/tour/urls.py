"""Addresses of the walk."""

from __future__ import annotations

from django.urls import path

from tutelage.web.tour import views

urlpatterns = [
    path("tour/", views.walk, name="tour"),
    path("tour/release.tar", views.release_tar, name="tour_release"),
    path("tour/files/<slug:name>", views.file, name="tour_file"),
    path("tour/<slug:name>/", views.step, name="tour_step"),
]
