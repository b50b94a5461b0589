"""Importing bank files: choose or drop, look at what was understood, store."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from ledger.models import Account
from sync import imports
from sync.models import FileImport
from sync.providers.statement import MAX_BYTES, StatementError
from sync.words import say
from tenants.access import TenantRequest, member_required, owned
from tenants.models import Capability


@require_http_methods(["GET", "POST"])
@member_required(Capability.WRITE)
def import_files(request: TenantRequest) -> HttpResponseBase:
    """The drop zone and what was imported before. Each file that comes becomes a preview; nothing is stored yet."""
    if request.method == "POST":
        made = [found for file in request.FILES.getlist("files") if (found := _preview(request, file))]
        if not request.FILES:
            messages.warning(request, _("Choose a file first."))
        if len(made) == 1:
            return redirect("sync:import_preview", slug=request.tenant.slug, pk=made[0].pk)
        return redirect("sync:import", slug=request.tenant.slug)
    recent = (
        FileImport.objects.filter(tenant=request.tenant)
        .defer("content")
        .select_related("account", "user")[:20]
    )
    return render(request, "sync/import.html", {"recent": recent, "max_bytes": MAX_BYTES})


def _preview(request: TenantRequest, file: Any) -> FileImport | None:
    """Return what was understood of one file, or say in a message why nothing was."""
    name = (file.name or "")[:200]
    if file.size and file.size > MAX_BYTES:
        messages.error(request, _("%(name)s is larger than 50 MB. Export a shorter period.") % {"name": name})
        return None
    try:
        return imports.preview(tenant=request.tenant, user=request.user, name=name, data=file.read())
    except StatementError as error:
        messages.error(request, f"{name}: {say(error)}")
        return None


class StoreForm(forms.Form):
    """Which account the file belongs to."""

    account = forms.ModelChoiceField(
        Account.objects.none(),
        label=gettext_lazy("Account"),
        empty_label=gettext_lazy("A new account for this file"),
        required=False,
    )

    def __init__(self, tenant: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["account"].queryset = Account.objects.filter(tenant=tenant, void_at=None).order_by("name")  # type: ignore[attr-defined]


@require_http_methods(["GET", "POST"])
@member_required(Capability.WRITE)
def import_preview(request: TenantRequest, pk: int) -> HttpResponseBase:
    """What was understood of a file: rows, sums, warnings; for a CSV also which column is what. POST reads it again that way."""
    row = owned(FileImport.objects.select_related("account", "user"), tenant=request.tenant, pk=pk)
    if request.method == "POST":
        try:
            imports.remap(file_import=row, mapping=_mapping(request))
        except StatementError as error:
            messages.error(request, say(error))
        return redirect("sync:import_preview", slug=request.tenant.slug, pk=row.pk)
    context = {
        "row": row,
        "shown": imports.shown(row),
        "form": StoreForm(request.tenant, initial={"account": row.account}),
    }
    return render(request, "sync/import_preview.html", context)


def _mapping(request: HttpRequest) -> dict[str, Any]:
    """Return the column mapping that the form says: column name → position, texts of several columns as a list."""
    found: dict[str, Any] = {}
    for name, _label in imports.COLUMNS:
        value = request.POST.get(name, "")
        if value.isascii() and value.isdigit() and len(value) < 4:
            found[name] = [int(value)] if name == "description" else int(value)
    if request.POST.get("date_order") in {"dmy", "mdy"}:  # ISO days are understood in either order
        found["date_order"] = request.POST["date_order"]
    found["purchases_positive"] = "purchases_positive" in request.POST
    return found


@require_POST
@member_required(Capability.WRITE)
def import_store(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Store a file that was looked at. Lines that are already there are counted, never doubled."""
    row = owned(FileImport.objects.all(), tenant=request.tenant, pk=pk)
    form = StoreForm(request.tenant, request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose one of your accounts."))
        return redirect("sync:import_preview", slug=request.tenant.slug, pk=row.pk)
    try:
        stored = imports.store_import(
            file_import=row, account=form.cleaned_data["account"], access=request.access
        )
    except StatementError as error:
        messages.error(request, say(error))
    else:
        text = ngettext("%(n)d new line stored.", "%(n)d new lines stored.", stored.new_rows) % {
            "n": stored.new_rows
        }
        messages.success(request, text)
    return redirect("sync:import_preview", slug=request.tenant.slug, pk=row.pk)
