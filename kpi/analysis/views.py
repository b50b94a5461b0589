"""The analysis page: why numbers changed, who carries them, how old debts are, who comes back, where the cash is going."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from kpi import comparing, queries
from kpi.analysis.drivers import COUNTS, SHARES, Drivers, dimensions_of
from kpi.analysis.pictures import DIMENSIONS, NAMES, Drawing, rows_url
from kpi.analysis.projection import Projection
from kpi.analysis.ready import Reading
from kpi.recurrence import telling
from kpi.views import asked_period
from lib import clock, formats
from lib.htmx import wants_fragment
from lib.periods import Period
from tenants.access import TenantRequest, member_required
from tenants.models import Capability

_FEW = 8  # recurring lines that are shown before somebody asks for all


@require_GET
@member_required()
def analysis(request: TenantRequest) -> HttpResponse:
    """The page. `measure` and `by` choose what the change is split by; the other parts always show what stands now."""
    tenant, today = request.tenant, clock.today(request.tenant.zone)
    period = asked_period(request)
    comparison = _one_of(request, "compare", comparing.COMPARISONS)
    draw, read = Drawing(tenant, to_locale(get_language() or "pt-br")), Reading(tenant, today)
    measure = _one_of(request, "measure", tuple(NAMES))
    asked: dict[str, Any] = {"period": period, "comparison": comparison}
    dimension = _one_of(request, "by", dimensions_of(measure))
    found = read.why(measure=measure, dimension=dimension, **asked)
    if not found.drivers.parts and not request.GET.get(
        "measure"
    ):  # nothing is sold here: money is what changes
        measure, dimension = "inflow", dimensions_of("inflow")[0]
        found = read.why(measure=measure, dimension=dimension, **asked)
    why, late, ahead, kept = found.drivers, read.ageing(), read.projection(), read.cohorts()
    carried = read.concentration(dimension=_one_of(request, "abc", ("customer", "product")), period=period)
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
        "carried": carried,
        "carriers": [
            {
                "name": one.name,
                "value": one.total,
                "note": formats.percent(one.total / carried.whole, draw.locale) if carried.whole else "",
                "url": rows_url(
                    tenant, measure="revenue", dimension=carried.dimension, key=one.key, period=period
                ),
            }
            for one in carried.largest
        ],
        "abc": _choices(
            request, "abc", {name: DIMENSIONS[name] for name in ("customer", "product")}, carried.dimension
        ),
        "carried_chart": draw.concentration(carried),
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
