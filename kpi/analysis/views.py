"""The analysis page: why numbers changed, who carries them, how old debts are, who comes back, where the cash is going."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from kpi import comparing, queries
from kpi.analysis.concentration import Concentration
from kpi.analysis.drivers import COUNTS, SHARES, Drivers, dimensions_of
from kpi.analysis.pictures import DIMENSIONS, NAMES, Drawing, rows_url
from kpi.analysis.projection import Projection
from kpi.analysis.ready import Reading, Why
from kpi.recurrence import telling
from kpi.views import asked_period
from lib import clock, formats
from lib.htmx import wants_fragment
from lib.periods import Period
from tenants.access import TenantRequest, member_required
from tenants.models import Capability

_FEW = 8  # recurring lines that are shown before somebody asks for all
_CARRIERS = ("customer", "product")


@require_GET
@member_required()
def analysis(request: TenantRequest) -> HttpResponse:
    """The page. `measure` and `by` choose what the change is split by; the other parts always show what stands now."""
    tenant, today = request.tenant, clock.today(request.tenant.zone)
    period = asked_period(request)
    comparison = _one_of(request, "compare", comparing.COMPARISONS)
    draw, read = Drawing(tenant, to_locale(get_language() or "pt-br")), Reading(tenant, today)
    found = _asked(request, read, period, comparison)
    why, late, ahead, kept = found.drivers, read.ageing(), read.projection(), read.cohorts()
    measure, dimension = why.measure, why.dimension
    carried = read.concentration(dimension=_one_of(request, "abc", _CARRIERS), period=period)
    context: dict[str, Any] = {
        "period": period,
        "compared": found.compared,
        "comparison": comparison,
        "as_of": queries.facts_as_of(tenant),
        "measures": _choices(request, "measure", NAMES, measure, drop=("by",)),
        "dimensions": _choices(
            request, "by", {name: DIMENSIONS[name] for name in dimensions_of(measure)}, dimension
        ),
        "why": why,
        "counted": measure in COUNTS,
        "shared": measure in SHARES,
        "parts": _parts(request, why, period),
        "why_title": draw.why(why),
        "why_against": draw.against(why),
        "widest": max((abs(part.difference) for part in why.parts), default=None),
        **_carried(request, carried, period, draw),
        "receivables": draw.ageing(late.receivable, "receivable"),
        "payables": draw.ageing(late.payable, "payable"),
        "owes": any(bucket.n for bucket in (*late.receivable, *late.payable)),
        "cohorts": draw.cohorts(kept),
        "sells": bool(kept or carried.largest or carried.unnamed),
        "ahead": ahead,
        "ahead_chart": draw.projection(ahead) if ahead else None,
        **_recurring(request, ahead),
        "may_say": request.access.may(Capability.DECIDE),
    }
    template = "kpi/analysis.html#parts" if wants_fragment(request) else "kpi/analysis.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _asked(request: TenantRequest, read: Reading, period: Period, comparison: str) -> Why:
    """Return what the address asks to be split. Where nothing is sold and nobody asks for sales, money is what changes."""
    measure = _one_of(request, "measure", tuple(NAMES))
    dimension = _one_of(request, "by", dimensions_of(measure))
    found = read.why(measure=measure, dimension=dimension, period=period, comparison=comparison)
    if found.drivers.parts or request.GET.get("measure"):
        return found
    return read.why(
        measure="inflow", dimension=dimensions_of("inflow")[0], period=period, comparison=comparison
    )


def _carried(request: TenantRequest, carried: Concentration, period: Period, draw: Drawing) -> dict[str, Any]:
    """Return who carries the sales: the curve, the largest of them, and the choice between customers and products."""
    return {
        "carried": carried,
        "carriers": [
            {
                "name": one.name,
                "value": one.total,
                "note": formats.percent(one.total / carried.whole, draw.locale) if carried.whole else "",
                "url": rows_url(
                    request.tenant, measure="revenue", dimension=carried.dimension, key=one.key, period=period
                ),
            }
            for one in carried.largest
        ],
        "abc": _choices(request, "abc", {name: DIMENSIONS[name] for name in _CARRIERS}, carried.dimension),
        "carried_chart": draw.concentration(carried),
    }


def _recurring(request: TenantRequest, ahead: Projection | None) -> dict[str, Any]:
    """Return the largest lines that come again, or all where the address asks for them, and those that somebody denied."""
    again = ahead.recurring if ahead else ()
    fewer = len(again) > _FEW + 2 and request.GET.get("recurring") != "all"
    return {
        "again": telling.rows(request.tenant, again[:_FEW] if fewer else again),
        "again_more": len(again) - _FEW if fewer else 0,
        "denied": telling.rows(request.tenant, ahead.denied) if ahead else [],
    }


def _one_of(request: TenantRequest, name: str, known: tuple[str, ...]) -> str:
    """Return what the address asks for, or the first known one."""
    asked = request.GET.get(name, "")
    return asked if asked in known else known[0]


def _choices(
    request: TenantRequest, name: str, labels: dict[str, Any], chosen: str, drop: tuple[str, ...] = ()
) -> list[dict[str, Any]]:
    found = []
    for value, label in labels.items():
        query = request.GET.copy()
        for gone in drop:
            query.pop(gone, None)
        query[name] = value
        found.append({"label": label, "url": f"?{query.urlencode()}", "active": value == chosen})
    return found


def _rows(request: TenantRequest, why: Drivers, key: str, period: Period) -> str:
    return rows_url(request.tenant, measure=why.measure, dimension=why.dimension, key=key, period=period)


def _parts(request: TenantRequest, why: Drivers, period: Period) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {"name": part.name, "now": part.now, "before": part.before, "difference": part.difference,
         "share": why.share(part), "url": _rows(request, why, part.key, period), "size": abs(part.difference),
         "tone": "neg" if (part.difference < 0) == (why.measure != "expenses") else ""}
        for part in why.parts
    ]  # fmt: skip
    nothing = {"url": "", "now": None, "before": None, "share": None}
    if why.others_count:
        rows.append(nothing | {"name": _("Others"), "difference": why.others})
    if one := why.unnamed:
        rows.append(
            nothing | {"name": one.name, "now": one.now, "before": one.before, "difference": one.difference, "share": why.share(one), "apart": True}
        )  # fmt: skip
    return rows
