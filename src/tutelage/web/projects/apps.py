"""The app."""

from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    """What is asked of people, under which terms."""

    name = "tutelage.web.projects"
    label = "projects"
