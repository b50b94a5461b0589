"""The overview: what happened, what stands open, what needs a person."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language, ngettext, to_locale
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from kpi import attention, cards, comparing, pictures, plan, queries, ready
from kpi import overview as reading
from kpi.forecasts import asking
from kpi.forecasts.asking import Outcome
from kpi.forecasts.expected import expected
from kpi.plan import Plan
from kpi.queries import Board, Card
from lib import clock, periods
from lib.htmx import wants_fragment
from lib.periods import Period
from sync import queries as sync
from tenants.access import TenantRequest, member_required
from tenants.models import Capability, Tenant


def asked_period(request: TenantRequest, *, default: str = periods.DEFAULT) -> Period:
    """Return the period that the address asks for; what is no period is said and becomes the default."""
    today = clock.today(request.tenant.zone)
    try:
        return periods.from_query(request.GET, today=today, default=default)
    except periods.PeriodError:
        messages.warning(request, _("We did not understand this period, so here is the current month."))
        return periods.preset(default, today)


@require_GET
@member_required()
def overview(request: TenantRequest) -> HttpResponse:
    """The board of a period with its charts, rankings and the freshness of every connection."""
    tenant, period, now = request.tenant, asked_period(request), timezone.now()
    comparison = request.GET.get("compare", "previous")
    comparison = comparison if comparison in comparing.COMPARISONS else comparing.COMPARISONS[0]
    asked: dict[str, Any] = {"period": period, "today": clock.today(tenant.zone), "comparison": comparison}
    board = ready.board(ready.numbers(tenant, **asked), **asked)
    connections = sync.connection_health(tenant)
    context: dict[str, Any] = {
        "board": board,
        "period": period,
        "comparison": comparison,
        "connections": connections,
        "late": reading.is_late(connections),
        "as_of": queries.facts_as_of(tenant),
        "pending": queries.pending(tenant),
        "overdue": board.card("receivables_overdue").value,
        "owed": abs(board.payables_overdue or 0),
        "unreadable": reading.unreadable(tenant, now=now),
        "wanted": attention.wanted(tenant, today=clock.today(tenant.zone), now=now),
        "local_now": timezone.localtime(now, tenant.zone),
        "news": _news(request, now),
        "span": _span(period),
        "may_forecast": request.access.may(Capability.SYNC),
        **_numbers(request, board, planned := _plan(tenant, board)),
        **_charts(tenant, board, planned),
    }
    template = "kpi/overview.html#board" if wants_fragment(request) else "kpi/overview.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_POST
@member_required(Capability.SYNC)
def forecast_anew(request: TenantRequest) -> HttpResponse:
    """Ask a worker for fresh forecasts, and say what comes of it."""
    answer = asking.ask(tenant=request.tenant)
    if answer.outcome in (Outcome.ASKED, Outcome.RUNNING):
        messages.success(request, _("The forecast is being made anew. It stands here in about a minute."))
    elif answer.outcome == Outcome.TOO_SOON:
        minutes = -(-answer.wait // 60)
        said = ngettext(
            "It was made a moment ago. Try again in %(n)d minute.",
            "It was made a moment ago. Try again in %(n)d minutes.",
            minutes,
        )
        messages.warning(request, said % {"n": minutes})
    else:
        messages.warning(request, _("No worker can be reached. Nothing was started; please try again later."))
    return redirect("kpi:overview", slug=request.tenant.slug)


def _news(request: TenantRequest, now: datetime) -> reading.News | None:
    """Return what came since the person's last visit; None on the first."""
    since = reading.visit(request.tenant, request.user, now=now)
    return reading.news(request.tenant, since=since, now=now) if since else None


def _plan(tenant: Tenant, board: Board) -> Plan:
    """Return the goals and the own days of what the page draws."""
    today = clock.today(tenant.zone)
    sells = board.card("revenue").value is not None
    return plan.read(
        tenant,
        board=board,
        day_kpi="revenue" if sells else "inflow",
        months=plan.months_until(today),
        today=today,
    )


def _numbers(request: TenantRequest, board: Board, planned: Plan) -> dict[str, Any]:
    """Return the cards of both rows. In the second one that nothing feeds yet would be a hole."""
    first = reading.heroes(board)
    rest = [card for card in board.cards if card not in first and card.value is not None]
    return {
        "heroes": [_shown(request, board, card, planned) for card in first],
        "cards": [_shown(request, board, card, planned) for card in rest],
    }


def _charts(tenant: Tenant, board: Board, planned: Plan) -> dict[str, Any]:
    """Return charts and rankings: of sales, or of money for a company whose sales nothing tells of."""
    draw = pictures.Pictures(tenant=tenant, locale=to_locale(get_language() or "pt-br"), plan=planned)
    told = ready.story(tenant, board=board, today=clock.today(tenant.zone))
    by_day = draw.sales if told.sells else draw.received
    found = expected(tenant, sells=told.sells, today=clock.today(tenant.zone))
    return {
        "expected": found,
        "expected_chart": draw.expected(found) if found else None,
        "cash_flow": draw.cash_flow(told.cash_flow),
        "day_chart": by_day(told.by_day, told.compared_by_day, told.compared_total),
        "sells": told.sells,
        "top_products": told.top_products,
        "top_customers": told.top_customers,
        "walk_ins": told.walk_ins,
        "payers": told.payers,
        "payees": told.payees,
    }


def _span(period: Period) -> str:
    return urlencode({"from": period.start.isoformat(), "to": period.last.isoformat()})


def _shown(request: TenantRequest, board: Board, card: Card, planned: Plan) -> dict[str, Any]:
    """Return a card with the address of the rows behind it and its small picture."""
    locale = to_locale(get_language() or "pt-br")
    draw = pictures.Pictures(tenant=request.tenant, locale=locale)
    return {
        **cards.words(request.tenant, board, card, locale),
        "card": card,
        "kpi": card.kpi,
        "href": rows_url(request.tenant.slug, board.period, card),
        "spark": draw.spark(card, board.period) if card.spark else None,
        "good": _is_good(card),
        "progress": planned.progress.get(card.kpi.code),
        "alert_url": alert_url(request, card),
    }


def alert_url(request: TenantRequest, card: Card) -> str:
    """Return where a person makes an alert on this number; "" for who may not."""
    if not request.access.may(Capability.WRITE):
        return ""
    return f"{reverse('kpi:alert_new', kwargs={'slug': request.tenant.slug})}?kpi={card.kpi.code}"


def _is_good(card: Card) -> bool | None:
    """Return whether the change is good news; None where it is neither or unknown."""
    moved = card.change or card.difference
    if not moved or card.kpi.better == "neither":
        return None
    return (moved > 0) == (card.kpi.better == "up")


def rows_url(slug: str, period: Period, card: Card) -> str:
    """Return the address of the page behind a number, filtered like the number; "" where there is none."""
    if card.kpi.rows is None:
        return ""
    name, query = card.kpi.rows
    parts = [part for part in (query, "" if card.kpi.now else _span(period)) if part]
    url = reverse(name, kwargs={"slug": slug})
    return f"{url}?{'&'.join(parts)}" if parts else url
