"""The sync app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SyncConfig(AppConfig):
    """Names the app for the admin, and says what sync can do for the apps below and beside it."""

    name = "sync"
    verbose_name = _("sync")

    def ready(self) -> None:
        """Register who reads one record upstream, and who understands Pluggy's notices."""
        from ledger import refresh
        from sync import inbox, notices, reading

        refresh.register(reading.refresh)
        inbox.register("pluggy", notices.pluggy)
