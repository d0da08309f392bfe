"""Addresses of the walk."""

from __future__ import annotations

from django.urls import path

from tutelage.web.tour import views

urlpatterns = [
    path("tour/", views.walk, name="tour"),
    path("tour/<slug:name>/", views.step, name="tour_step"),
]
