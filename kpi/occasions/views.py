"""The page of the company's own days."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from kpi.models import Occasion
from kpi.occasions import services
from kpi.occasions.forms import OccasionForm, initial_of
from kpi.targets.tabs import tabs
from lib.keyset import page_at, paginate
from tenants.access import TenantRequest, member_required, owned
from tenants.models import Capability


@require_http_methods(["GET", "POST"])
@member_required()
def occasions(request: TenantRequest) -> HttpResponseBase:
    """The occasions, the newest first, and the form for a new one."""
    form = OccasionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        request.access.require(Capability.WRITE)
        if form.is_valid() and _kept(request, form, None):
            messages.success(request, _("Saved. It is drawn on the charts from now on."))
            return redirect("kpi:occasions", slug=request.tenant.slug)
    rows = Occasion.objects.filter(tenant=request.tenant)
    page = page_at(
        request.GET.get("cursor"),
        lambda cursor: paginate(rows, order=("-first_day", "-id"), limit=50, cursor=cursor),
    )
    return _drawn(request, {"form": form, "page": page, "rows": page.rows})


@require_http_methods(["GET", "POST"])
@member_required(Capability.WRITE)
def occasion(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Change one occasion."""
    row = owned(Occasion.objects.all(), tenant=request.tenant, pk=pk)
    form = OccasionForm(request.POST if request.method == "POST" else None, initial=initial_of(row))
    if request.method == "POST" and form.is_valid() and _kept(request, form, row):
        messages.success(request, _("Saved."))
        return redirect("kpi:occasions", slug=request.tenant.slug)
    return _drawn(request, {"form": form, "row": row})


def _drawn(request: TenantRequest, context: dict[str, Any]) -> HttpResponse:
    may_change = request.access.may(Capability.WRITE)
    return render(
        request,
        "kpi/occasions.html",
        context | {"tabs": tabs(request, "occasions"), "may_change": may_change},
    )


def _kept(request: TenantRequest, form: OccasionForm, row: Occasion | None) -> bool:
    """Save what the form says; return whether it could be saved, with what was wrong in the form."""
    try:
        if row is None:
            services.create(access=request.access, fields=form.cleaned_data)
        else:
            services.change(access=request.access, occasion=row, fields=form.cleaned_data)
    except ValidationError as error:
        form.add_error(None, error)
        return False
    return True


@require_POST
@member_required(Capability.WRITE)
def remove(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Forget one occasion."""
    services.remove(
        access=request.access, occasion=owned(Occasion.objects.all(), tenant=request.tenant, pk=pk)
    )
    messages.success(request, _("Removed."))
    return redirect("kpi:occasions", slug=request.tenant.slug)
