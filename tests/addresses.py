"""Every address of the project, and who guards it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any
from uuid import UUID

from django.urls import URLPattern, URLResolver, get_resolver

from kpi.models import Board
from ledger.lists import LISTS
from tenants.models import Capability

# Addresses that anybody may open, each with its reason. What is neither here nor guarded fails the test.
OPEN: Mapping[str, str] = {
    "health": "for who watches the processes; states and counts only",
    "health/live": "for who watches the processes",
    "health/ready": "for who watches the processes",
    "health/realtime": "for who spreads the load over the processes; counts only",
    "metrics": "Prometheus comes with a token of its own; without one it does not exist",
    "robots.txt": "sends search engines away",
    "favicon.ico": "leads to the icon",
    "sw.js": "the service worker; a file that holds no data",
    "language": "before and after sign-in alike; changes nothing but the visitor's own language",
    "api/auth/token": "is how one comes in; limited by address, locked after failures",
    "api/auth/token/refresh": "is how one stays in; a signed token is the credential",
    "api/webhooks/pluggy/<str:token>": "upstream's door; the token in the address and a secret header are the credential",
    "notifications/unsubscribe/<str:token>": "the way out of e-mail; a signed link that can do nothing else is the credential",
    "b/<str:token>/": "boards of a public link; the token in the address is the credential, limited by address",
    "b/<str:token>/tv/": "boards of a public link on a screen; the token in the address is the credential, limited by address",
    "reports/unsubscribe/<str:token>": "the way out of a report; a signed link that can do nothing else is the credential",
    "api/schema": "describes the API, holds no data",
    "api/docs": "describes the API, holds no data",
}
# Addresses of a person's own account: signed in, they show the signed-in person only; allauth guards them.
PERSONAL: Mapping[str, str] = {
    "": "sends a person to their company",
    "preferences": "the person's own name, language and theme",
    "accounts/": "sign-in and one's own account",
}


@dataclass(frozen=True, slots=True)
class Address:
    """One address: its route, its name, and which capability opens each method (empty: not guarded by the door)."""

    route: str
    view: Any
    requires: Mapping[str, Capability]

    @property
    def is_api(self) -> bool:
        """Return whether it belongs to the API."""
        return self.route.startswith("api/")

    def urls(self, *, slug: str, ids: set[int]) -> Iterator[str]:
        """Yield the address for every combination of arguments."""
        values: dict[str, list[str]] = {
            "<slug:slug>": [slug],
            "<slug:name>": list(LISTS),
            "<slug:kind>": ["pluggy"],
            "<int:pk>": sorted(str(pk) for pk in ids),
            "<str:month>": ["2026-03"],
            "<str:token>": ["token"],
            "<str:kept>": ["kept"],
            "<slug:done>": ["request"],
            "<slug:event>": ["role_changed"],
        }
        if "<uuid:key>" in self.route:
            keys = Board.objects.values_list("key", flat=True)
            values["<uuid:key>"] = sorted(map(str, keys)) or [str(UUID(int=0))]
        needed = [name for name in values if name in self.route]
        for chosen in product(*(values[name] for name in needed)):
            url = self.route
            for name, value in zip(needed, chosen, strict=True):
                url = url.replace(name, value)
            assert "<" not in url, f"tests/addresses.py does not know an argument of {self.route}"
            yield f"/{url}"


def addresses() -> list[Address]:
    """Return every address of the project but the admin's, whose door is tests/test_admin.py."""
    return [
        Address(route, pattern.callback, _requires(pattern.callback))
        for route, pattern in _walk(get_resolver())
        if not route.startswith("admin/")
    ]


def _walk(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern, route)
        else:
            yield route, pattern


def _requires(view: Any) -> Mapping[str, Capability]:
    """Return capability by method; a page's one capability opens every method that it has."""
    of_class = getattr(getattr(view, "cls", None), "requires", None)
    if of_class is not None:
        return dict(of_class)
    of_page = getattr(view, "requires", None)
    return {"GET": of_page, "POST": of_page} if of_page else {}


def guard_of(address: Address) -> str:
    """Return what guards an address: "door", or the reason for being open; "" when nothing does."""
    if address.requires:
        return "door"
    if address.route in OPEN:
        return OPEN[address.route]
    personal = address.route in PERSONAL or (
        address.route.startswith("accounts/") and "accounts/" in PERSONAL
    )
    return "personal" if personal else ""
