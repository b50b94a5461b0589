"""The time at which a company's facts were true. Who brings facts knows it, so an upper app tells how to ask."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from tenants.models import Tenant

Provider = Callable[[Tenant], datetime | None]
# (tenant id, an event's payload, the event's time) → when upstream was asked, or told us, about what the event tells.
Origin = Callable[[int, Mapping[str, Any], datetime], datetime | None]
_provider: Provider | None = None
_origin: Origin | None = None


def register(provider: Provider) -> None:
    """Say who knows. Called from `AppConfig.ready()`."""
    global _provider
    _provider = provider


def as_of(tenant: Tenant) -> datetime | None:
    """Return the time at which the company's facts were true; None when nobody knows."""
    return _provider(tenant) if _provider else None


def register_origin(origin: Origin) -> None:
    """Say who knows when upstream spoke of what an event tells. Called from `AppConfig.ready()`."""
    global _origin
    _origin = origin


def origin_of(tenant_id: int, payload: Mapping[str, Any], at: datetime) -> datetime | None:
    """Return when upstream was asked, or told us, about what this event tells; None when no upstream had a part in it."""
    return _origin(tenant_id, payload, at) if _origin else None
