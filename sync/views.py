"""Pages of synchronisation: connections and runs. Connecting is in `connect_views`, files in `upload_views` and `import_views`."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from lib.htmx import asks_for, wants_fragment
from lib.keyset import page_at
from sync import queries, services
from sync.connect_views import ABOUT, back, one
from sync.models import Connection, SyncRun
from sync.providers.base import UpstreamError
from sync.words import say
from tenants.access import TenantRequest, member_required, owned
from tenants.models import Capability

ICONS = {"gestaoclick": "store", "pluggy": "landmark", "advbox": "scale"}


@require_GET
@member_required()
def connections(request: TenantRequest) -> HttpResponse:
    """Every connection: how it is doing, when it was read last, and what to do."""
    found = queries.connection_health(request.tenant)
    context = {
        "connections": found,
        "running": any(health.is_running for health in found),
        "icons": ICONS,
        "kinds": [(kind, label, ICONS[kind], ABOUT[kind]) for kind, label in Connection.Kind.choices],
    }
    template = "sync/connections.html#cards" if wants_fragment(request) else "sync/connections.html"
    return render(request, template, context)


@require_GET
@member_required()
def connection(request: TenantRequest, pk: int) -> HttpResponse:
    """One connection: state, banks, newest runs, what could not be read."""
    if wants_fragment(request) and queries.is_removed(request.tenant, pk):
        # Somebody removed it while this page was open, and the page reads itself again: let it go where the others are.
        return HttpResponse(
            headers={"HX-Redirect": reverse("sync:connections", kwargs={"slug": request.tenant.slug})}
        )
    row = one(request, pk)
    health = next(each for each in queries.connection_health(request.tenant) if each.pk == row.pk)
    runs = list(queries.runs(request.tenant, connection_id=row.pk).order_by("-created_at", "-id")[:8])
    context = {
        "connection": row,
        "health": health,
        "icon": ICONS[row.kind],
        "runs": runs,
        "polling": any(run.is_open for run in runs),
        "unreadable": queries.unreadable(row)[:20],
        "budget": queries.request_budget(row),
    }
    part = "#runs" if asks_for(request, "run-list") else "#state" if wants_fragment(request) else ""
    return render(request, f"sync/connection.html{part}", context)


@require_POST
@member_required(Capability.SYNC)
def sync_now(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Ask for a run now; asking twice is the same run."""
    row = one(request, pk)
    try:
        services.request_sync(
            connection=row, reason=SyncRun.Reason.PERSON, full="full" in request.POST, access=request.access
        )
    except services.NotReady as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("The synchronisation is on its way."))
    return back(request, row)


@require_POST
@member_required(Capability.SYNC)
def test(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Ask upstream whether the credentials work."""
    row = one(request, pk)
    try:
        messages.success(request, services.test_connection(connection=row, actor=request.access))
    except UpstreamError as error:
        messages.error(request, say(error))
    return back(request, row)


@require_POST
@member_required(Capability.WRITE)
def change_state(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Pause or resume a connection."""
    row = one(request, pk)
    if request.POST.get("to") == "paused":
        services.pause(connection=row, actor=request.access)
        messages.success(
            request, _("Paused. What has arrived is kept; nothing new is read until you resume it.")
        )
    else:
        services.resume(connection=row, actor=request.access)
        messages.success(request, _("Resumed."))
    return back(request, row)


@require_POST
@member_required(Capability.WRITE)
def rename(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Give the connection another name."""
    row = one(request, pk)
    try:
        services.rename(connection=row, name=request.POST.get("name", ""), actor=request.access)
    except ValueError:
        messages.error(request, _("Type a name first."))
    else:
        messages.success(request, _("Saved."))
    return back(request, row)


@require_POST
@member_required(Capability.WRITE)
def remove(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Remove a connection: its credentials are destroyed, its facts stay."""
    row = one(request, pk)
    services.remove(connection=row, actor=request.access)
    text = _("%(name)s was removed. What it brought stays; its credentials are destroyed.")
    messages.success(request, text % {"name": row})
    return redirect("sync:connections", slug=request.tenant.slug)


@require_GET
@member_required()
def runs(request: TenantRequest) -> HttpResponse:
    """Every attempt, newest first."""
    asked = request.GET.get("connection", "")
    connection_id = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else None
    status = request.GET.get("status", "")
    page = page_at(
        request.GET.get("cursor"),
        lambda cursor: queries.run_page(
            request.tenant, cursor=cursor, connection_id=connection_id, status=status
        ),
    )
    context = {
        "page": page,
        "polling": any(run.is_open for run in page.rows),
        "statuses": SyncRun.Status.choices,
        "connections": Connection.objects.filter(tenant=request.tenant),
    }
    return render(request, "sync/runs.html#rows" if wants_fragment(request) else "sync/runs.html", context)


@require_GET
@member_required()
def run(request: TenantRequest, pk: int) -> HttpResponse:
    """One attempt: what was read, where the time went, what went wrong."""
    row = owned(SyncRun.objects.select_related("connection"), tenant=request.tenant, pk=pk)
    template = "sync/run.html#body" if wants_fragment(request) else "sync/run.html"
    return render(request, template, {"run": row})
