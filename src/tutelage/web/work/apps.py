"""The app."""

from django.apps import AppConfig


class WorkConfig(AppConfig):
    """The queue, the workbench and what people submit."""

    name = "tutelage.web.work"
    label = "work"
