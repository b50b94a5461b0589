"""The pages of reconciliation as tabs."""

from typing import Any, Final

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants.access import TenantRequest

_PAGES: Final[tuple[tuple[str, str | Promise], ...]] = (
    ("workbench", _("Queue")),
    ("rules", _("Rules")),
    ("payers", _("Known payers")),
    ("quality", _("Quality")),
    ("closing", _("Closing")),
)


def tabs(request: TenantRequest, here: str) -> list[dict[str, Any]]:
    """Return the tabs with their addresses; `here` is the URL name of the page that is shown."""
    return [
        {
            "label": label,
            "url": reverse(f"reconciliation:{name}", kwargs={"slug": request.tenant.slug}),
            "active": name == here,
        }
        for name, label in _PAGES
    ]
