"""The time at which a company's facts were true. Who brings facts knows it, so an upper app tells how to ask."""

from collections.abc import Callable
from datetime import datetime

from tenants.models import Tenant

Provider = Callable[[Tenant], datetime | None]
_provider: Provider | None = None


def register(provider: Provider) -> None:
    """Say who knows. Called from `AppConfig.ready()`."""
    global _provider
    _provider = provider


def as_of(tenant: Tenant) -> datetime | None:
    """Return the time at which the company's facts were true; None when nobody knows."""
    return _provider(tenant) if _provider else None
