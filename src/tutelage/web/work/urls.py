"""Addresses of the work."""

from __future__ import annotations

from django.urls import path

from tutelage.web.work import views

urlpatterns = [
    path("work/<uuid:pk>/", views.workbench, name="workbench"),
    path("work/<uuid:pk>/mine/", views.mine, name="mine"),
]
