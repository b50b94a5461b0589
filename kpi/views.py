"""The overview: what happened, what stands open, what needs a person."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from kpi import pictures, queries
from kpi.queries import Board, Card
from lib import clock, periods
from lib.htmx import wants_fragment
from lib.periods import Period
from sync import queries as sync
from tenants.access import TenantRequest, member_required

HEROES = ("cash_balance", "inflow", "revenue", "receivables_open")


def _period(request: TenantRequest, *, default: str = periods.DEFAULT) -> Period:
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
    tenant, period = request.tenant, _period(request)
    today = clock.today(tenant.zone)
    comparison = request.GET.get("compare", "previous")
    comparison = comparison if comparison in queries.COMPARISONS else "previous"
    board = queries.board(tenant, period=period, today=today, comparison=comparison)
    draw = pictures.Pictures(tenant=tenant, locale=to_locale(get_language() or "pt-br"))
    context: dict[str, Any] = {
        "board": board,
        "period": period,
        "comparison": comparison,
        "heroes": [_shown(request, board, board.card(code)) for code in HEROES],
        "cards": [_shown(request, board, card) for card in board.cards if _has_place(card)],
        "cash_flow": draw.cash_flow(queries.cash_flow_by_month(tenant, until=today)),
        "sales_chart": draw.sales(
            queries.sales_by_day(tenant, period=period), queries.sales_by_day(tenant, period=board.compared)
        ),
        "top_products": queries.top_products(tenant, period=period),
        "top_customers": queries.top_customers(tenant, period=period),
        "pending": queries.pending(tenant),
        "connections": sync.connection_health(tenant),
        "as_of": queries.facts_as_of(tenant),
        "now": timezone.now(),
        "span": _span(period),
    }
    template = "kpi/overview.html#board" if wants_fragment(request) else "kpi/overview.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _has_place(card: Card) -> bool:
    """Return whether the card stands in the second row; one that nothing feeds yet would be a hole."""
    return card.kpi.code not in HEROES and card.value is not None


def _span(period: Period) -> str:
    return urlencode({"from": period.start.isoformat(), "to": period.last.isoformat()})


def _shown(request: TenantRequest, board: Board, card: Card) -> dict[str, Any]:
    """Return a card with the address of the rows behind it and its small picture."""
    draw = pictures.Pictures(tenant=request.tenant, locale=to_locale(get_language() or "pt-br"))
    return {
        "card": card,
        "kpi": card.kpi,
        "href": rows_url(request.tenant.slug, board.period, card),
        "spark": draw.spark(card, board.period) if card.spark else None,
        "good": _is_good(card),
    }


def _is_good(card: Card) -> bool | None:
    """Return whether the change is good news; None where it is neither or unknown."""
    if not card.change or card.kpi.better == "neither":
        return None
    return (card.change > 0) == (card.kpi.better == "up")


def rows_url(slug: str, period: Period, card: Card) -> str:
    """Return the address of the list behind a number, filtered like the number; "" where there is none."""
    if card.kpi.rows is None:
        return ""
    name, query = card.kpi.rows
    parts = [part for part in (query, "" if card.kpi.now else _span(period)) if part]
    url = reverse(f"ledger:{name}", kwargs={"slug": slug})
    return f"{url}?{'&'.join(parts)}" if parts else url
