"""The app."""

from django.apps import AppConfig


class ReviewConfig(AppConfig):
    """Second looks: review, redo, adjudication, feedback."""

    name = "tutelage.web.review"
    label = "review"
