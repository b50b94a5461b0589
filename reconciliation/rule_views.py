"""Pages of rules: their order, what each says, what it would do, and what its runs did. Views translate: see `reconciliation.rules`."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ledger.models import Transaction
from lib.htmx import asks_for, wants_fragment
from reconciliation import forms, screens
from reconciliation.models import Rule, RuleRun
from reconciliation.rules import conditions, drafts, queries, running, services, words
from reconciliation.rules.conditions import Unusable
from reconciliation.rules.services import MayNotAct, needs
from reconciliation.tabs import tabs
from tenants.access import TenantRequest, member_required, owned
from tenants.models import Capability

AT_ONCE: Final = timedelta(seconds=3)  # of work while somebody waits; a worker does the rest
SHOWN: Final = ("act", "earlier", "person", "nothing_clear")
Row = dict[str, Any]


def _said(rule: Rule, accounts: dict[int, str]) -> str:
    """Return what the rule says; "" when what is stored is no condition any more."""
    try:
        return words.told(conditions.parse(rule.conditions), accounts)
    except Unusable:
        return ""


def _accounts(request: TenantRequest) -> dict[int, str]:
    return {row.pk: str(row) for row in screens.accounts(request.tenant)}


def _row(request: TenantRequest, rule: Rule, accounts: dict[int, str]) -> Row:
    return {
        "rule": rule,
        "said": _said(rule, accounts),
        "tried": rule.dry_run_version == rule.version,
        "may_act": queries.may_act(rule),
        "may_edit": request.access.may(needs(rule.action)),
    }


@require_GET
@member_required()
def rules(request: TenantRequest) -> HttpResponse:
    """The rules in their order, and the latest runs of all of them; as a whole page or as its list alone."""
    if asks_for(request, "rules"):
        return render(request, "reconciliation/rules.html#rows", _listed(request))
    return render(request, "reconciliation/rules.html", _listed(request) | {"tabs": tabs(request, "rules")})


def _listed(request: TenantRequest) -> Row:
    found, accounts = queries.ordered(request.tenant), _accounts(request)
    latest = queries.latest(found)
    rows = [
        _row(request, rule, accounts)
        | {
            "last": next((run for run in latest.get(rule.pk, []) if not run.dry), None),
            "place": place,
            "first": place == 1,
            "final": place == len(found),
        }
        for place, rule in enumerate(found, 1)
    ]
    return {
        "rows": rows,
        "runs": _runs(request, queries.runs(request.tenant)),
        "may_decide": request.access.may(Capability.DECIDE),
    }


def _runs(request: TenantRequest, found: list[RuleRun]) -> list[Row]:
    back = {RuleRun.Status.OPEN, RuleRun.Status.DONE, RuleRun.Status.STOPPED}
    return [
        {
            "run": run,
            "undoable": run.status in back and bool(run.hits) and request.access.may(needs(run.action)),
        }
        for run in found
    ]


def _rule(request: TenantRequest, pk: int) -> Rule:
    return owned(Rule.objects.filter(removed_at=None), tenant=request.tenant, pk=pk)


@require_GET
@member_required()
def rule(request: TenantRequest, pk: int) -> HttpResponse:
    """One rule: what it says, what its trial found, and its runs with their way back."""
    row, accounts = _rule(request, pk), _accounts(request)
    latest = queries.latest([row]).get(row.pk, [])
    trial = next((run for run in latest if run.dry), None)
    history = _runs(request, queries.runs(request.tenant, row))
    unfinished = {RuleRun.Status.OPEN, RuleRun.Status.UNDOING}
    context = _row(request, row, accounts) | {
        "trial": trial,
        "fresh": trial is not None and trial.version == row.version,
        "found": _examples(request, trial) if trial else [],
        "runs": history,
        "busy": any(run.status in unfinished for run in latest) or any(one["run"].status in unfinished for one in history),
    }  # fmt: skip
    part = "#state" if wants_fragment(request) else ""
    return render(request, f"reconciliation/rule.html{part}", context)


def _examples(request: TenantRequest, run: RuleRun) -> list[Row]:
    """Return what the run found, by what would happen: how many, and some of the lines."""
    known = queries.lines(request.tenant, [pk for name in SHOWN for pk in run.examples.get(name, [])])
    counts = {
        "act": run.hits,
        "earlier": run.by_earlier,
        "person": run.by_person,
        "nothing_clear": run.nothing_clear,
    }
    return [
        {
            "name": name,
            "count": counts[name],
            "lines": [known[pk] for pk in run.examples.get(name, []) if pk in known],
        }
        for name in SHOWN
        if counts[name]
    ]


# --- writing one -------------------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
@member_required(Capability.DECIDE)
def rule_form(request: TenantRequest, pk: int | None = None) -> HttpResponseBase:
    """A new rule, or one to be changed. Buttons that add and take off comparisons draw the form anew; only `save` keeps it."""
    row = _rule(request, pk) if pk is not None else None
    if row is not None:
        request.access.require(needs(row.action))
    if request.method == "GET":
        return _form(request, row, *_begun(request, row), {})
    values = {name: request.POST.get(name, "").replace("\x00", "") for name in ("name", "action", "category")}
    keeps = row is not None and "keep" in request.POST
    draft = None if keeps else drafts.posted(request.POST)
    do = request.POST.get("do", "save")
    if do != "save" and draft is not None:
        return _form(request, row, values, drafts.changed(draft, do), {})
    try:
        saved = _save(request, row, values, draft)
    except ValidationError as error:
        return _form(request, row, values, draft, _problems(error))
    url = reverse("reconciliation:rule", kwargs={"slug": request.tenant.slug, "pk": saved.pk})
    if wants_fragment(request):
        return HttpResponse(headers={"HX-Redirect": url})
    return redirect(url)


def _begun(request: TenantRequest, row: Rule | None) -> tuple[dict[str, str], drafts.Draft | None]:
    """Return what the form begins with: the rule; or, for a new one, a bank line (`?line=`) of which all alike are to be booked."""
    asked = forms.number(request.GET.get("line", "")) if row is None else None
    line = Transaction.objects.filter(tenant=request.tenant, pk=asked).first() if asked else None
    if line is None:
        return _values(row), _draft(row)
    category = line.category_override or line.category
    name = (line.name_override or line.counterparty_name or category)[:80]
    draft = drafts.like(
        name=line.name_override or line.counterparty_name,
        document=line.counterparty_document,
        text=line.description,
        direction="in" if line.amount > 0 else "out",
    )
    return {"name": name, "action": Rule.Action.BOOK, "category": category}, draft


def _values(row: Rule | None) -> dict[str, str]:
    if row is None:
        return {"name": "", "action": Rule.Action.CATEGORISE, "category": ""}
    return {"name": row.name, "action": row.action, "category": row.category}


def _draft(row: Rule | None) -> drafts.Draft | None:
    """Return the form's conditions; None for a rule whose conditions the form cannot show: they stay as they are."""
    if row is None:
        return drafts.Draft()
    try:
        return drafts.of(conditions.parse(row.conditions))
    except Unusable:
        return drafts.Draft()


