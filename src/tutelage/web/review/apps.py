"""The app."""

from django.apps import AppConfig


class ReviewConfig(AppConfig):
    """Second looks: review, redo, adjudication, feedback."""

    name = "tutelage.web.review"
    label = "review"

    def ready(self) -> None:
        """A person who is erased is forgotten here too."""
        from tutelage.web.proof.rightward import at_erasure
        from tutelage.web.review.forgetting import forget

        at_erasure(forget)
