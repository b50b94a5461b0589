"""The bell that stands on every page of a company."""

from typing import Any

from django import template
from django.template import Context

from live.notifications import queries
from tenants.access import Access

register = template.Library()


@register.inclusion_tag("notifications/_bell.html", takes_context=True)
def bell(context: Context) -> dict[str, Any]:
    """Return the bell of who is looking. One query."""
    return _of(context)


@register.inclusion_tag("notifications/_bell_link.html", takes_context=True)
def phone_bell(context: Context) -> dict[str, Any]:
    """Return the bell in the bar at the top of a phone; it follows the other one."""
    return _of(context) | {"id": "bell-phone"}


def _of(context: Context) -> dict[str, Any]:
    request, access = context.get("request"), context.get("access")
    if not isinstance(access, Access) or access.user is None or request is None:
        return {}
    # Two bells stand on a page; they are asked once.
    if not hasattr(request, "bell"):
        request.bell = queries.bell(tenant=access.tenant, user=access.user)
    return {"request": request, "tenant": access.tenant, "bell": request.bell}
