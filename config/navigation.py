"""What the navigation offers, once: the side bar, the bar of a phone and the command palette read it."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Entry:
    """One place to go. `name` is its URL name; `on_phone` gives it a place in the bar at the bottom."""

    name: str
    label: str | Promise
    icon: str
    on_phone: bool = False


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
    ("", (Entry("kpi:overview", _("Overview"), "layout-dashboard", on_phone=True),)),
    (
        _("Money"),
        (
            Entry("ledger:transactions", _("Transactions"), "arrow-left-right", on_phone=True),
            Entry("ledger:open_items", _("Open items"), "calendar-clock", on_phone=True),
        ),
    ),
    (
        _("Business"),
        (
            Entry("ledger:sales", _("Sales"), "shopping-bag", on_phone=True),
            Entry("ledger:customers", _("Customers"), "users"),
            Entry("ledger:products", _("Products"), "package"),
        ),
    ),
    (
        _("Data"),
        (
            Entry("sync:connections", _("Connections"), "plug"),
            Entry("sync:runs", _("Synchronisations"), "refresh-cw"),
            Entry("sync:import", _("Import files"), "file-up"),
        ),
    ),
    ("", (Entry("tenants:settings", _("Settings"), "settings"),)),
)


def groups(request: HttpRequest, slug: str) -> list[tuple[str, list[Link]]]:
    """Return the groups of links for the company `slug`, without places that do not exist in this installation."""
    here = getattr(request.resolver_match, "view_name", "")
    found = [(str(title), list(_links(entries, str(title), slug, here))) for title, entries in GROUPS]
    return [(title, links) for title, links in found if links]


def _links(entries: tuple[Entry, ...], group: str, slug: str, here: str) -> Iterator[Link]:
    for entry in entries:
        try:
            url = reverse(entry.name, kwargs={"slug": slug})
        except NoReverseMatch:
            continue
        # A record belongs to its list: ledger:sale and ledger:sales_export light up ledger:sales.
        stem = entry.name.removesuffix("s")
        active = here == entry.name or here.startswith(f"{stem}_") or here == stem
        yield Link(str(entry.label), url, entry.icon, group, entry.on_phone, active)
