"""Addresses of the care."""

from __future__ import annotations

from django.urls import path

from tutelage.web.care import views

urlpatterns = [path("me/care/", views.care, name="care")]
