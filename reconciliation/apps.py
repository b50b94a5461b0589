"""The reconciliation app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReconciliationConfig(AppConfig):
    """Names the app for the admin."""

    name = "reconciliation"
    verbose_name = _("reconciliation")
