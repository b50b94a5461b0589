"""The ledger app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LedgerConfig(AppConfig):
    """Names the app for the admin."""

    name = "ledger"
    verbose_name = _("ledger")
