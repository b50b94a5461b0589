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
        from live import alerts, exposition, freshness, health, notifications, situation
        from sync import health as connections
        from sync import inbox, notices, reading, telling, watching, webhooks
        from tenants import doors, history

        health.register("connections", connections.part)
        alerts.register_alert_source(watching.find, *watching.KINDS)
        exposition.register(watching.read, **watching.READINGS)
        freshness.register_origin(watching.origin)
        situation.register_sources(watching.sources)
        refresh.register(reading.refresh)
        inbox.register("pluggy", notices.pluggy)
        notifications.register(*telling.KINDS)
        doors.register("pluggy-webhook", webhooks.DOOR)
        history.register("sync_connection", "sync:connection")
        history.register("sync_syncrun", "sync:run")
