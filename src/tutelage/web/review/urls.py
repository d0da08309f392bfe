"""Addresses of review and feedback."""

from __future__ import annotations

from django.urls import path

from tutelage.web.review import views

urlpatterns = [
    path("projects/<uuid:pk>/review/", views.review, name="review"),
    path("projects/<uuid:pk>/review/<uuid:judgment>/", views.review_one, name="review_one"),
    path("projects/<uuid:pk>/cases/", views.cases, name="cases"),
    path("projects/<uuid:pk>/cases/<uuid:case>/", views.case, name="case"),
    path("work/<uuid:pk>/feedback/", views.feedback, name="feedback"),
    path("feedback/<uuid:judgment>/", views.result, name="result"),
    path("feedback/<uuid:judgment>/redo/", views.redo, name="redo"),
]
