"""Pages of synchronisation: connections and their banks, runs. Importing files is in `upload_views`."""

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lib.htmx import wants_fragment
from lib.keyset import CursorError
from sync import queries, services
from sync.models import Connection, SyncRun
from sync.providers.base import UpstreamError
from sync.providers.registry import FIELDS
from sync.words import say
from tenants.access import TenantRequest, member_required, owned
from tenants.models import Capability

ICONS = {"gestaoclick": "store", "pluggy": "landmark", "advbox": "scale"}
ABOUT = {
    "gestaoclick": gettext_lazy("Sales, customers, products, receivables and payables of the ERP."),
    "pluggy": gettext_lazy("Bank accounts and cards through Open Finance, several banks in one connection."),
    "advbox": gettext_lazy("Customers, fees and expenses of a law office."),
}


class CredentialsForm(forms.Form):
    """Name and credentials of a connection. Credentials go in and never come out."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=80, help_text=gettext_lazy("What you want to call it.")
    )

    def __init__(self, kind: str, *args: object, named: bool = True, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if not named:
            del self.fields["name"]
        for field in FIELDS[kind]:
            self.fields[field.name] = forms.CharField(
                label=_(field.label),
                help_text=_(field.help),
                max_length=400,
                widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
            )

    def credentials(self) -> dict[str, str]:
        """Return the credentials that were typed, without the name."""
        return {key: value for key, value in self.cleaned_data.items() if key != "name"}


def _one(request: TenantRequest, pk: int) -> Connection:
    return owned(Connection.objects.select_related("tenant", "source"), tenant=request.tenant, pk=pk)


def _back(request: TenantRequest, connection: Connection) -> HttpResponseBase:
    return redirect("sync:connection", slug=request.tenant.slug, pk=connection.pk)


def _works(trial: Connection, form: CredentialsForm) -> bool:
    """Return whether upstream takes the typed credentials; if not, the form says why. Nothing is stored by trying."""
    trial.set_credentials(form.credentials())
    try:
        services.test_connection(connection=trial)
    except UpstreamError as error:
        form.add_error(None, say(error))
        return False
    return True


@require_GET
@member_required()
def connections(request: TenantRequest) -> HttpResponse:
    """Every connection: how it is doing, when it was read last, and what to do."""
    kinds = [(kind, label, ICONS[kind], ABOUT[kind]) for kind, label in Connection.Kind.choices]
    context = {"connections": queries.connection_health(request.tenant), "icons": ICONS, "kinds": kinds}
    template = "sync/connections.html#cards" if wants_fragment(request) else "sync/connections.html"
    return render(request, template, context)


@require_http_methods(["GET", "POST"])
@member_required(Capability.WRITE)
def connect(request: TenantRequest, kind: str) -> HttpResponseBase:
    """Connect an upstream: what it is, its credentials, and a first test before anything is kept."""
    if kind not in FIELDS:
        raise Http404
    label = Connection.Kind(kind).label
    form = CredentialsForm(kind, request.POST or None, initial={"name": label})
    if request.method == "POST" and form.is_valid():
        trial = Connection(tenant=request.tenant, kind=kind, name=form.cleaned_data["name"])
        if _works(trial, form):
            connection = services.connect(
                tenant=request.tenant,
                kind=kind,
                name=trial.name,
                credentials=form.credentials(),
                actor=request.access,
            )
            messages.success(request, _("Connected. The first reading has begun."))
            return _back(request, connection)
    return render(
        request, "sync/connect.html", {"form": form, "kind": kind, "label": label, "about": ABOUT[kind]}
    )


@require_GET
@member_required()
def connection(request: TenantRequest, pk: int) -> HttpResponse:
    """One connection: state, banks, newest runs, what could not be read."""
    row = _one(request, pk)
    health = next(one for one in queries.connection_health(request.tenant) if one.pk == row.pk)
    context = {
        "connection": row,
        "health": health,
        "icon": ICONS[row.kind],
        "runs": queries.runs(request.tenant, connection_id=row.pk).order_by("-created_at", "-id")[:8],
        "unreadable": queries.unreadable(row)[:20],
    }
    template = "sync/connection.html#state" if wants_fragment(request) else "sync/connection.html"
    return render(request, template, context)


@require_POST
@member_required(Capability.SYNC)
def sync_now(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Ask for a run now; asking twice is the same run."""
    row = _one(request, pk)
    try:
        services.request_sync(
            connection=row, reason=SyncRun.Reason.PERSON, full="full" in request.POST, access=request.access
        )
    except services.NotReady as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("The synchronisation is on its way."))
    return _back(request, row)


