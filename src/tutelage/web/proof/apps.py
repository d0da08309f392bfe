"""The app."""

from django.apps import AppConfig


class ProofConfig(AppConfig):
    """Receipts, the log, signatures, certificates and releases."""

    name = "tutelage.web.proof"
    label = "proof"
