"""The page of incidents, and the answer of a person."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET, require_POST

from kpi.incidents import services, telling
from kpi.models import Anomaly, AnomalyState
from lib.htmx import wants_fragment
from lib.keyset import page_at, paginate
from tenants.access import TenantRequest, member_required, owned
from tenants.models import Capability


@require_GET
@member_required()
def anomalies(request: TenantRequest) -> HttpResponse:
    """Incidents, the newest first."""
    rows = Anomaly.objects.filter(services.standing(request.tenant)).select_related("tenant")
    page = page_at(
        request.GET.get("cursor"),
        lambda cursor: paginate(rows, order=("-last_day", "-id"), limit=50, cursor=cursor),
    )
    context: dict[str, Any] = {
        "page": page,
        "rows": [_shown(one) for one in page.rows],
        "state": AnomalyState.objects.filter(tenant=request.tenant, through__isnull=False).first(),
        "may_say": request.access.may(Capability.DECIDE),
    }
    template = "kpi/anomalies.html#parts" if wants_fragment(request) else "kpi/anomalies.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def why_url(one: Anomaly) -> str:
    """Return the analysis of the incident's days beside the same weekdays before, split by what carries it; "" where data is missing."""
    if one.kind == Anomaly.Kind.MISSING:
        return ""
    measure = "sales_count" if one.measure == Anomaly.Measure.SALES else one.measure
    dimension = one.dimension or (one.parts[0]["dimension"] if one.parts else "")
    by = {"by": dimension} if dimension else {}
    span = {"from": one.first_day.isoformat(), "to": one.last_day.isoformat(), "compare": "same_weekdays"}
    return f"{reverse('kpi:analysis', kwargs={'slug': one.tenant.slug})}?{urlencode({'measure': measure} | by | span)}#why"


def _shown(one: Anomaly) -> dict[str, Any]:
    why = telling.why(one)
    return {
        "one": one,
        "number": telling.called(one),
        "days": telling.days_of(one),
        "got": telling.amount(one, one.got),
        "lo": telling.amount(one, one.lo),
        "hi": telling.amount(one, one.hi),
        "why": telling.sentence(why) if why else "",
        "why_url": why_url(one),
    }


@require_POST
@member_required(Capability.DECIDE)
def feedback(request: TenantRequest, pk: int) -> HttpResponse:
    """Keep whether an incident was expected or real; anything else takes the answer back."""
    anomaly = owned(Anomaly.objects.all(), tenant=request.tenant, pk=pk)
    said = request.POST.get("feedback", "")
    services.say(
        anomaly=anomaly, feedback=said if said in Anomaly.Feedback.values else "", actor=request.user
    )
    return HttpResponseRedirect(reverse("kpi:anomalies", kwargs={"slug": request.tenant.slug}))
