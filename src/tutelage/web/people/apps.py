"""The app."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """People and access: users, organisations, invitations."""

    name = "tutelage.web.people"
    label = "people"