def _save(
    request: TenantRequest, row: Rule | None, values: dict[str, str], draft: drafts.Draft | None
) -> Rule:
    """Return the rule as it is kept. Raises ValidationError."""
    if values["action"] not in Rule.Action.values:
        raise ValidationError({"action": _("Choose what the rule does.")})
    if len(values["name"]) > 80 or len(values["category"]) > 80:
        raise ValidationError({"name": _("Names and categories have 80 characters at most.")})
    fields: dict[str, Any] = dict(values)
    try:
        # Written in another way the same condition is no other rule: it need not be tried again.
        if draft is not None and not (row is not None and drafts.same(draft, row.conditions)):
            fields["conditions"] = draft.as_json()
    except Unusable as error:
        raise ValidationError({"conditions": words.sentence(error)}) from error
    except ValidationError as error:
        raise ValidationError({"conditions": error.messages}) from error
    if row is not None:
        return services.change(access=request.access, rule=row, fields=fields)
    return services.create(access=request.access, fields=fields | {"is_active": False})


def _problems(error: ValidationError) -> dict[str, str]:
    if hasattr(error, "error_dict"):
        return {name: " ".join(said) for name, said in error.message_dict.items()}
    return {"name": " ".join(error.messages)}


def _form(
    request: TenantRequest, row: Rule | None, values: dict[str, str], draft: drafts.Draft | None, problems: dict[str, str]
) -> HttpResponse:  # fmt: skip
    actions = [(value, label) for value, label in Rule.Action.choices if request.access.may(needs(value))]
    context = {
        "rule": row, "values": values, "draft": draft and drafts.numbered(draft), "problems": problems, "actions": actions,
        "kinds": [(kind, label) for kind, (_field, _op, label) in drafts.KINDS.items()],
        "accounts": [(str(one.pk), str(one)) for one in screens.accounts(request.tenant)],
        "said": _said(row, _accounts(request)) if row is not None and draft is None else "",
        "several": draft is not None and len(draft.groups) > 1,
    }  # fmt: skip
    part = "#editor" if wants_fragment(request) else ""
    return render(request, f"reconciliation/rule_form.html{part}", context)


