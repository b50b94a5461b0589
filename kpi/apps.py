"""The kpi app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class KpiConfig(AppConfig):
    """Names the app for the admin and tells lower apps what only this one knows."""

    name = "kpi"
    verbose_name = _("kpi")

    def ready(self) -> None:
        """Say who knows as of when a company's facts are true, and how a restored database proves its numbers."""
        from kpi import queries, watching
        from kpi.alerts import telling as alerts_telling
        from kpi.incidents import telling
        from kpi.reports import telling as reports_telling
        from kpi.segmenting import queries as segmenting
        from ledger import details
        from live import alerts, exposition, freshness, hooks, notifications
        from live.backups import figures
        from tenants import doors
        from tenants.doors import Door

        figures.register_proof("check_kpis --refresh")
        freshness.register(queries.facts_as_of)
        details.register("customers", segmenting.told_of_customer)
        alerts.register_alert_source(watching.find, *watching.KINDS)
        notifications.register(*telling.KINDS, *alerts_telling.KINDS, *reports_telling.KINDS)
        hooks.register_events(alerts_telling.FIRED, alerts_telling.CHANGED, alerts_telling.WITHDRAWN)
        # Guessing 256 bits is hopeless; reading boards over and over costs.
        for name in ("board_links:public", "board_links:public_screen"):
            doors.register(name, Door("board_link", "120/m", methods=("GET",)))
        exposition.register(watching.read, **watching.READINGS)
        # Mail programs post the way out from few addresses, for many people.
        doors.register("reports:unsubscribe", Door("unsubscribe", "300/m", methods=("GET", "POST")))
