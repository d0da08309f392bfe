"""The app."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """People and access: users, organisations, invitations."""

    name = "tutelage.web.people"
    label = "people"

    def ready(self) -> None:
        """Register what `check --deploy` asks of an installation."""
        from tutelage.web.people import checks  # noqa: F401  registers itself
