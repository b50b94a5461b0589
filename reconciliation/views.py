"""The workbench: the queue, one line with what it may have paid, and the dialogs. Views translate; decisions are in `reconciliation.decisions`."""

import uuid
from decimal import Decimal
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import formats
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ledger import lists
from ledger.lists import Filters
from ledger.lists.filters import labels
from ledger.models import Transaction
from lib import clock
from lib.htmx import asks_for, wants_fragment
from lib.keyset import CursorError, Page
from reconciliation import forms, queries, screens, words
from reconciliation.lists import DECIDED, QUEUE
from reconciliation.models import MatchAdjustment
from reconciliation.services.linking import DIFFERENCES
from reconciliation.tabs import tabs
from tenants.access import TenantRequest, member_required, owned
from tenants.models import Capability

PAGE: Final = 50
SEVERAL: Final = 100  # lines that are linked at once
OPEN: Final = "open"
STATUSES: Final = (OPEN, "confirmed", "rejected", "undone")


def filters_of(request: TenantRequest) -> Filters:
    """Return the filter of the queue that the address asks for."""
    return lists.parse(QUEUE, request.GET, today=clock.today(request.tenant.zone))


@require_GET
@member_required()
def workbench(request: TenantRequest) -> HttpResponse:
    """The queue and the line that is looked at, or what was decided; as a whole page or as its queue alone."""
    status = request.GET.get("status") or OPEN
    context = _listed(request, status if status in STATUSES else OPEN)
    if asks_for(request, "queue"):
        response = render(request, "reconciliation/_queue.html", context | {"fragment": True})
    else:
        response = render(
            request,
            "reconciliation/workbench.html",
            context
            | _shown(request, context)
            | _offered(request, context)
            | {"tabs": tabs(request, "workbench")},
        )
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def _listed(request: TenantRequest, status: str) -> dict[str, Any]:
    spec = QUEUE if status == OPEN else DECIDED
    filters = lists.parse(spec, request.GET, today=clock.today(request.tenant.zone))
    if not wants_fragment(request):
        for problem in filters.problems:
            messages.warning(request, problem.message)
    page = _page(request, status, filters)
    for row in page.rows:
        row["age"] = words.age(row["date"], clock.today(request.tenant.zone)) if status == OPEN else ""
        row["tone"], row["said"] = words.VERDICTS[row["verdict"]] if status == OPEN else ("", "")
    narrowed = bool(filters.active.keys() - {"status"} or filters.period)
    return {
        "spec": spec, "status": status, "is_open": status == OPEN, "filters": filters, "page": page, "narrowed": narrowed,
        "progress": screens.progress(request.tenant), "query": request.GET.urlencode(),
        "empty": "" if page.rows or narrowed else screens.emptiness(request.tenant),
        "may_decide": request.access.may(Capability.DECIDE), "today": clock.today(request.tenant.zone),
    }  # fmt: skip


def _page(request: TenantRequest, status: str, filters: Filters) -> Page[dict[str, Any]]:
    read = queries.open_lines if status == OPEN else queries.decided
    try:
        return read(request.tenant, filters, limit=PAGE, cursor=request.GET.get("cursor") or None)
    except CursorError:
        messages.warning(request, _("That page link is from another list, so here is the first page."))
        return read(request.tenant, filters, limit=PAGE, cursor=None)


