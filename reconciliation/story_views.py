"""Older events of a customer's story. The first ones are part of the customer's page: see `reconciliation.stories`."""

from urllib.parse import urlencode

from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from ledger.models import Customer
from lib import clock
from lib.htmx import wants_fragment
from reconciliation import stories
from tenants.access import TenantRequest, member_required, owned


@require_GET
@member_required()
def story(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Older events, to be put below the others; asked for as a page, the customer's page from there on."""
    customer = owned(Customer.objects.all(), tenant=request.tenant, pk=pk)
    before = request.GET.get("before", "")
    if not wants_fragment(request):
        url = reverse("ledger:detail", kwargs={"slug": request.tenant.slug, "name": "customers", "pk": pk})
        return redirect(f"{url}?{urlencode({'before': before})}")
    context = {
        "row": customer,
        "story": stories.events(request.tenant, customer, before=before),
        "today": clock.today(request.tenant.zone),
    }
    return render(request, "reconciliation/_events.html", context)
