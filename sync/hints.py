"""What the form of a new connection may offer where the upstreams are simulated ones. The demo registers; elsewhere nobody does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Hint:
    """Credentials that a simulated upstream takes, and the configuration of a connection that leads to it."""

    credentials: Mapping[str, str]
    config: dict[str, Any] = field(default_factory=dict)


Offer = Callable[[str, str], Hint | None]
_offers: list[Offer] = []


def register(offer: Offer) -> None:
    """Ask this function from now on: (kind of upstream, slug of the company) → what may be offered. Called from `AppConfig.ready()`."""
    _offers[:] = [offer]


def of(kind: str, slug: str) -> Hint | None:
    """Return what may be offered, None outside the demo."""
    return _offers[0](kind, slug) if _offers else None