def _shown(request: TenantRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Return the line of the address, else the first of the list (which a phone does not show until it is touched)."""
    rows = context["page"].rows
    if not context["is_open"]:
        return _shown_match(request, rows)
    asked = forms.number(request.GET.get("line", ""))
    if asked and not Transaction.objects.filter(tenant=request.tenant, pk=asked).exists():
        asked = None
    pk = asked or (rows[0]["transaction_id"] if rows else None)
    known = next((row for row in rows if row["transaction_id"] == pk), None)
    return {"asked": asked, "selected": pk} | (desk_of(request, pk, known) if pk else {})


def _shown_match(request: TenantRequest, rows: list[dict[str, Any]]) -> dict[str, Any]:
    asked = forms.number(request.GET.get("match", ""))
    known = next((row for row in rows if row["id"] == asked), None)
    found = known or (screens.match(request.tenant, asked) if asked else None) or (rows[0] if rows else None)
    shown = screens.explain(request.tenant, [found])[0] if found else None
    return {"asked": asked, "selected": found and found["id"], "decided": shown}


def _offered(request: TenantRequest, context: dict[str, Any]) -> dict[str, Any]:
    spec = context["spec"]
    return {
        "choices": [
            (choice, labels(choice), request.GET.get(choice.name, "") or choice.default)
            for choice in spec.choices
            if choice.name != "status"
        ],
        "statuses": [(OPEN, _("open")), *labels(DECIDED.choices[0])],
        "accounts": [(str(one.pk), str(one)) for one in screens.accounts(request.tenant)],
        "sorts": [(key, label) for key, (label, _columns) in spec.orders.items()],
    }  # fmt: skip


def desk_of(request: TenantRequest, pk: int, row: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return what the desk shows of a line: its proposals, or what became of it. Raises Http404 for a line that is not the company's."""
    row = row or screens.line(request.tenant, pk)
    if row is not None:
        today = clock.today(request.tenant.zone)
        tone, said = words.VERDICTS[row["verdict"]]
        shown = row | {"id": pk, "age": words.age(row["date"], today), "tone": tone, "said": said}
        return {
            "line": shown,
            "candidates": screens.explain(request.tenant, row["matches"]),
            "key": uuid.uuid4(),
        }
    fact = owned(Transaction.objects.all(), tenant=request.tenant, pk=pk)
    settled = screens.settled_by(request.tenant, pk)
    explained = screens.explain(request.tenant, [settled]) if settled else []
    gone = queries.line(fact) | {"age": words.age(fact.date, clock.today(request.tenant.zone))}
    return {"line": None, "gone": gone, "settled": explained[0] if explained else None}


def frame(request: TenantRequest) -> dict[str, Any]:
    """Return what every part of the workbench needs."""
    return {
        "query": request.GET.urlencode(),
        "may_decide": request.access.may(Capability.DECIDE),
        "is_open": True,
    }


def back_to(request: TenantRequest, **changed: object) -> str:
    """Return the address of the workbench with this request's filters, and these names changed (None takes one off)."""
    values = request.GET.copy()
    for name, value in changed.items():
        values.pop(name, None)
        if value is not None:
            values[name] = str(value)
    url = reverse("reconciliation:workbench", kwargs={"slug": request.tenant.slug})
    return f"{url}?{values.urlencode()}" if values else url


@require_GET
@member_required()
def line(request: TenantRequest, pk: int) -> HttpResponseBase:
    """One line on the desk; asked for as a page, the workbench with it."""
    if not wants_fragment(request):
        owned(Transaction.objects.all(), tenant=request.tenant, pk=pk)
        return redirect(back_to(request, line=pk))
    return render(request, "reconciliation/_desk.html", frame(request) | desk_of(request, pk))


@require_GET
@member_required()
def match(request: TenantRequest, pk: int) -> HttpResponseBase:
    """One decided match on the desk."""
    found = screens.match(request.tenant, pk)
    if found is None:
        raise Http404
    if not wants_fragment(request):
        return redirect(
            back_to(request, match=pk, status=found["status"] if found["status"] in STATUSES else None)
        )
    context = {"is_open": False, "decided": screens.explain(request.tenant, [found])[0]}
    return render(request, "reconciliation/_desk.html", frame(request) | context)


def _open_line(request: TenantRequest, pk: int, *, together: bool = True) -> dict[str, Any]:
    """Return the open line; with others that were selected (`?lines=`) as one of their sum: `parts` are its lines. Raises Http404.

    `together`: they are to be one match, so they have one currency.
    """
    ids = list(dict.fromkeys([pk, *forms.numbers(request.GET.get("lines", ""))]))[:SEVERAL]
    found = [row for one in ids if (row := screens.line(request.tenant, one)) is not None]
    if len(found) < len(ids) or (together and len({row["currency"] for row in found}) > 1):
        raise Http404
    row, total = found[0], sum((one["amount"] for one in found), Decimal(0))
    lines = ",".join(str(one) for one in ids)
    return row | {"id": pk, "amount": total, "parts": found if len(found) > 1 else [], "lines": lines}


@require_GET
@member_required(Capability.DECIDE)
def editor(request: TenantRequest, pk: int) -> HttpResponse:
    """The split editor: the shares and differences of a proposal to start from, or nothing yet."""
    row = _open_line(request, pk)
    asked = forms.number(request.GET.get("match", ""))
    found = next((one for one in row["matches"] if one["id"] == asked and len(one["lines"]) == 1), None)
    start = (
        _written(screens.explain(request.tenant, [found])[0], -1 if row["amount"] < 0 else 1)
        if found
        else None
    )
    context = {
        "line": row, "start": start, "kinds": [(kind, kind.label) for kind in DIFFERENCES], "lessening": " ".join(sorted(screens.LESSENING)),
        "found": screens.items(request.tenant, row, "") if row["amount"] else [], "key": uuid.uuid4(), "mirrored": not row["amount"],
    }  # fmt: skip
    return render(request, "reconciliation/_editor.html", frame(request) | context)


def _written(start: dict[str, Any], sign: int) -> dict[str, Any]:
    """Add to each share and difference how a person would write it: without a sign, which the line has; rounding keeps its own."""
    for part in [*start["items"], *start["differences"]]:
        amount = part["amount"] * sign
        shown = amount if part.get("kind") == MatchAdjustment.Kind.ROUNDING else abs(amount)
        part["written"] = formats.number_format(shown, decimal_pos=2, use_l10n=True, force_grouping=True)
    return start


@require_GET
@member_required(Capability.DECIDE)
def items(request: TenantRequest, pk: int) -> HttpResponse:
    """Open items by a word or an amount, for the editor."""
    row, text = _open_line(request, pk), _text(request)
    context = {"line": row, "found": screens.items(request.tenant, row, text), "text": text}
    return render(request, "reconciliation/_items.html", context)


@require_GET
@member_required(Capability.DECIDE)
def booking(request: TenantRequest, pk: int) -> HttpResponse:
    """Settling one line, or those that were selected, without an open item: the category that they are to have."""
    row = _open_line(request, pk, together=False)
    context = {
        "line": row, "key": uuid.uuid4(), "categories": screens.categories(request.tenant), "given": "" if row["parts"] else screens.category_of(request.tenant, pk),
    }  # fmt: skip
    return render(request, "reconciliation/_book.html", frame(request) | context)


@require_GET
@member_required(Capability.DECIDE)
def payer(request: TenantRequest, pk: int) -> HttpResponse:
    """Who pays for whom: the payer of a line, and a customer to be chosen."""
    row = _open_line(request, pk)
    names = {
        item["customer_id"]: item["name"]
        for one in row["matches"]
        for item in one["items"]
        if item["customer_id"]
    }
    context = {"line": row, "near": list(names.items())}
    return render(request, "reconciliation/_payer.html", frame(request) | context)


@require_GET
@member_required(Capability.DECIDE)
def customers(request: TenantRequest, pk: int) -> HttpResponse:
    """Customers by a word, for the payer's dialog."""
    _open_line(request, pk)
    text = _text(request)
    found = [(one.pk, one.name) for one in screens.customers(request.tenant, text)]
    return render(request, "reconciliation/_customers.html", {"found": found, "text": text})


def _text(request: TenantRequest) -> str:
    return request.GET.get("find", "").replace("\x00", "").strip()[: lists.filters.TEXT_LIMIT]


@require_GET
@member_required(Capability.DECIDE)
def clear(request: TenantRequest) -> HttpResponse:
    """What confirming all clear lines of the list would settle."""
    filters = filters_of(request)
    found = screens.clear(request.tenant, filters)
    return render(
        request,
        "reconciliation/_clear.html",
        frame(request)
        | {"found": found, "key": uuid.uuid4(), "narrowed": bool(filters.active or filters.period)},
    )


@require_GET
@member_required()
def history(request: TenantRequest) -> HttpResponse:
    """The latest decisions, each with its way back."""
    entries = screens.history(request.tenant, request.user)
    return render(request, "reconciliation/_history.html", frame(request) | {"entries": entries})
