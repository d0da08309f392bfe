"""The app."""

from django.apps import AppConfig


class IntegrityConfig(AppConfig):
    """Evidence about how judgments came to be."""

    name = "tutelage.web.integrity"
    label = "integrity"
