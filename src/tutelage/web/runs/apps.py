"""The app."""

from django.apps import AppConfig


class RunsConfig(AppConfig):
    """The owner's loop: imports, exports, runs, gates."""

    name = "tutelage.web.runs"
    label = "runs"

    def ready(self) -> None:
        """A person who is erased is forgotten here too."""
        from tutelage.web.proof.rightward import at_erasure
        from tutelage.web.runs.forgetting import forget

        at_erasure(forget)
