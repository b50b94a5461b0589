"""Computing forecasts and keeping them. The statistical library is loaded by whoever computes, never by importing this."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction
from django.db.models import Max

from kpi.forecasts import facts
from kpi.models import Forecast, ForecastPoint
from kpi.occasions.queries import free_days
from lib import clock, pg
from live import events
from tenants.models import Tenant

if TYPE_CHECKING:
    from kpi.forecasting.records import Judged

# Periods ahead, and over how many of them the method is tried on the past.
AHEAD: Final = {Forecast.Grain.DAY: 90, Forecast.Grain.WEEK: 13, Forecast.Grain.MONTH: 12}
TRIED: Final = {Forecast.Grain.DAY: 28, Forecast.Grain.WEEK: 8, Forecast.Grain.MONTH: 3}

ACCURACY: Final = ("mase", "smape", "wape", "covered80", "covered95")


@dataclass(frozen=True, slots=True)
class Made:
    """How many forecasts were kept, and how many of them are not to be drawn."""

    kept: int
    unsaid: int


def due() -> list[Tenant]:
    """Return the companies of which a day is over that their forecasts do not know. Three small queries a company."""
    newest = dict(Forecast.objects.values_list("tenant_id").annotate(at=Max("made_at")))
    found = []
    for tenant in Tenant.objects.filter(is_active=True).order_by("id"):
        known = newest.get(tenant.pk)
        closed = facts.closed_day(tenant) + timedelta(days=1)
        if known is None or known < clock.start_of_day(closed, tenant.zone):
            found.append(tenant)
    return found


def compute(*, tenant: Tenant) -> Made | None:
    """Forecast everything of one company and replace what was kept. Seconds to a minute. None when another process is at it."""
    with pg.session_lock(pg.Lock.FORECAST, tenant.pk) as taken:
        if not taken:
            return None
        moment = clock.now()
        closed = free_days(tenant, date.min, date.max)
        found = [
            (days, grain, _found(days, grain, closed))
            for days in facts.series(tenant, closed)
            for grain in Forecast.Grain
        ]
        # All or nothing: of one that was killed half way the rest would wait for the next day.
        with transaction.atomic():
            for days, grain, one in found:
                _keep(tenant, days, grain, one)
            # What is no longer among the main ones, or has no rows left.
            Forecast.objects.filter(tenant=tenant, made_at__lt=moment).delete()
        # No fact changed, but what pages say of the days to come did: what is kept of them is dropped, and open pages read themselves again.
        events.publish("settings_changed", tenant_id=tenant.pk)
        unsaid = sum(one is None or one.verdict != Forecast.Verdict.OK for *_series, one in found)
        return Made(len(found), unsaid)


def _found(days: facts.Days, grain: Forecast.Grain, closed: frozenset[date]) -> "Judged | None":
    """Return the forecast of one series by one grain; None where there is no whole week or month yet. `closed` are the company's own free days."""
    from kpi.forecasting.records import SeriesError

    try:
        return _judged(days, grain, closed)
    except SeriesError:
        return None


def _judged(days: facts.Days, grain: Forecast.Grain, closed: frozenset[date]) -> "Judged":
    import numpy as np

    from kpi.forecasting.business import Business
    from kpi.forecasting.calendar import brazilian_holidays
    from kpi.forecasting.judging import judged
    from kpi.forecasting.records import Series

    sign, ahead, tried = _sign(days.measure), AHEAD[grain], TRIED[grain]
    if grain == Forecast.Grain.MONTH:
        firsts, totals = facts.by_month(days)
        return judged(
            Series(days.name, [day.isoformat() for day in firsts], [sign * total for total in totals]),
            ahead,
            tried=tried,
        )
    years = range(days.start.year, days.through.year + 2)
    holidays = brazilian_holidays(years) | closed
    business = Business(days.start, sign * np.array(days.totals, dtype=np.float64), holidays)
    return (
        business.judged_days(ahead, tried=tried)
        if grain == Forecast.Grain.DAY
        else business.judged_weeks(ahead, tried=tried)
    )


def _sign(measure: str) -> int:
    """Return −1 for money out: it is forecast as an amount, which cannot fall below zero, and turned back."""
    return -1 if measure == Forecast.Measure.EXPENSES else 1


def _keep(tenant: Tenant, days: facts.Days, grain: Forecast.Grain, found: "Judged | None") -> None:
    said: dict[str, Any] = {"verdict": Forecast.Verdict.TOO_SHORT, "model": "", "origins": 0}
    if found:
        said |= {"verdict": found.verdict, "model": found.forecast.model}
    if found and (accuracy := found.accuracy):
        said |= {name: getattr(accuracy, name) for name in (*ACCURACY, "origins")}
    row, _created = Forecast.objects.update_or_create(
        tenant=tenant, measure=days.measure, grain=grain, about=days.about, subject=days.subject,
        defaults={
            **dict.fromkeys(ACCURACY), "name": days.name,
            "currency": tenant.currency, "through": days.through, "made_at": clock.now(), **said,
        },
    )  # fmt: skip
    if grain == Forecast.Grain.DAY:
        _remember(row)
    row.points.all().delete()
    if found and found.verdict == Forecast.Verdict.OK:
        ForecastPoint.objects.bulk_create(_points(row, found))


# What stands for a day until it is known is what alerts hold it against.
_REMEMBER: Final = """
INSERT INTO kpi_foretold (tenant_id, measure, about, subject, day, mean, lo80, hi80, lo95, hi95)
SELECT p.tenant_id, f.measure, f.about, f.subject, p.start, p.mean, p.lo80, p.hi80, p.lo95, p.hi95
  FROM kpi_forecastpoint p JOIN kpi_forecast f ON f.id = p.forecast_id
 WHERE p.tenant_id = %(tenant)s AND p.forecast_id = %(forecast)s AND p.start <= f.through
    ON CONFLICT (tenant_id, measure, about, subject, day) DO NOTHING
"""


def _remember(row: Forecast) -> None:
    """Keep what had been expected of the days that this forecast is the first to know; its points still are those of the one before."""
    pg.execute(_REMEMBER, {"tenant": row.tenant_id, "forecast": row.pk})


def _points(row: Forecast, found: "Judged") -> list[ForecastPoint]:
    made, sign = found.forecast, _sign(row.measure)
    columns = zip(made.periods, made.mean, made.lo80, made.hi80, made.lo95, made.hi95, strict=True)
    points = []
    for period, *numbers in columns:
        mean, *bounds = (Decimal(str(sign * number)).quantize(Decimal("0.01")) for number in numbers)
        lo95, lo80, hi80, hi95 = sorted(bounds)
        start = date.fromisoformat(period)
        points.append(
            ForecastPoint(
                tenant_id=row.tenant_id,
                forecast=row,
                start=start,
                mean=mean,
                lo80=lo80,
                hi80=hi80,
                lo95=lo95,
                hi95=hi95,
            )
        )
    return points
