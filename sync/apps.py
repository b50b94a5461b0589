"""The sync app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SyncConfig(AppConfig):
    """Names the app for the admin, and says what sync can do for the apps below and beside it."""

    name = "sync"
    verbose_name = _("sync")

    def ready(self) -> None:
        """Register who reads one record upstream, who understands Pluggy's notices, and how connections are doing."""
        from ledger import refresh
        from live import health, notifications
        from sync import health as connections
        from sync import inbox, notices, reading, telling, webhooks
        from tenants import doors, history

        health.register("connections", connections.part)
        refresh.register(reading.refresh)
        inbox.register("pluggy", notices.pluggy)
        notifications.register(*telling.KINDS)
        doors.register("pluggy-webhook", webhooks.DOOR)
        history.register("sync_connection", "sync:connection")
        history.register("sync_syncrun", "sync:run")
