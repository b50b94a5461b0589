"""Pages of webhooks: where programs are told, and what was sent there."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from kpi.alerts.views import tabs
from lib.keyset import page_at, paginate
from live.hooks import services
from live.models import HookDelivery, HookEndpoint
from tenants.access import TenantRequest, member_required, owned
from tenants.models import Capability


class EndpointForm(forms.Form):
    """A new webhook."""

    url = forms.CharField(label=gettext_lazy("Address"), max_length=500, widget=forms.URLInput(attrs={"placeholder": "https://example.com/painel"}))  # fmt: skip
    label = forms.CharField(label=gettext_lazy("Name"), max_length=80, required=False)


@require_http_methods(["GET", "POST"])
@never_cache
@member_required(Capability.WRITE)
def webhooks(request: TenantRequest) -> HttpResponse:
    """The webhooks of the company; POST makes one and shows its secret this once."""
    form = EndpointForm(request.POST if request.method == "POST" else None)
    secret = ""
    if request.method == "POST" and form.is_valid():
        try:
            _row, secret = services.create(
                access=request.access, url=form.cleaned_data["url"], label=form.cleaned_data["label"]
            )
            form = EndpointForm()
        except ValidationError as error:
            form.add_error(None if "events" in error.message_dict else "url", error.messages)
    rows = HookEndpoint.objects.filter(tenant=request.tenant, removed_at=None).order_by("-id")
    return render(
        request,
        "kpi/webhooks.html",
        {"tabs": tabs(request, "webhooks"), "form": form, "rows": rows, "secret": secret},
    )


def _endpoint(request: TenantRequest, pk: int) -> HookEndpoint:
    return owned(HookEndpoint.objects.filter(removed_at=None), tenant=request.tenant, pk=pk)


@require_GET
@never_cache
@member_required(Capability.WRITE)
def webhook(request: TenantRequest, pk: int) -> HttpResponse:
    """One webhook with what was sent there."""
    return _drawn(request, _endpoint(request, pk))


def _drawn(request: TenantRequest, row: HookEndpoint, **more: Any) -> HttpResponse:
    rows = HookDelivery.objects.filter(tenant=request.tenant, endpoint=row)
    page = page_at(
        request.GET.get("cursor"), lambda cursor: paginate(rows, order=("-id",), limit=50, cursor=cursor)
    )
    return render(request, "kpi/webhook.html", {"row": row, "page": page, "rows": page.rows, **more})


@require_POST
@never_cache
@member_required(Capability.WRITE)
def webhook_do(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Send a test, stop or start, make another secret, or remove a webhook."""
    row, asked = _endpoint(request, pk), request.POST.get("do", "")
    if asked == "secret":
        return _drawn(request, row, secret=services.new_secret(access=request.access, endpoint=row))
    if asked == "test":
        services.send_test(access=request.access, endpoint=row)
        messages.success(request, _("A test is on its way. Its answer appears below in a moment."))
    elif asked in {"stop", "start"}:
        services.change(access=request.access, endpoint=row, fields={"is_active": asked == "start"})
        messages.success(request, _("Started.") if asked == "start" else _("Stopped."))
    elif asked == "remove":
        services.remove(access=request.access, endpoint=row)
        messages.success(request, _("Removed."))
        return redirect("kpi:webhooks", slug=request.tenant.slug)
    return redirect("kpi:webhook", slug=request.tenant.slug, pk=row.pk)