@require_POST
@member_required(Capability.SYNC)
def test(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Ask upstream whether the credentials work."""
    row = _one(request, pk)
    try:
        messages.success(request, services.test_connection(connection=row, actor=request.access))
    except UpstreamError as error:
        messages.error(request, say(error))
    return _back(request, row)


@require_POST
@member_required(Capability.WRITE)
def change_state(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Pause or resume a connection."""
    row = _one(request, pk)
    if request.POST.get("to") == "paused":
        services.pause(connection=row, actor=request.access)
        messages.success(
            request, _("Paused. What has arrived is kept; nothing new is read until you resume it.")
        )
    else:
        services.resume(connection=row, actor=request.access)
        messages.success(request, _("Resumed."))
    return _back(request, row)


@require_http_methods(["GET", "POST"])
@member_required(Capability.WRITE)
def credentials(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Replace the credentials; the old ones are never shown."""
    row = _one(request, pk)
    form = CredentialsForm(row.kind, request.POST or None, named=False)
    if request.method == "POST" and form.is_valid():
        trial = Connection(pk=row.pk, tenant=row.tenant, kind=row.kind, name=row.name, config=row.config)
        if _works(trial, form):
            services.update_credentials(connection=row, credentials=form.credentials(), actor=request.access)
            messages.success(request, _("The new credentials work."))
            return _back(request, row)
    return render(request, "sync/credentials.html", {"form": form, "connection": row})


@require_POST
@member_required(Capability.WRITE)
def bank(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Go to the bank's consent, to connect a new bank or to sign in again at one (`item`)."""
    row = _one(request, pk)
    if row.kind != Connection.Kind.PLUGGY:
        raise Http404
    done = request.build_absolute_uri(
        reverse("sync:bank_done", kwargs={"slug": request.tenant.slug, "pk": row.pk})
    )
    try:
        url = services.start_bank_connection(
            connection=row, access=request.access, callback=done, item_id=request.POST.get("item") or None
        )
    except UpstreamError as error:
        messages.error(request, say(error))
        return _back(request, row)
    # A page with a link, not a redirect: our policy lets forms lead nowhere but here.
    return render(request, "sync/bank.html", {"connection": row, "url": url})


@require_GET
@member_required(Capability.WRITE)
def bank_done(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Where the bank's consent comes back to."""
    row = _one(request, pk)
    item = request.GET.get("itemId", "")
    if not item:
        messages.warning(request, _("The bank was not connected. Nothing was changed; you can try again."))
        return _back(request, row)
    try:
        services.finish_bank_connection(connection=row, item_id=item, access=request.access)
    except UpstreamError as error:
        messages.error(request, say(error))
    else:
        messages.success(request, _("The bank is connected. Its lines are being read."))
    return _back(request, row)


@require_GET
@member_required()
def runs(request: TenantRequest) -> HttpResponse:
    """Every attempt, newest first."""
    asked = request.GET.get("connection", "")
    connection_id = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else None
    status = request.GET.get("status", "")
    try:
        page = queries.run_page(
            request.tenant, cursor=request.GET.get("cursor"), connection_id=connection_id, status=status
        )
    except CursorError:
        page = queries.run_page(request.tenant, cursor=None, connection_id=connection_id, status=status)
    context = {
        "page": page,
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
