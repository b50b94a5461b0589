"""Deciding on the workbench. Each answer is the next line, a toast with the way back, and a bell for the other parts of the page."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from ledger.models import Customer, Transaction
from lib.htmx import wants_fragment
from reconciliation import forms, screens, services
from reconciliation.models import Match
from reconciliation.services import KeyReused, Outcome, Refused
from reconciliation.views import back_to, desk_of, filters_of, frame
from tenants.access import TenantRequest, member_required, owned
from tenants.models import Capability

Act = Callable[[], Outcome]


def _decide(act: Act) -> tuple[Outcome | None, str]:
    """Return what was decided, or None and a sentence that says why nothing was. Raises Http404 when nothing that was named exists."""
    try:
        return act(), ""
    except Refused as error:
        if {one.code for one in error.refusals} == {"not_found"}:
            raise Http404 from error
        return None, str(error)
    except KeyReused:
        return None, _("This was sent before with other contents. Open the dialog again.")
    except ValidationError as error:
        return None, " ".join(error.messages)
    except IntegrityError:
        # The database's own guard: facts moved between our check and the commit.
        return None, _("This has just changed. Look again.")


def _undo_url(request: TenantRequest, outcome: Outcome) -> str:
    url = reverse("reconciliation:undo", kwargs={"slug": request.tenant.slug})
    named = f"run={outcome.run}" if outcome.run else f"match={outcome.decided[0]}"
    return f"{url}?{named}"


def _answer(
    request: TenantRequest,
    said: str,
    *,
    tone: str,
    undo: str = "",
    show: int | None = None,
    done: bool = True,
) -> HttpResponseBase:
    """Return the desk with the line to go on with, and what was done as a toast; without htmx the workbench itself."""
    if not wants_fragment(request):
        {"good": messages.success, "bad": messages.error}.get(tone, messages.warning)(
            request, said, extra_tags=undo
        )
        return redirect(back_to(request, line=show, match=None, run=None))
    context: dict[str, Any] = frame(request) | {"line": None, "nothing": True}
    if show is not None:
        context = frame(request) | desk_of(request, show)
    response = render(request, "reconciliation/_desk.html", context)
    toast: dict[str, Any] = {"text": said, "tone": tone}
    if undo:
        toast["undo"] = {"url": undo, "label": _("Undo")}
    bells: dict[str, Any] = {"toast": toast, "bench-changed": {"line": show}}
    if done:
        bells["bench-done"] = {}
    response["HX-Trigger"] = json.dumps(bells)
    return response


def _next(request: TenantRequest, line: int | None) -> int | None:
    return screens.after(request.tenant, filters_of(request), line) if line else None


def _still_open(request: TenantRequest, line: int | None) -> int | None:
    """Return the line while it is open; the next one when somebody else has just settled it: it steps aside."""
    if line is None or screens.line(request.tenant, line):
        return line
    return _next(request, line)


@require_POST
@member_required(Capability.DECIDE)
def confirm(request: TenantRequest) -> HttpResponseBase:
    """Confirm one proposal and go on with the next line."""
    return _one(request, services.confirm, _("Confirmed."))


@require_POST
@member_required(Capability.DECIDE)
def reject(request: TenantRequest) -> HttpResponseBase:
    """Reject one proposal for good. Its line stays: something else may fit."""
    return _one(request, services.reject, _("Rejected. It will not be suggested again."), stay=True)


def _one(
    request: TenantRequest, verb: Callable[..., Outcome], said: str, *, stay: bool = False
) -> HttpResponseBase:
    pk, line = forms.number(request.POST.get("match", "")), forms.number(request.POST.get("line", ""))
    if pk is None:
        raise Http404
    key = forms.key_of(request.POST)
    outcome, problem = _decide(lambda: verb(access=request.access, matches=[pk], key=key and f"{key}/{pk}"))
    if outcome is None:
        return _answer(request, problem, tone="warn", show=_still_open(request, line), done=False)
    show = line if stay else _next(request, line)
    return _answer(request, said, tone="good", undo=_undo_url(request, outcome), show=show)


@require_POST
@member_required(Capability.DECIDE)
def undo(request: TenantRequest) -> HttpResponseBase:
    """Take back one match, a bulk, or (named nothing) this person's latest decision; its line is on the desk again."""
    pk, run = forms.number(request.GET.get("match", "")), forms.number(request.GET.get("run", ""))
    if pk is None and run is None:
        latest = screens.latest_of(request.tenant, request.user)
        if latest is None:
            return _answer(
                request,
                _("There is nothing of yours to take back."),
                tone="warn",
                show=_shown(request),
                done=False,
            )
        pk, run = latest["match"], latest["run"]
    matches = [pk] if pk and not run else []
    outcome, problem = _decide(lambda: services.undo(access=request.access, matches=matches, run=run))
    if outcome is None:
        return _answer(request, problem, tone="warn", show=_shown(request), done=False)
    said = ngettext("%(n)d match taken back.", "%(n)d matches taken back.", len(outcome.decided)) % {
        "n": len(outcome.decided)
    }
    lines = Match.objects.filter(tenant=request.tenant, pk=outcome.decided[0]).values_list(
        "lines__transaction", flat=True
    )
    return _answer(request, said, tone="good", show=lines.first())


