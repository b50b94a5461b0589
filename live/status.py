"""The status page: what is fresh, late or broken and what to do, in sentences; then figures. Operators see the installation below."""

from datetime import timedelta
from typing import Final

from django.db.models import Q
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from lib.htmx import wants_fragment
from live import situation
from live.alerts import telling
from live.models import Alert
from tenants import audit
from tenants.access import TenantRequest, member_required
from tenants.middleware import is_operator
from tenants.models import Capability

MUTED_FOR: Final = timedelta(days=1)


@require_GET
@member_required()
def page(request: TenantRequest) -> HttpResponse:
    """Show how the panel is doing for this company."""
    operator, manager = is_operator(request), request.access.may(Capability.SYNC)
    sources = situation.sources(request.tenant)
    alerts = situation.alerts(request.tenant, operator=operator, may_mute=manager)
    context = {
        "sources": sources,
        "alerts": alerts,
        "issues": situation.issues(sources, alerts),
        "oldest": situation.oldest(sources),
        "figures": situation.company(request.tenant),
        "backups": situation.backups() if operator or manager else None,
        "installation": situation.installation() if operator else None,
    }
    template = "live/status.html#situation" if wants_fragment(request) else "live/status.html"
    return render(request, template, context)


@require_POST
@member_required(Capability.SYNC)
def mute(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Say nothing more about an alert for a day, or (`again` in the form) speak again. Of the installation's only for operators."""
    mine = Q(tenant=request.tenant) | (Q(tenant=None) if is_operator(request) else Q(pk=None))
    row = get_object_or_404(Alert.objects.filter(mine, closed_at=None, is_pending=False), pk=pk)
    until = None if "again" in request.POST else timezone.now() + MUTED_FOR
    telling.mute(row, until=until)
    audit.record(
        tenant=request.tenant,
        action="mute_alert" if until else "unmute_alert",
        row=row,
        actor=request.access,
        after={"code": row.code, "subject": row.subject},
    )
    return redirect("live:status", slug=request.tenant.slug)
