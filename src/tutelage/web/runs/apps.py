"""The app."""

from django.apps import AppConfig


class RunsConfig(AppConfig):
    """The owner's loop: imports, exports, runs, gates."""

    name = "tutelage.web.runs"
    label = "runs"
