"""Pages of alerts: the rules with their state, a rule that reads like a sentence, what happened."""

from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from kpi.alerts import drafts, queries, services, words
from kpi.alerts.drafts import Draft
from kpi.alerts.queries import Told
from kpi.analysis.drivers import SPLITS
from kpi.catalog import BY_CODE
from kpi.models import AlertEvent, AlertRule
from lib import clock
from lib.keyset import Page, page_at, paginate
from tenants.access import TenantRequest, member_required, owned
from tenants.models import Capability

SHOWN = 6  # days that a trial names


def tabs(request: TenantRequest, here: str) -> list[dict[str, Any]]:
    """Return the tabs of alerts; webhooks are for who may change things."""
    places = [
        ("alerts", _("Alerts"), Capability.READ),
        ("alert_history", _("What they told"), Capability.READ),
    ]
    places += [("webhooks", _("Webhooks"), Capability.WRITE)]
    return [
        {"label": label, "url": reverse(f"kpi:{name}", kwargs={"slug": request.tenant.slug}), "active": name == here}
        for name, label, capability in places
        if request.access.may(capability)
    ]  # fmt: skip


@require_GET
@member_required()
def alerts(request: TenantRequest) -> HttpResponse:
    """The rules, each as its sentence with its state."""
    found = queries.rules(request.tenant, now=timezone.now())
    unheard = queries.unheard(
        request.tenant, [one.rule for one in found], today=clock.today(request.tenant.zone)
    )
    context = {
        "tabs": tabs(request, "alerts"),
        "rows": [_row(one) | {"unheard": one.rule.pk in unheard} for one in found],
        "may_change": request.access.may(Capability.WRITE),
    }
    return render(request, "kpi/alerts.html", context)


def _row(one: Told) -> dict[str, Any]:
    title, sentence = words.event_said(one.last) if one.last else ("", "")
    return {
        "rule": one.rule, "told": one, "state": one.state.value, "said": words.rule_said(one.rule),
        "title": title, "sentence": sentence,
    }  # fmt: skip


@require_GET
@member_required()
def alert_history(request: TenantRequest) -> HttpResponse:
    """What was told, the newest first."""
    page = _page(request, queries.history(request.tenant))
    context = {
        "tabs": tabs(request, "alert_history"),
        "page": page,
        "rows": [_told(one) for one in page.rows],
    }
    return render(request, "kpi/alert_history.html", context)


def _page(request: TenantRequest, rows: Any) -> "Page[AlertEvent]":
    return page_at(
        request.GET.get("cursor"),
        lambda cursor: paginate(rows, order=("-day", "-id"), limit=50, cursor=cursor),
    )


def _told(event: AlertEvent) -> dict[str, Any]:
    title, sentence = words.event_said(event)
    return {
        "event": event, "title": title, "sentence": sentence, "said": words.rule_said(event.rule), "untold": queries.untold(event),
    }  # fmt: skip


def _rule(request: TenantRequest, pk: int) -> AlertRule:
    rows = AlertRule.objects.filter(removed_at=None).select_related("tenant")
    return owned(rows, tenant=request.tenant, pk=pk)


@require_GET
@member_required()
def alert(request: TenantRequest, pk: int) -> HttpResponse:
    """One rule with everything that it told, and what can be done with it."""
    rule = _rule(request, pk)
    rows = queries.history(request.tenant).filter(rule=rule)
    page = _page(request, rows)
    newest = list(rows.order_by("-day", "-id")[:20])
    row = _row(queries.told(rule, newest, timezone.now(), fired=rows.count()))
    context = {
        **row,
        "row": row,
        "unheard": queries.unheard(request.tenant, [rule], today=clock.today(request.tenant.zone)),
        "why_url": _why_url(rule),
        "page": page,
        "rows": [_told(one) for one in page.rows],
        "may_change": request.access.may(Capability.WRITE),
        "today": clock.today(request.tenant.zone),
        "tomorrow": clock.today(request.tenant.zone) + timedelta(days=1),
    }
    return render(request, "kpi/alert.html", context)


def _why_url(rule: AlertRule) -> str:
    """Return the analysis of the number, split as the rule looks at it; "" for a number that is no sum."""
    if rule.kpi not in SPLITS:
        return ""
    by = {"by": rule.dimension} if rule.dimension in SPLITS[rule.kpi][1] else {}
    span = {"period": "90d" if rule.window == AlertRule.Window.WEEK else "30d"}
    return f"{reverse('kpi:analysis', kwargs={'slug': rule.tenant.slug})}?{urlencode({'measure': rule.kpi} | by | span)}#why"


