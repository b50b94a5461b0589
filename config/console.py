"""The frame of the operations console: its side bar, and the first screen that says what ails."""

from typing import Any, Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from live import health
from sync.models import Connection, InboundDelivery, SyncRun

SHOWN: Final = 10
# Group → (name of the admin page, icon).
GROUPS: Final = (
    (
        _("Companies"),
        (
            ("tenants_tenant", _("Companies"), "domain"),
            ("tenants_user", _("People"), "group"),
            ("tenants_membership", _("Memberships"), "badge"),
            ("tenants_apikey", _("API keys"), "key"),
            ("mfa_authenticator", _("Second factors"), "security"),
            ("tenants_auditlog", _("Audit log"), "history"),
        ),
    ),
    (
        _("Synchronisation"),
        (
            ("sync_connection", _("Connections"), "cable"),
            ("sync_syncrun", _("Runs"), "sync"),
            ("sync_rawrecord", _("Raw records"), "data_object"),
            ("sync_inbounddelivery", _("Webhook inbox"), "inbox"),
            ("sync_fileimport", _("Files"), "upload_file"),
            ("django_celery_beat_periodictask", _("Schedules"), "schedule"),
        ),
    ),
    (
        _("Facts"),
        (
            ("ledger_transaction", _("Transactions"), "swap_horiz"),
            ("ledger_account", _("Accounts"), "account_balance"),
            ("ledger_sale", _("Sales"), "shopping_bag"),
            ("ledger_openitem", _("Open items"), "event_upcoming"),
            ("ledger_customer", _("Customers"), "person"),
            ("ledger_product", _("Products"), "inventory_2"),
        ),
    ),
    (
        _("Panel"),
        (
            ("live_event", _("Events"), "bolt"),
            ("live_generation", _("Generations"), "layers"),
            ("live_alert", _("Alerts"), "notification_important"),
            ("live_alertrule", _("Alert rules"), "tune"),
            ("live_backuprun", _("Backups"), "backup"),
            ("live_presence", _("Streams"), "cast"),
            ("live_process", _("Processes"), "memory"),
            ("live_performancemetric", _("Measurements"), "speed"),
            ("kpi_viewstate", _("Numbers"), "monitoring"),
            ("ledger_export", _("Exports"), "download"),
        ),
    ),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the side bar: the pages by what they are about."""
    return [
        {
            "title": title,
            "separator": True,
            "items": [
                {"title": label, "icon": icon, "link": reverse(f"admin:{name}_changelist")}
                for name, label, icon in entries
            ],
        }
        for title, entries in GROUPS
    ]


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Return the context of the first screen with what ails: parts of health, connections, runs and deliveries in trouble."""
    troubled = Connection.objects.filter(tenant__is_active=True, state=Connection.State.NEEDS_PERSON)
    failing = Connection.objects.filter(tenant__is_active=True, state=Connection.State.ACTIVE, failures__gt=0)
    failed = SyncRun.objects.filter(status__in=[SyncRun.Status.FAILED, SyncRun.Status.STALE])
    stuck = InboundDelivery.objects.filter(status=InboundDelivery.Status.FAILED)
    return {
        **context,
        "parts": health.report(),
        "troubled": troubled.select_related("tenant").order_by("last_good_at", "id")[:SHOWN],
        "failing": failing.select_related("tenant").order_by("-failures", "id")[:SHOWN],
        "failed_runs": failed.select_related("tenant", "connection").order_by("-id")[:SHOWN],
        "failed_deliveries": stuck.select_related("tenant").order_by("-id")[:SHOWN],
    }
