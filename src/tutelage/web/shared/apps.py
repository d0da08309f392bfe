"""The app."""

from django.apps import AppConfig


class SharedConfig(AppConfig):
    """What all pages share; nothing that knows the domain."""

    name = "tutelage.web.shared"
    label = "shared"
