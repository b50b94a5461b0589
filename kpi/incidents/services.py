"""Judging a company's daily numbers and keeping what is unexpected. numpy is loaded by whoever judges, never by importing this."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.db.models import Q

from kpi.forecasts.facts import closed_day
from kpi.incidents import parts, telling
from kpi.models import Anomaly, AnomalyState, Daily
from kpi.occasions.queries import free_days
from lib import clock, pg
from tenants.models import Tenant, User

if TYPE_CHECKING:
    from kpi.anomalies.incidents import Incident

MEMORY: Final = 730  # days that a number is judged by
ANEW: Final = 35  # days judged again each time: a synchronisation may have changed them
AT_FIRST: Final = 180
NEWS: Final = timedelta(days=3)  # what is older when it is found is listed, and nobody is disturbed
RARITY: Final = 250.0
_SOFTER, _SHARPER = 1.6, 0.8  # what one answer of a person does to the rarity of a number
_BOUNDS: Final = (60.0, 5_000.0)
_TYPES: Final = {
    Anomaly.Measure.REVENUE: ("SALE", "flow_total", 1),
    Anomaly.Measure.SALES: ("SALE", "flow_n", 1),
    Anomaly.Measure.INFLOW: ("CREDIT", "flow_total", 1),
    Anomaly.Measure.EXPENSES: ("DEBIT", "flow_total", -1),
}
_DUE: Final = """
SELECT t.id FROM tenants_tenant t LEFT JOIN kpi_anomalystate s ON s.tenant_id = t.id LEFT JOIN live_generation g ON g.tenant_id = t.id
 WHERE t.is_active AND EXISTS (SELECT FROM kpi_daily WHERE tenant_id = t.id)
   AND (s.through IS NULL OR s.through < (now() AT TIME ZONE t.time_zone)::date - 1 OR s.facts IS DISTINCT FROM g.facts)
   AND (s.judged_at IS NULL OR s.judged_at < now() - interval '1 hour')
 ORDER BY t.id
"""


@dataclass(frozen=True, slots=True)
class Judged:
    """How many incidents were found anew, and how many turned out to be none after later synchronisations."""

    found: int
    gone: int


@dataclass(frozen=True, slots=True)
class Series:
    """One number by day without a gap: values, and how many rows are behind each."""

    start: date
    values: tuple[Decimal, ...]
    rows: tuple[int, ...]

    def day(self, position: int) -> date:
        """Return the day at a position."""
        return self.start + timedelta(days=position)


def due() -> list[Tenant]:
    """Return the companies of which a day is over or facts changed, at most once an hour. One query."""
    ids = [row[0] for row in pg.fetch(_DUE)]
    return list(Tenant.objects.filter(pk__in=ids).order_by("pk"))


def judge(*, tenant: Tenant) -> Judged | None:
    """Judge every number of the company through the last day that is over. None when another process is at it."""
    with pg.session_lock(pg.Lock.ANOMALIES, tenant.pk) as taken:
        if not taken:
            return None
        state, first = AnomalyState.objects.get_or_create(tenant=tenant)
        facts = pg.fetch("SELECT facts FROM live_generation WHERE tenant_id = %s", [tenant.pk])
        through, done = closed_day(tenant), Judged(0, 0)
        closed = free_days(tenant, through - timedelta(days=MEMORY), through)
        for measure in Anomaly.Measure:
            series = series_of(tenant, measure, through)
            if series:
                one = _keep(
                    tenant, measure, series, closed, AT_FIRST if first or state.through is None else ANEW
                )
                done = Judged(done.found + one.found, done.gone + one.gone)
        state.through, state.facts, state.judged_at = through, int(facts[0][0]) if facts else 0, clock.now()
        state.save()
        return done


def series_of(tenant: Tenant, measure: Anomaly.Measure, through: date) -> Series | None:
    """Return a number from its first day (at most `MEMORY` ago) through a day; None where there is none. One query."""
    kind, column, sign = _TYPES[measure]
    rows = Daily.objects.filter(
        tenant=tenant, currency=tenant.currency, type=kind, n__gt=0, day__gt=through - timedelta(days=MEMORY), day__lte=through
    )  # fmt: skip
    found = {day: (Decimal(value) * sign, n) for day, value, n in rows.values_list("day", column, "flow_n")}
    if not found:
        return None
    start = min(found)
    span = [start + timedelta(days=n) for n in range((through - start).days + 1)]
    known = [found.get(day, (Decimal(0), 0)) for day in span]
    return Series(start, tuple(value for value, _n in known), tuple(n for _value, n in known))


def rarity(tenant: Tenant, measure: str) -> float:
    """Return in how many days one may lie outside by chance. Each "that was expected" makes alarms rarer, each "that was real" less rare."""
    said = Anomaly.objects.filter(tenant=tenant, measure=measure).values_list("feedback", flat=True)
    words = list(said)
    low, high = _BOUNDS
    found = RARITY * _SOFTER ** words.count("expected") * _SHARPER ** words.count("real")
    return min(max(found, low), high)


def find(
    series: Series, *, rarity: float, days: int, closed: frozenset[date] = frozenset()
) -> "list[Incident]":
    """Return the incidents of the last `days` days; `closed` are the company's own free days. A day without a single row where rows are expected is missing, not a fall to nothing."""
    import numpy as np

    from kpi.anomalies.detect import detect
    from kpi.anomalies.freedays import brazilian
    from kpi.anomalies.incidents import incidents

    size = len(series.values)
    times = np.array([series.day(n) for n in range(size)], dtype="datetime64[s]")
    values = np.array([float(value) for value in series.values])
    free = brazilian(range(series.start.year, series.day(size).year + 1)) | closed
    found = detect(times, values, rarity=rarity, free_days=free, start=max(0, size - days))
    # A company that says it was closed needs no alarm that it sold little, not even where it sells on Sundays.
    rested = np.array([series.day(n) in closed for n in range(size)]) & (values < found.expected)
    found.score[rested] = 0.0
    empty = (np.array(series.rows) == 0) & found.anomaly & (values < found.expected)
    values[empty] = np.nan
    found.score[empty] = np.nan
    # What is missing by the calendar is expected to be missing: only what an alarm said is.
    return [one for one in incidents(values, found) if one.kind != "missing" or empty[one.first]]


