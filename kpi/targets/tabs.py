"""The two pages of what only the company knows: its goals, and its own days."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from tenants.access import TenantRequest


def tabs(request: TenantRequest, here: str) -> list[dict[str, Any]]:
    """Return the tabs."""
    return [
        {
            "label": label,
            "url": reverse(f"kpi:{name}", kwargs={"slug": request.tenant.slug}),
            "active": name == here,
        }
        for name, label in (("targets", _("Goals")), ("occasions", _("Own days")))
    ]
