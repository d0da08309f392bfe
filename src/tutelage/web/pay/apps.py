"""The app."""

from django.apps import AppConfig


class PayConfig(AppConfig):
    """The ledger: every required minute is a line of pay."""

    name = "tutelage.web.pay"
    label = "pay"