def _shown(request: TenantRequest) -> int | None:
    return _still_open(request, forms.number(request.POST.get("line", "")))


@require_POST
@member_required(Capability.DECIDE)
def confirm_clear(request: TenantRequest) -> HttpResponseBase:
    """Confirm what the preview showed, of the kinds that stayed ticked, as one run."""
    chosen = request.POST.getlist("kinds")
    ids = [pk for kind in chosen for pk in forms.numbers(request.POST.get(f"ids-{kind}", ""))]
    key = forms.key_of(request.POST)
    outcome, problem = _decide(lambda: services.confirm(access=request.access, matches=ids, key=key))
    line = forms.number(request.POST.get("line", ""))
    if outcome is None:
        return _answer(request, problem, tone="warn", show=_still_open(request, line))
    said = ngettext("%(n)d match confirmed.", "%(n)d matches confirmed.", len(outcome.decided)) % {
        "n": len(outcome.decided)
    }
    said += _left(outcome)
    first = screens.after(request.tenant, filters_of(request), 0)
    return _answer(
        request,
        said,
        tone="warn" if outcome.refused else "good",
        undo=_undo_url(request, outcome),
        show=first,
    )


def _left(outcome: Outcome) -> str:
    """Return how many were not decided and why the first was not; "" when all were."""
    n = len(outcome.refused)
    if not n:
        return ""
    said = ngettext("%(n)d was left open: %(why)s", "%(n)d were left open: %(why)s", n)
    return " " + said % {"n": n, "why": outcome.refused[0].message}


@require_POST
@member_required(Capability.DECIDE)
def link(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Settle a line by hand, or several at once, as the editor says."""
    owned(Transaction.objects.all(), tenant=request.tenant, pk=pk)
    lines = list(dict.fromkeys([pk, *forms.numbers(request.POST.get("lines", ""))]))
    rows = Transaction.objects.filter(tenant=request.tenant, pk__in=lines)
    total = sum(rows.values_list("amount", flat=True), Decimal(0))

    def act() -> Outcome:
        split = forms.split_of(request.POST, sign=-1 if total < 0 else 1)
        if not split.items and total:
            raise ValidationError(_("Choose at least one open item."))
        return services.link(
            access=request.access,
            lines=lines,
            items=split.items,
            adjustments=split.adjustments,
            kind="" if total else request.POST.get("mirrored", ""),
            key=forms.key_of(request.POST),
        )

    outcome, problem = _decide(act)
    if outcome is None:
        return _refused_in_dialog(request, problem)
    return _answer(
        request, _("Linked."), tone="good", undo=_undo_url(request, outcome), show=_next(request, pk)
    )


@require_POST
@member_required(Capability.DECIDE)
def book(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Settle a line, or several at once, without an open item, and give them a category if one is said."""
    owned(Transaction.objects.all(), tenant=request.tenant, pk=pk)
    lines = list(dict.fromkeys([pk, *forms.numbers(request.POST.get("lines", ""))]))
    category, key = request.POST.get("category", ""), forms.key_of(request.POST)
    outcome, problem = _decide(
        lambda: services.book(access=request.access, lines=lines, category=category, key=key)
    )
    if outcome is None:
        return _refused_in_dialog(request, problem)
    done = len(outcome.decided)
    said = ngettext("%(n)d line settled without an open item.", "%(n)d lines settled without an open item.", done) % {"n": done}  # fmt: skip
    return _answer(
        request,
        said + _left(outcome),
        tone="warn" if outcome.refused else "good",
        undo=_undo_url(request, outcome),
        show=_next(request, pk),
    )


@require_POST
@member_required(Capability.DECIDE)
def map_payer(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Remember that who paid this line pays for a customer."""
    row = owned(Transaction.objects.all(), tenant=request.tenant, pk=pk)
    chosen = forms.number(request.POST.get("customer", ""))
    if chosen is None:
        return _refused_in_dialog(request, _("Choose the customer first."))
    customer = owned(Customer.objects.all(), tenant=request.tenant, pk=chosen)
    name = row.name_override or row.counterparty_name
    try:
        services.map_payer(
            access=request.access, customer=customer, document=row.counterparty_document, name=name
        )
    except ValidationError as error:
        return _refused_in_dialog(request, " ".join(error.messages))
    said = _("Remembered: %(payer)s pays for %(customer)s. The line is looked at again.") % {
        "payer": name or row.counterparty_document,
        "customer": customer.name,
    }
    return _answer(request, said, tone="good", show=_still_open(request, pk))


def _refused_in_dialog(request: TenantRequest, problem: str) -> HttpResponseBase:
    if not wants_fragment(request):
        messages.warning(request, problem)
        return redirect(back_to(request))
    response: HttpResponse = render(request, "reconciliation/_problem.html", {"problem": problem})
    response["HX-Retarget"] = "#bench-problem"
    response["HX-Reswap"] = "innerHTML"
    return response