# --- doing -------------------------------------------------------------------------------------------------------------------
def _do(request: TenantRequest, act: Callable[[], object], *, to: str = "") -> HttpResponseBase:
    """Do it and return to where the button was; what may not be done is said there."""
    try:
        act()
    except MayNotAct as error:
        messages.warning(request, str(error))
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    except Rule.DoesNotExist as error:
        raise Http404 from error
    return redirect(to or reverse("reconciliation:rules", kwargs={"slug": request.tenant.slug}))


def _page_of(request: TenantRequest, pk: int) -> str:
    return reverse("reconciliation:rule", kwargs={"slug": request.tenant.slug, "pk": pk})


@require_POST
@member_required(Capability.DECIDE)
def rule_move(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Put the rule at another place of the order; asked for by htmx, the list as it is then."""
    row, place = _rule(request, pk), forms.number(request.POST.get("position", "")) or 0
    fields = {"position": min(max(place, 1), 1_000)}
    done = _do(request, lambda: services.change(access=request.access, rule=row, fields=fields))
    return (
        render(request, "reconciliation/rules.html#rows", _listed(request))
        if wants_fragment(request)
        else done
    )


@require_POST
@member_required(Capability.DECIDE)
def rule_switch(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Turn a rule on or off. On goes only what was tried as it is now."""
    row, on = _rule(request, pk), request.POST.get("on") == "1"

    def act() -> None:
        if on and row.dry_run_version != row.version:
            raise MayNotAct(_("Try this rule first: it is new, or has changed since it was tried."))
        services.change(access=request.access, rule=row, fields={"is_active": on})
        messages.success(request, _("The rule is on.") if on else _("The rule is off."))

    return _do(request, act, to=_page_of(request, pk))


@require_POST
@member_required(Capability.DECIDE)
def rule_try(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Say what the rule would do. A long trial goes on in the background."""
    row = _rule(request, pk)

    def act() -> None:
        running.work(services.dry_run(access=request.access, rule=row).pk, limit=AT_ONCE)

    return _do(request, act, to=_page_of(request, pk))


@require_POST
@member_required(Capability.DECIDE)
def rule_run(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Let the rule act now, in the background."""
    row = _rule(request, pk)

    def act() -> None:
        services.run(access=request.access, rule=row)
        messages.success(request, _("The rule is at work. What it does can be taken back as a whole."))

    return _do(request, act, to=_page_of(request, pk))


@require_POST
@member_required(Capability.DECIDE)
def rule_remove(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Remove a rule. What its runs did stays, and can still be taken back."""
    row = _rule(request, pk)

    def act() -> None:
        services.remove(access=request.access, rule=row)
        messages.success(request, _("Rule “%(name)s” removed. What it did stays.") % {"name": row.name})

    return _do(request, act)


@require_POST
@member_required(Capability.DECIDE)
def rule_undo(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Take back a whole run, also of a rule that was removed."""
    row = owned(RuleRun.objects.select_related("rule"), tenant=request.tenant, pk=pk)

    def act() -> None:
        done = running.work(services.undo(access=request.access, run=row).pk, limit=AT_ONCE)
        if done.status != RuleRun.Status.UNDONE:
            messages.info(request, _("Being taken back. This page says when it is done."))
        else:
            messages.success(request, _("Taken back."))

    return _do(request, act, to="" if row.rule.removed_at else _page_of(request, row.rule_id))
