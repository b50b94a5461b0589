"""What the navigation offers, once: the side bar, the bar of a phone and the command palette read it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ledger import lists
from tenants.access import Access
from tenants.models import Capability


@dataclass(frozen=True, slots=True)
class Entry:
    """One place to go. `name` is its URL name; `on_phone` gives it a place in the bar at the bottom.

    `inside` names the pages that belong to it; `needs` is what a person must be allowed to be shown it.
    """

    name: str
    label: str | Promise
    icon: str
    on_phone: bool = False
    inside: tuple[str, ...] = ()
    needs: Capability = Capability.READ


@dataclass(frozen=True, slots=True)
class Link:
    """An entry with its address inside one company, and whether the page that is shown belongs to it."""

    label: str
    url: str
    icon: str
    group: str
    on_phone: bool
    active: bool


GROUPS: tuple[tuple[str | Promise, tuple[Entry, ...]], ...] = (
    (
        "",
        (
            Entry("kpi:overview", _("Overview"), "layout-dashboard", on_phone=True),
            Entry("kpi:boards", _("Boards"), "layout-grid", inside=("kpi:board_links", "kpi:board_link")),
            Entry(
                "reports:list", _("Reports"), "mail", inside=("reports:report", "reports:new", "reports:edit")
            ),
            Entry("kpi:analysis", _("Analysis"), "chart-column"),
            Entry("kpi:anomalies", _("Unexpected"), "triangle-alert"),
            Entry(
                "kpi:alerts",
                _("Alerts"),
                "bell-ring",
                inside=("kpi:alert_new", "kpi:webhooks", "kpi:webhook"),
            ),
            Entry("kpi:targets", _("Goals"), "target", inside=("kpi:occasions", "kpi:occasion")),
        ),
    ),
    (
        _("Money"),
        (
            Entry("ledger:transactions", _("Transactions"), "arrow-left-right", on_phone=True),
            Entry(
                "ledger:open_items",
                _("Open items"),
                "calendar-clock",
                on_phone=True,
                inside=("reconciliation:debts",),
            ),
            Entry(
                "reconciliation:workbench",
                _("Reconciliation"),
                "list-checks",
                inside=tuple(
                    f"reconciliation:{name}"
                    for name in (
                        "rules",
                        "rule",
                        "rule_new",
                        "rule_edit",
                        "payers",
                        "payer_new",
                        "payer_edit",
                        "quality",
                    )
                ),
            ),
        ),
    ),
    (
        _("Business"),
        (
            Entry("ledger:sales", _("Sales"), "shopping-bag", on_phone=True),
            Entry("ledger:customers", _("Customers"), "users"),
            Entry("kpi:segments", _("Customer segments"), "users-round"),
            Entry("ledger:products", _("Products"), "package"),
        ),
    ),
    (
        _("Data"),
        (
            Entry(
                "sync:connections",
                _("Connections"),
                "plug",
                inside=("sync:connect", "sync:credentials", "sync:bank"),
            ),
            Entry("sync:runs", _("Synchronisations"), "refresh-cw"),
            Entry("sync:import", _("Import files"), "file-up", needs=Capability.WRITE),
            Entry("sync:accounts", _("Accounts"), "landmark"),
            Entry("live:status", _("Panel status"), "activity"),
        ),
    ),
    (
        "",
        (
            Entry(
                "tenants:settings",
                _("Settings"),
                "settings",
                inside=("tenants:people", "notifications:settings", "tenants:keys", "tenants:audit"),
            ),
        ),
    ),
)


def groups(request: HttpRequest, access: Access) -> list[tuple[str, list[Link]]]:
    """Return the groups of links inside one company: places that exist in this installation, that this person may open, and lists of
    facts that the company has had. A company that has nothing yet is offered every list, so that it sees what there will be.
    """
    here = _here(request)
    had = {f"ledger:{name}" for name in lists.kinds(access.tenant)}
    lists_left_out = {f"ledger:{name}" for name in lists.LISTS} - had if had else set()
    offered = [
        (
            str(title),
            [
                entry
                for entry in entries
                if access.may(entry.needs) and entry.name not in lists_left_out - {here}
            ],
        )
        for title, entries in GROUPS
    ]
    found = [(title, list(_links(entries, title, access.tenant.slug, here))) for title, entries in offered]
    return [(title, links) for title, links in found if links]


def _here(request: HttpRequest) -> str:
    """Return the URL name of the page; a record and what is done with a list count as the list."""
    match = request.resolver_match
    if match is None:
        return ""
    if match.app_name == "ledger" and match.kwargs.get("name") in lists.LISTS:
        return f"ledger:{match.kwargs['name']}"
    return match.view_name


def _links(entries: Iterable[Entry], group: str, slug: str, here: str) -> Iterator[Link]:
    for entry in entries:
        try:
            url = reverse(entry.name, kwargs={"slug": slug})
        except NoReverseMatch:
            continue
        # sync:run and sync:run_again light up sync:runs.
        stem = entry.name.removesuffix("s")
        active = here in {entry.name, stem, *entry.inside} or here.startswith(f"{stem}_")
        yield Link(str(entry.label), url, entry.icon, group, entry.on_phone, active)
