"""Reading stored forecasts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Max

from kpi.models import Forecast, ForecastPoint
from tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class Told:
    """A forecast with its points in order of time; none where its verdict is not `ok`."""

    forecast: Forecast
    points: Sequence[ForecastPoint]


def made_at(tenant: Tenant) -> datetime | None:
    """Return when the newest forecast of the company was made; None before the first. One query."""
    found: datetime | None = Forecast.objects.filter(tenant=tenant).aggregate(at=Max("made_at"))["at"]
    return found


def told(
    tenant: Tenant,
    *,
    about: str,
    grain: str | None = None,
    measure: str | None = None,
    since: date | None = None,
) -> list[Told]:
    """Return the forecasts of the company itself, its products or its stores, points before `since` left out. Two queries at most."""
    rows = Forecast.objects.filter(tenant=tenant, about=about).order_by("measure", "name", "id")
    rows = rows.filter(measure=measure) if measure else rows
    found = list(rows.filter(grain=grain) if grain else rows)
    if not found:
        return []
    points = ForecastPoint.objects.filter(tenant=tenant, forecast__in=[row.pk for row in found])
    points = points.filter(start__gte=since) if since else points
    by_forecast: dict[int, list[ForecastPoint]] = {}
    for point in points.order_by("forecast_id", "start"):
        by_forecast.setdefault(point.forecast_id, []).append(point)
    return [Told(row, by_forecast.get(row.pk, ())) for row in found]
