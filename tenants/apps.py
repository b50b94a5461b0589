"""The tenants app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TenantsConfig(AppConfig):
    """Names the app for the admin."""

    name = "tenants"
    verbose_name = _("tenants")
