"""The live app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LiveConfig(AppConfig):
    """Names the app for the admin."""

    name = "live"
    verbose_name = _("live")
