"""What the overview says of the days to come: the last weeks and the next ones by day, and next week and month in numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final

import orjson

from kpi import overview
from kpi import queries as numbers
from kpi.forecasts import queries
from kpi.models import Forecast, ForecastPoint
from lib.periods import Period
from live import cache
from tenants.models import Tenant

SHOWN: Final = 28  # days, before and after
_GRAINS: Final = (Forecast.Grain.WEEK, Forecast.Grain.MONTH)


@dataclass(frozen=True, slots=True)
class Range:
    """One period ahead: its first day, what is expected, and the bounds that hold 80 % of what comes."""

    start: date
    mean: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Line:
    """One measure: its next whole week and month; None where a forecast is not worth showing."""

    measure: str
    week: Range | None
    month: Range | None


@dataclass(frozen=True, slots=True)
class Expected:
    """The picture by day and the numbers beside it. `error` is the mean error of a day on the past as a share of the mean day, `held` the share of days
    that the band held; both None where the verdict is not `ok`.
    """

    measure: str
    verdict: str
    error: Decimal | None
    held: Decimal | None
    past: Sequence[tuple[date, Decimal]]
    ahead: Sequence[Range]
    lines: Sequence[Line]


def expected(tenant: Tenant, *, sells: bool, today: date) -> Expected | None:
    """Return what is expected from `today` on, of sales or of money in; None before the first forecast.

    Kept like the board, and forgotten with it: a run of forecasts ends with `settings_changed`, which raises a generation in its key.
    """
    measure = Forecast.Measure.SALES if sells else Forecast.Measure.RECEIPTS
    params = {"day": today, "measure": measure}
    compute = partial(_compute, tenant, measure, today)
    kept = cache.remember("board", tenant_id=tenant.pk, compute=compute, params=params, part="expected")
    found: dict[str, Any] = orjson.loads(kept.body)
    return _back(found) if found else None


def _compute(tenant: Tenant, measure: str, today: date) -> dict[str, Any]:
    found = queries.told(tenant, about=Forecast.About.COMPANY, since=today)
    if not found:
        return {}
    by = {(each.forecast.measure, each.forecast.grain): each for each in found}
    days = by.get((measure, Forecast.Grain.DAY))
    period = Period("range", today - timedelta(days=SHOWN), today)
    read = numbers.sales_by_day if measure == Forecast.Measure.SALES else overview.received_by_day
    return {
        "measure": measure,
        "verdict": days.forecast.verdict if days else Forecast.Verdict.TOO_SHORT,
        "error": days.forecast.wape if days else None,
        "held": days.forecast.covered80 if days else None,
        "past": read(tenant, period=period) if days else [],
        "ahead": [_range(point) for point in days.points[:SHOWN]] if days else [],
        "lines": [
            [each, *(_first(by.get((each, grain))) for grain in _GRAINS)] for each in Forecast.Measure.values
        ],
    }


def _first(told: queries.Told | None) -> tuple[date, Decimal, Decimal, Decimal] | None:
    return _range(told.points[0]) if told and told.points else None


def _range(point: ForecastPoint) -> tuple[date, Decimal, Decimal, Decimal]:
    return point.start, point.mean, point.lo80, point.hi80


def _back(kept: dict[str, Any]) -> Expected:
    lines = [Line(measure, _read(week), _read(month)) for measure, week, month in kept["lines"]]
    return Expected(
        measure=kept["measure"],
        verdict=kept["verdict"],
        error=None if kept["error"] is None else round(Decimal(str(kept["error"])), 3),
        held=None if kept["held"] is None else round(Decimal(str(kept["held"])), 2),
        past=[(_day(day), Decimal(total)) for day, total in kept["past"]],
        ahead=[found for row in kept["ahead"] if (found := _read(row))],
        lines=[line for line in lines if line.week or line.month],
    )


def _read(row: Sequence[str] | None) -> Range | None:
    return Range(_day(row[0]), Decimal(row[1]), Decimal(row[2]), Decimal(row[3])) if row else None


def _day(text: str) -> date:
    return date.fromisoformat(text[:10])
