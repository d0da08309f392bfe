"""The app."""

from django.apps import AppConfig


class CareConfig(AppConfig):
    """What protects people from what they look at."""

    name = "tutelage.web.care"
    label = "care"
