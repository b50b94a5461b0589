"""Connecting: credentials that are tried before they are kept, and a bank's consent there and back."""

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sync import consents, hints, queries, services
from sync.models import Connection
from sync.providers.base import UpstreamError
from sync.providers.registry import FIELDS
from sync.words import say
from tenants.access import TenantRequest, member_required, owned
from tenants.models import Capability

ANOTHER: Final = "0"
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

    def __init__(
        self,
        kind: str,
        *args: object,
        named: bool = True,
        earlier: Iterable[Connection] = (),
        **kwargs: object,
    ) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if not named:
            del self.fields["name"]
        self._earlier = {str(row.pk): row for row in earlier}
        if self._earlier:
            self.fields["earlier"] = self._question()
        for field in FIELDS[kind]:
            self.fields[field.name] = forms.CharField(
                label=_(field.label),
                help_text=_(field.help),
                max_length=400,
                widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
            )

    def _question(self) -> forms.ChoiceField:
        own = [
            (pk, _("%(name)s, removed on %(day)s") % {"name": row, "day": _day(row)})
            for pk, row in self._earlier.items()
        ]
        return forms.ChoiceField(
            label=_("Is it one that you had before?"),
            choices=[*own, (ANOTHER, _("No, another account"))],
            initial=own[0][0],
            help_text=_(
                "Going on with it keeps its history in one piece; as a new one everything would count twice."
            ),
        )

    def credentials(self) -> dict[str, str]:
        """Return the credentials that were typed, without the name."""
        return {key: value for key, value in self.cleaned_data.items() if key not in ("name", "earlier")}

    def earlier(self) -> Connection | None:
        """Return the removed connection that is to be brought back, None for a new one."""
        return self._earlier.get(self.cleaned_data.get("earlier", ANOTHER))


def _day(row: Connection) -> str:
    return date_format(timezone.localtime(row.removed_at), "SHORT_DATE_FORMAT") if row.removed_at else "?"


def one(request: TenantRequest, pk: int) -> Connection:
    """Return the company's connection, or raise 404: also for one that was removed."""
    rows = Connection.objects.filter(removed_at=None).select_related("tenant", "source")
    return owned(rows, tenant=request.tenant, pk=pk)


def back(request: TenantRequest, connection: Connection) -> HttpResponseBase:
    """Return to the page of the connection."""
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


@require_http_methods(["GET", "POST"])
@member_required(Capability.WRITE)
def connect(request: TenantRequest, kind: str) -> HttpResponseBase:
    """Connect an upstream: what it is, its credentials, and a first test before anything is kept."""
    if kind not in FIELDS:
        raise Http404
    label, hint = Connection.Kind(kind).label, hints.of(kind, request.tenant.slug)
    earlier = queries.removed(request.tenant, kind)
    form = CredentialsForm(kind, request.POST or None, earlier=earlier, initial={"name": label})
    if request.method == "POST" and form.is_valid():
        known = form.earlier()
        config = known.config if known else hint.config if hint else {}
        trial = Connection(tenant=request.tenant, kind=kind, config=config)
        if _works(trial, form):
            messages.success(request, _("Connected. The first reading has begun."))
            return back(request, _connected(request, kind, form, known, config))
    context = {"form": form, "kind": kind, "label": label, "about": ABOUT[kind]}
    if hint:
        context["hint"] = [(_(field.label), hint.credentials.get(field.name, "")) for field in FIELDS[kind]]
    return render(request, "sync/connect.html", context)


def _connected(
    request: TenantRequest,
    kind: str,
    form: CredentialsForm,
    known: Connection | None,
    config: dict[str, Any],
) -> Connection:
    name, credentials = form.cleaned_data["name"], form.credentials()
    if known is None:
        return services.connect(
            tenant=request.tenant,
            kind=kind,
            name=name,
            credentials=credentials,
            config=config,
            actor=request.access,
        )
    services.reconnect(connection=known, name=name, credentials=credentials, actor=request.access)
    return known


@require_http_methods(["GET", "POST"])
@member_required(Capability.WRITE)
def credentials(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Replace the credentials; the old ones are never shown."""
    row = one(request, pk)
    form = CredentialsForm(row.kind, request.POST or None, named=False)
    if request.method == "POST" and form.is_valid():
        trial = Connection(pk=row.pk, tenant=row.tenant, kind=row.kind, name=row.name, config=row.config)
        if _works(trial, form):
            services.update_credentials(connection=row, credentials=form.credentials(), actor=request.access)
            messages.success(request, _("The new credentials work."))
            return back(request, row)
    return render(request, "sync/credentials.html", {"form": form, "connection": row})


@require_POST
@member_required(Capability.WRITE)
def bank(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Go to the bank's consent, to connect a new bank or to sign in again at one (`item`)."""
    row = one(request, pk)
    if row.kind != Connection.Kind.PLUGGY:
        raise Http404
    way = reverse("sync:bank_done", kwargs={"slug": request.tenant.slug, "pk": row.pk})
    query = urlencode({"state": consents.begin(request, row)})
    done = request.build_absolute_uri(f"{way}?{query}")
    try:
        url = services.start_bank_connection(
            connection=row, access=request.access, callback=done, item_id=request.POST.get("item") or None
        )
    except UpstreamError as error:
        messages.error(request, say(error))
        return back(request, row)
    # A page with a link, not a redirect: our policy lets forms lead nowhere but here.
    return render(request, "sync/bank.html", {"connection": row, "url": url})


@require_GET
@member_required(Capability.WRITE)
def bank_done(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Where the bank's consent comes back to. It changes something on GET, so only the state that was sent along opens it, once."""
    row = one(request, pk)
    item = request.GET.get("itemId", "")
    if not consents.end(request, row, request.GET.get("state", "")):
        messages.error(
            request,
            _(
                "This way back from the bank was used already or is too old. Connect the bank again from here."
            ),
        )
        return back(request, row)
    if not item:
        messages.warning(request, _("The bank was not connected. Nothing was changed; you can try again."))
        return back(request, row)
    try:
        services.finish_bank_connection(connection=row, item_id=item, access=request.access)
    except UpstreamError as error:
        messages.error(request, say(error))
    else:
        messages.success(request, _("The bank is connected. Its lines are being read."))
    return back(request, row)
