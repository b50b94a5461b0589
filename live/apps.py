"""The live app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LiveConfig(AppConfig):
    """Names the app for the admin and registers its own parts of health."""

    name = "live"
    verbose_name = _("live")

    def ready(self) -> None:
        """Register what this app knows; upper apps add theirs."""
        from live import alerts, counters, health, notifications, watch, workers
        from live.alerts import installation
        from live.notifications import kinds, people
        from tenants import doors

        health.register("cache", health.cache, needs_database=False)
        health.register("workers", health.worker_part, needs_database=False)
        workers.listen()
        watch.listen()
        alerts.register_alert_source(installation.look, *installation.KINDS)
        notifications.register(*kinds.KINDS)
        people.listen()
        counters.follow(
            lambda: (
                ("door_refused", {"door": group, "why": why}, n)
                for (group, why), n in [*doors.refused.items()]
            )
        )
