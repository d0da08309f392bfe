"""The app."""

from django.apps import AppConfig


class TourConfig(AppConfig):
    """The sceptic's ten minutes."""

    name = "tutelage.web.tour"
    label = "tour"
