"""The app."""

from django.apps import AppConfig


class IntegrityConfig(AppConfig):
    """Evidence about how judgments came to be."""

    name = "tutelage.web.integrity"
    label = "integrity"

    def ready(self) -> None:
        """A person who is erased is forgotten here too."""
        from tutelage.web.integrity.forgetting import forget
        from tutelage.web.proof.rightward import at_erasure

        at_erasure(forget)
