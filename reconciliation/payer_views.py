"""Known payers: who pays for whom, how often that was right, and how a person says or changes it. Nothing is ever deleted."""

from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ledger import lists
from ledger.lists.filters import labels
from ledger.models import Customer
from lib import clock, documents
from lib.htmx import wants_fragment
from lib.keyset import CursorError, Page
from lib.text import clean
from reconciliation import forms, queries, screens, services
from reconciliation.lists import PAYERS
from reconciliation.models import ClientMapping
from reconciliation.tabs import tabs
from tenants.access import TenantRequest, member_required, owned
from tenants.models import Capability

PAGE: Final = 50
Row = dict[str, Any]


@require_GET
@member_required()
def payers(request: TenantRequest) -> HttpResponse:
    """Who pays for whom, as a whole page or as its rows alone."""
    filters = lists.parse(PAYERS, request.GET, today=clock.today(request.tenant.zone))
    context = {
        "spec": PAYERS, "page": _page(request, filters), "query": request.GET.urlencode(),
        "narrowed": bool(filters.active.keys() - {"state"}) or filters.active.get("state", "used") != "used",
        "choices": [(one, labels(one), request.GET.get(one.name, "") or one.default) for one in PAYERS.choices],
        "sorts": [(key, label) for key, (label, _columns) in PAYERS.orders.items()],
        "customer": Customer.objects.filter(tenant=request.tenant, pk=int(filters.active["customer"])).first()
        if "customer" in filters.active
        else None,
        "may_decide": request.access.may(Capability.DECIDE), "tabs": tabs(request, "payers"),
    }  # fmt: skip
    if not wants_fragment(request):
        for problem in filters.problems:
            messages.warning(request, problem.message)
    part = "#rows" if wants_fragment(request) else ""
    response = render(request, f"reconciliation/payers.html{part}", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _page(request: TenantRequest, filters: lists.Filters) -> Page[Row]:
    try:
        return queries.payers(request.tenant, filters, limit=PAGE, cursor=request.GET.get("cursor") or None)
    except CursorError:
        messages.warning(request, _("That page link is from another list, so here is the first page."))
        return queries.payers(request.tenant, filters, limit=PAGE)


def _one(request: TenantRequest, pk: int) -> ClientMapping:
    return owned(ClientMapping.objects.select_related("customer"), tenant=request.tenant, pk=pk)


@require_http_methods(["GET", "POST"])
@member_required(Capability.DECIDE)
def payer_form(request: TenantRequest, pk: int | None = None) -> HttpResponseBase:
    """Say who pays for whom, or change what is known."""
    row = _one(request, pk) if pk is not None else None
    if request.method == "GET":
        values = {"name": row.payer_name, "document": documents.pretty(row.payer_document)} if row else {}
        return _form(request, row, values, [row.customer] if row else [], {})
    values = {name: clean(request.POST.get(name, ""), 160) for name in ("name", "document", "find")}
    chosen = forms.number(request.POST.get("customer", ""))
    found = screens.customers(request.tenant, values["find"])
    if "look" in request.POST:
        return _form(request, row, values, found, {})
    customer = Customer.objects.filter(tenant=request.tenant, pk=chosen).first() if chosen else None
    try:
        saved = _save(request, row, customer, values)
    except ValidationError as error:
        problems = error.message_dict if hasattr(error, "error_dict") else {"name": error.messages}
        shown = [customer] if customer else found
        return _form(request, row, values, shown, {name: " ".join(said) for name, said in problems.items()})
    messages.success(
        request,
        _("Remembered: %(payer)s pays for %(customer)s.")
        % {"payer": saved.payer, "customer": saved.customer},
    )
    return redirect("reconciliation:payers", slug=request.tenant.slug)


def _save(
    request: TenantRequest, row: ClientMapping | None, customer: Customer | None, values: dict[str, str]
) -> ClientMapping:
    """Return what is known from now on. Raises ValidationError."""
    document = documents.normalize(values["document"])
    if document and not (documents.is_cpf(document) or documents.is_cnpj(document)):
        raise ValidationError({"document": _("This is no CPF or CNPJ. Leave it empty to go by the name.")})
    if customer is None:
        raise ValidationError({"customer": _("Choose the customer first.")})
    named: dict[str, Any] = {"customer": customer, "document": document, "name": values["name"]}
    if row is None:
        return services.map_payer(access=request.access, **named)
    return services.change_payer(access=request.access, mapping=row, **named)


def _form(
    request: TenantRequest, row: ClientMapping | None, values: dict[str, str], found: list[Customer], problems: dict[str, str]
) -> HttpResponse:  # fmt: skip
    context = {
        "mapping": row, "values": values, "problems": problems, "text": values.get("find", ""),
        "found": [(one.pk, str(one)) for one in found],
    }  # fmt: skip
    return render(request, "reconciliation/payer_form.html", context)


@require_GET
@member_required(Capability.DECIDE)
def customers(request: TenantRequest) -> HttpResponse:
    """Customers by a word, for the form."""
    text = clean(request.GET.get("find", ""), 100)
    found = [(one.pk, str(one)) for one in screens.customers(request.tenant, text)]
    return render(request, "reconciliation/_customers.html", {"found": found, "text": text})


@require_POST
@member_required(Capability.DECIDE)
def payer_rest(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Use a payer no more. It stays with its history, and can be used again."""
    row = _one(request, pk)
    services.forget_payer(access=request.access, mapping=row)
    back = reverse("reconciliation:payer_use", kwargs={"slug": request.tenant.slug, "pk": pk})
    messages.success(request, _("%(payer)s is no longer used.") % {"payer": row.payer}, extra_tags=back)
    return redirect("reconciliation:payers", slug=request.tenant.slug)


@require_POST
@member_required(Capability.DECIDE)
def payer_use(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Use a payer again that rested."""
    row = _one(request, pk)
    try:
        services.map_payer(
            access=request.access,
            customer=row.customer,
            document=row.payer_document,
            name=row.payer_name or row.name_key,
        )
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    else:
        messages.success(
            request,
            _("Remembered: %(payer)s pays for %(customer)s.")
            % {"payer": row.payer, "customer": row.customer},
        )
    return redirect("reconciliation:payers", slug=request.tenant.slug)