@transaction.atomic
def _keep(
    tenant: Tenant, measure: Anomaly.Measure, series: Series, closed: frozenset[date], days: int
) -> Judged:
    pg.lock(pg.Lock.ANOMALIES, tenant.pk)
    now, through = clock.now(), series.day(len(series.values) - 1)
    stands = list(
        Anomaly.objects.filter(tenant=tenant, measure=measure, last_day__gt=through - timedelta(days=days))
    )
    fresh = 0
    for one in find(series, rarity=rarity(tenant, measure), days=days, closed=closed):
        first, last = series.day(one.first), series.day(one.last)
        row = next(
            (r for r in stands if r.kind == one.kind and r.first_day <= last and r.last_day >= first), None
        )
        if row:
            stands.remove(row)
        kept = _store(tenant, measure, one, (first, last), row, now)
        if row is None:
            fresh += 1
            if last > through - NEWS:
                telling.tell(kept)
    gone = [row.pk for row in stands if row.gone_at is None and not row.feedback]
    Anomaly.objects.filter(pk__in=gone).update(gone_at=now, updated_at=now)
    return Judged(fresh, len(gone))


def _store(
    tenant: Tenant, measure: Anomaly.Measure, one: "Incident", span: tuple[date, date], row: Anomaly | None, now: datetime
) -> Anomaly:  # fmt: skip
    kept = row or Anomaly(tenant=tenant, measure=measure, kind=one.kind, found_at=now)
    kept.first_day, kept.last_day = span
    kept.expected, kept.lo, kept.hi = (_money(number) for number in (one.expected, one.lo, one.hi))
    kept.lo = max(kept.lo, Decimal(0))  # none of these numbers falls below nothing
    kept.got = None if one.got is None else _money(one.got)
    kept.score, kept.gone_at, kept.updated_at = one.score, None, now
    kept.parts = [] if one.got is None else parts.of_gap(tenant, measure, *span)
    kept.save()
    return kept


def _money(value: float) -> Decimal:
    return Decimal(f"{value:.2f}")


def say(*, anomaly: Anomaly, feedback: str, actor: User | None) -> Anomaly:
    """Keep what a person says of an incident: expected, real, or "" to take it back. It tunes how rare alarms of this number are."""
    assert feedback in Anomaly.Feedback.values, "the callers check it"
    anomaly.feedback, anomaly.feedback_by = feedback, actor if feedback else None
    anomaly.feedback_at = clock.now() if feedback else None
    anomaly.save(update_fields=["feedback", "feedback_by", "feedback_at"])
    return anomaly


def standing(tenant: Tenant) -> Q:
    """Return which incidents are still true: those that no later synchronisation took back."""
    return Q(tenant=tenant, gone_at=None)