@require_http_methods(["GET", "POST"])
@member_required(Capability.WRITE)
def alert_new(request: TenantRequest) -> HttpResponseBase:
    """Write a rule; what the address names is filled in (`?kpi=revenue`)."""
    draft = drafts.of_data(request.POST if request.method == "POST" else request.GET)
    return _edited(request, draft, None)


@require_http_methods(["GET", "POST"])
@member_required(Capability.WRITE)
def alert_edit(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Change what a rule asks."""
    rule = _rule(request, pk)
    draft = drafts.of_data(request.POST) if request.method == "POST" else drafts.of_rule(rule)
    return _edited(request, draft, rule)


def _edited(request: TenantRequest, draft: Draft, rule: AlertRule | None) -> HttpResponseBase:
    draft = drafts.with_key(request.tenant, draft)
    problems: dict[str, str] = {}
    if request.method == "POST" and request.POST.get("do") == "save":
        try:
            kept = _save(request, draft, rule)
        except ValidationError as error:
            problems = {name: " ".join(texts) for name, texts in error.message_dict.items()}
        else:
            messages.success(request, _("Saved. From now on the panel watches it."))
            return redirect("kpi:alert", slug=request.tenant.slug, pk=kept.pk)
    context = {
        "draft": draft,
        "rule": rule,
        "choices": drafts.choices(request.tenant, draft),
        "now": BY_CODE[draft.kpi].now,
        "problems": problems,
        **_tried(request, draft),
    }
    template = "kpi/alert_form.html#editor" if request.htmx else "kpi/alert_form.html"
    return render(request, template, context)


def _save(request: TenantRequest, draft: Draft, rule: AlertRule | None) -> AlertRule:
    fields = draft.fields()
    if rule is None:
        return services.create(access=request.access, fields=fields)
    return services.change(access=request.access, rule=rule, fields=fields)


def _tried(request: TenantRequest, draft: Draft) -> dict[str, Any]:
    """Return the sentence of the draft and what it would have told; nothing while it is not complete."""
    try:
        fields = draft.fields()
        condition = services.condition_of(request.tenant, fields)
    except ValidationError:
        return {"trial": None}
    rule = services.unsaved(request.tenant, condition)
    trial = queries.tried(request.tenant, condition)
    shown = [queries.preview_event(rule, one) for one in reversed(trial.incidents[-SHOWN:])]
    return {
        "trial": trial,
        "said": words.condition_said(condition, request.tenant, rule.name),
        "hits": [words.event_said(one) for one in shown],
        "more": max(0, trial.count - SHOWN),
    }


@require_POST
@member_required(Capability.WRITE)
def alert_do(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Mute, unmute, arm again, switch off or on, or remove a rule."""
    rule, asked = _rule(request, pk), request.POST.get("do", "")
    try:
        said = _done(request, rule, asked)
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    else:
        messages.success(request, said)
    if asked == "remove":
        return redirect("kpi:alerts", slug=request.tenant.slug)
    return redirect("kpi:alert", slug=request.tenant.slug, pk=rule.pk)


def _done(request: TenantRequest, rule: AlertRule, asked: str) -> str:
    access = request.access
    if asked == "mute":
        services.mute(access=access, rule=rule, until=_until(request))
        return _("Muted. What it finds is kept, and nobody is told.")
    if asked == "unmute":
        services.mute(access=access, rule=rule, until=None)
        return _("It tells again.")
    if asked == "rearm":
        services.rearm(access=access, rule=rule)
        return _("Armed again, from today on.")
    if asked in {"off", "on"}:
        services.change(access=access, rule=rule, fields={"is_active": asked == "on"})
        return _("Switched on.") if asked == "on" else _("Switched off.")
    if asked == "remove":
        services.remove(access=access, rule=rule)
        return _("Removed. What it told stays in the history.")
    raise ValidationError(_("This cannot be done."))


def _until(request: TenantRequest) -> datetime:
    """Return the end of the mute: the end of the chosen day. Raises ValidationError."""
    text = request.POST.get("until", "")
    try:
        day = datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day, not a moment
    except ValueError as error:
        raise ValidationError(_("Choose a day.")) from error
    if day > clock.today(request.tenant.zone) + services.LONGEST_MUTE:
        raise ValidationError(_("Choose a day within the next year."))
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=request.tenant.zone)
