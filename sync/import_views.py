"""One imported file: what was understood, which column is what, which account it is of; stored, undone, thrown away."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from ledger.models import Account
from lib.htmx import wants_fragment
from sync import accounts, imports
from sync.imports import NEW, Question
from sync.models import FileImport
from sync.providers.statement import StatementError
from sync.words import tell
from tenants.access import TenantRequest, member_required, owned
from tenants.models import Capability


class HomesForm(forms.Form):
    """Which account each account of the file is. Where there is doubt nothing is chosen beforehand, and an answer is needed."""

    def __init__(self, questions: list[Question], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.questions = questions
        for number, question in enumerate(questions):
            self.fields[_field(number)] = forms.ChoiceField(
                label=_("Account") if len(questions) == 1 else question.title,
                choices=_choices(question),
                initial="" if question.chosen is None else str(question.chosen),
                error_messages={"required": _("Say which account this is.")},
            )

    @property
    def unsure(self) -> list[Question]:
        """Return the questions that only a person can answer."""
        return [question for question in self.questions if question.chosen is None]

    def homes(self) -> dict[str, int]:
        """Return the answers: key of the file's account → number of ours, or NEW."""
        return {
            question.key: int(self.cleaned_data[_field(number)])
            for number, question in enumerate(self.questions)
        }


def _field(number: int) -> str:
    return f"account-{number}" if number else "account"


def _choices(question: Question) -> list[tuple[str, str]]:
    asked = [("", _("Choose…"))] if question.chosen is None else []
    own = [(str(account.pk), _named(account)) for account in question.candidates]
    return [*asked, *own, (str(NEW), _("A new account for this file"))]


def _named(account: Account) -> str:
    title = accounts.title(accounts.named(account))
    return f"{account} ({title})" if title and title not in str(account) else str(account)


def _one(request: TenantRequest, pk: int) -> FileImport:
    rows = FileImport.objects.select_related("tenant", "account", "user").defer("content")
    return owned(rows, tenant=request.tenant, pk=pk)


def _back(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Return to the file, or to all files when somebody has thrown this one away."""
    if FileImport.objects.filter(pk=pk).exists():
        return redirect("sync:import_preview", slug=request.tenant.slug, pk=pk)
    return redirect("sync:import", slug=request.tenant.slug)


@require_http_methods(["GET", "POST"])
@member_required(Capability.WRITE)
def import_preview(request: TenantRequest, pk: int) -> HttpResponseBase:
    """What was understood of a file: rows, sums, warnings; for a CSV also which column is what. POST reads it again that way."""
    row = _one(request, pk)
    if request.method == "POST":
        try:
            imports.request_columns(file_import=row, mapping=_mapping(request))
        except StatementError as error:
            messages.error(request, tell(error))
        return _back(request, row.pk)
    return _page(request, row, HomesForm(imports.questions(row)))


def _page(request: TenantRequest, row: FileImport, form: HomesForm) -> HttpResponse:
    may_store = row.rows > 0 and not row.work and row.status != FileImport.Status.STORED
    context = {
        "row": row,
        "shown": imports.shown(row),
        "form": form,
        "may_store": may_store,
        "may_map": row.kind == "csv" and not row.work and row.status != FileImport.Status.STORED,
        "may_discard": not row.work and row.status in (FileImport.Status.PREVIEW, FileImport.Status.FAILED),
    }
    template = "sync/import_preview.html#body" if wants_fragment(request) else "sync/import_preview.html"
    return render(request, template, context)


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
    row = _one(request, pk)
    form = HomesForm(imports.questions(row), request.POST)
    if not form.is_valid():
        messages.error(request, _("Say which account this is."))
        return _page(request, row, form)
    try:
        stored = imports.request_store(file_import=row, homes=form.homes(), access=request.access)
    except StatementError as error:
        messages.error(request, tell(error))
        return _back(request, row.pk)
    if not stored.work:
        text = ngettext("%(n)d new line stored.", "%(n)d new lines stored.", stored.new_rows)
        messages.success(request, text % {"n": stored.new_rows})
    return _back(request, row.pk)


@require_POST
@member_required(Capability.WRITE)
def import_undo(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Take an import back."""
    row = _one(request, pk)
    try:
        voided = imports.request_undo(file_import=row, access=request.access)
    except StatementError as error:
        messages.error(request, tell(error))
    else:
        if voided is not None:
            text = ngettext(
                "Undone: %(n)d line counts no more.", "Undone: %(n)d lines count no more.", voided
            )
            messages.success(request, text % {"n": voided})
    return _back(request, row.pk)


@require_POST
@member_required(Capability.WRITE)
def import_discard(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Throw a file away that was only looked at."""
    row = _one(request, pk)
    try:
        imports.discard(file_import=row, access=request.access)
    except StatementError as error:
        messages.error(request, tell(error))
        return _back(request, row.pk)
    messages.success(request, _("Thrown away. Nothing of the file was stored."))
    return redirect("sync:import", slug=request.tenant.slug)
