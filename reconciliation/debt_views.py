"""Who owes, by person."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ledger.models import OpenItem
from lib.htmx import wants_fragment
from lib.text import clean
from reconciliation import debts
from tenants.access import TenantRequest, member_required


@require_GET
@member_required()
def page(request: TenantRequest) -> HttpResponse:
    """Open items added up by person, as a whole page or as its rows alone."""
    direction = request.GET.get("direction", "")
    direction = direction if direction in OpenItem.Direction.values else OpenItem.Direction.RECEIVABLE
    sort = request.GET.get("sort", "").removeprefix("-")
    text = clean(request.GET.get("q", ""), 100)
    found = debts.people(
        request.tenant,
        direction=direction,
        sort=sort if sort in debts.SORTS else "open",
        text=text,
        cursor=request.GET.get("cursor", ""),
    )
    context = {
        "page": found, "narrowed": bool(text), "directions": list(OpenItem.Direction.choices), "direction": direction,
        "receivable": direction == OpenItem.Direction.RECEIVABLE,
        "sums": {row["currency"]: row for row in found.rows}.values(),
        "title": _("Who owes") if direction == OpenItem.Direction.RECEIVABLE else _("Whom we owe"),
    }  # fmt: skip
    part = "#rows" if wants_fragment(request) else ""
    response = render(request, f"reconciliation/debts.html{part}", context)
    patch_vary_headers(response, ["HX-Request"])
    return response
