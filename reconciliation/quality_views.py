"""The page that says how good suggestions are, and lets a company choose to go without a person where its history supports it."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from reconciliation import forms, pictures, quality, words
from reconciliation.services.automatic import LEAST_DECISIONS, LEAST_PRECISION, history
from reconciliation.tabs import tabs
from tenants import services
from tenants.access import TenantRequest, member_required
from tenants.models import Capability, TenantSettings


@require_GET
@member_required()
def page(request: TenantRequest) -> HttpResponse:
    """Precision, untouched and ambiguous share and waiting time by week, what each reason earns, and confirmation without a person."""
    weeks = quality.weeks(request.tenant)
    total = quality.total(weeks)
    score = TenantSettings.objects.values_list("auto_confirm_above", flat=True).get(tenant=request.tenant)
    context = {
        "total": total, "now": quality.ambiguous_now(request.tenant),
        "hours": next((week.hours for week in reversed(weeks) if week.hours is not None), None),
        "charts": {"agreed": pictures.agreed(weeks), "settled": pictures.settled(weeks), "waited": pictures.waited(weeks)},
        "nothing": not (total.settled or total.right or total.wrong),
        "evidence": [(words.kind_of_reason(one.name), one) for one in quality.evidence(request.tenant)],
        "outlook": quality.outlook(request.tenant, score),
        "least": LEAST_DECISIONS, "least_precision": LEAST_PRECISION, "days": quality.DAYS,
        "may_choose": request.access.may(Capability.WRITE), "tabs": tabs(request, "quality"),
    }  # fmt: skip
    return render(request, "reconciliation/quality.html", context)


@require_POST
@member_required(Capability.WRITE)
def choose(request: TenantRequest) -> HttpResponseBase:
    """Confirm clear suggestions of at least a score without a person from now on; without a score, never."""
    text = request.POST.get("score", "")
    score = forms.number(text)
    if score is None:
        services.save_settings(
            tenant=request.tenant, changes={"auto_confirm_above": None}, actor=request.access
        )
        messages.success(request, _("From now on a person confirms every match."))
    elif score > 100 or not history(request.tenant.pk, score=score).supports:
        messages.warning(request, _("Your history does not support this threshold. Nothing was changed."))
    else:
        services.save_settings(
            tenant=request.tenant, changes={"auto_confirm_above": score}, actor=request.access
        )
        said = _("Clear suggestions of %(score)s points and more are confirmed without you from now on.")
        messages.success(request, said % {"score": score})
    return redirect("reconciliation:quality", slug=request.tenant.slug)
