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
        from live.hooks import sending
        from live.notifications import kinds, people
        from tenants import doors
        from tenants.doors import Door

        health.register("cache", health.cache, needs_database=False)
        health.register("workers", health.worker_part, needs_database=False)
        workers.listen()
        watch.listen()
        alerts.register_alert_source(installation.look, *installation.KINDS)
        notifications.register(*kinds.KINDS, sending.STOPPED)
        people.listen()
        # Mail programs post the way out from few addresses, for many people.
        both = ("GET", "POST")
        doors.register("notifications:unsubscribe", Door("unsubscribe", "300/m", methods=both))
        doors.register("live:metrics", Door("metrics", "60/m", methods=("GET",)))
        counters.follow(
            lambda: (
                ("door_refused", {"door": group, "why": why}, n)
                for (group, why), n in [*doors.refused.items()]
            )
        )
