"""Judging a company's daily numbers and keeping what is unexpected. numpy is loaded by whoever judges, never by importing this."""

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.db.models import Q, QuerySet

from kpi.forecasts.facts import closed_day
from kpi.incidents import parts, subjects, telling
from kpi.incidents.apart import Found, Sold
from kpi.incidents.series import MADE_OF, MEMORY, Series, series_of
from kpi.incidents.subjects import WHOLE, Subject, shared_days
from kpi.models import Anomaly, AnomalyState
from kpi.occasions.queries import free_days
from lib import clock, pg
from tenants.models import Tenant, User

if TYPE_CHECKING:
    from kpi.anomalies.incidents import Incident

ANEW: Final = 35  # days judged again each time: a synchronisation may have changed them
AT_FIRST: Final = 180
NEWS: Final = timedelta(days=3)  # what is older when it is found is listed, and nobody is disturbed
RARITY: Final = 250.0
_SOFTER, _SHARPER = 1.6, 0.8  # what one answer of a person does to the rarity of a number
_BOUNDS: Final = (60.0, 5_000.0)
# What says of a product or store already that it sold more or less.
_TOLD_BY: Final = (Anomaly.Measure.REVENUE, Anomaly.Measure.SALES)
_JUDGED: Final = (
    "first_day", "last_day", "name", "expected", "lo", "hi", "got", "score", "parts", "gone_at", "updated_at",
)  # fmt: skip
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

    def plus(self, other: "Judged") -> "Judged":
        """Return both together."""
        return Judged(self.found + other.found, self.gone + other.gone)


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
                done = done.plus(one)
        judged_days = AT_FIRST if first or state.through is None else ANEW
        done = done.plus(_keep_apart(tenant, through, closed, judged_days))
        state.through, state.facts, state.judged_at = through, int(facts[0][0]) if facts else 0, clock.now()
        state.save()
        return done


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
    values = np.array([math.nan if value is None else float(value) for value in series.values])
    free = brazilian(range(series.start.year, series.day(size).year + 1)) | closed
    found = detect(
        times, values, rarity=rarity, free_days=free, settled=series.settled, start=max(0, size - days)
    )
    again = np.array([float(series.again.get(series.day(n), 0)) for n in range(size)])
    # Rent is no news on its day, though other days of its weekday have none.
    rest = values - again
    found.score[((values > found.hi) & (rest <= found.hi)) | ((values < found.lo) & (rest >= found.lo))] = 0.0
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
    since = _since(tenant, through - timedelta(days=days)).filter(dimension="")
    stands = list(since.filter(measure=measure))
    stood = {row.pk for row in stands if row.gone_at is None}
    rare = rarity(tenant, measure) * (len(MADE_OF) if measure in MADE_OF else 1)
    told_by = list(since.filter(measure__in=MADE_OF.get(measure, ()), gone_at=None))
    found = []
    for one in find(series, rarity=rare, days=days, closed=closed):
        span = series.day(one.first), series.day(one.last)
        kept = _filled(tenant, measure, WHOLE, (one, *span), stands, now)
        if any(2 * shared_days(other, kept) > (span[1] - span[0]).days for other in told_by):
            stands += [kept] if kept.pk in stood else []  # what another number says by now is taken back
            continue
        kept.parts = [] if one.got is None else parts.of_gap(tenant, measure, *span)
        found.append(kept)
    return _settle(found, stands, through, now)


@transaction.atomic
def _keep_apart(tenant: Tenant, through: date, closed: frozenset[date], days: int) -> Judged:
    """Keep what is unexpected of the sales of a main product or store by itself, unless the company's own number says it."""
    pg.lock(pg.Lock.ANOMALIES, tenant.pk)
    now, measure, since = clock.now(), Anomaly.Measure.REVENUE, through - timedelta(days=days)
    whole = series_of(tenant, measure, through)
    sold = (
        subjects.main_ones(tenant, since=through - timedelta(days=MEMORY), through=through) if whole else {}
    )
    opened = frozenset(whole.day(n) for n, rows in enumerate(whole.rows) if rows) if whole else frozenset()
    rare = rarity(tenant, measure) * max(1, len(sold))  # all of them together cry as seldom as one number
    rows, stands, found = list(_since(tenant, since)), list[Anomaly](), list[Anomaly]()
    stood = {row.pk for row in rows if row.gone_at is None}
    for subject, by_day in sold.items():
        its = [row for row in rows if (row.dimension, row.key) == (subject.dimension, subject.key)]
        incidents = _apart(Sold(by_day, opened, through), rare, days, closed)
        found += [_filled(tenant, measure, subject, one, its, now) for one in incidents]
        stands += its
    others = [row for row in rows if not row.dimension and row.gone_at is None and row.measure in _TOLD_BY]
    kept = subjects.uncovered(found, others)
    # A row that stood for what the company's number says by now is taken back like one that is no incident any more.
    covered = [one for one in found if one.pk in stood and one not in kept]
    return _settle(kept, stands + covered, through, now)


def _apart(sold: Sold, rarity: float, days: int, closed: frozenset[date]) -> list[Found]:
    """Return the incidents of one product or store: too little on a day, or nothing for long, which is one incident then.

    A single large sale makes a small store's day look like none before it; that is no news to anybody.
    """
    # A day without a sale of one of them is no missing data: each counts as one with rows.
    series = Series(sold.start, sold.values, (1,) * len(sold.values))
    silent = list(sold.silences(rarity=rarity, since=sold.through - timedelta(days=days)))
    found = (
        (one, series.day(one.first), series.day(one.last))
        for one in find(series, rarity=rarity, days=days, closed=closed)
    )
    calm = [
        (one, first, last)
        for one, first, last in found
        if one.kind == "low" and all(last < begins or first > ends for _one, begins, ends in silent)
    ]
    return [*calm, *silent]


def _since(tenant: Tenant, day: date) -> QuerySet[Anomaly]:
    return Anomaly.objects.filter(tenant=tenant, last_day__gt=day)


def _settle(found: list[Anomaly], stands: list[Anomaly], through: date, now: datetime) -> Judged:
    """Save what was found, tell what is new, and take back what stands no more."""
    fresh = 0
    for one in found:
        is_new = one.pk is None
        # Somebody may have said meanwhile what it was.
        one.save(update_fields=None if is_new else _JUDGED)
        fresh += is_new
        if is_new and one.last_day > through - NEWS:
            telling.tell(one)
    gone = [row.pk for row in stands if row.gone_at is None]
    taken_back = Anomaly.objects.filter(pk__in=gone, feedback="").update(gone_at=now, updated_at=now)
    return Judged(fresh, taken_back)


def _filled(
    tenant: Tenant, measure: Anomaly.Measure, subject: Subject, found: Found, stands: list[Anomaly], now: datetime
) -> Anomaly:  # fmt: skip
    """Return the incident, unsaved: the row that stands for it, taken out of `stands`, or a new one."""
    one, first, last = found
    row = next(
        (r for r in stands if r.kind == one.kind and r.first_day <= last and r.last_day >= first), None
    )
    if row:
        stands.remove(row)
    kept = row or Anomaly(
        tenant=tenant, measure=measure, kind=one.kind, found_at=now, dimension=subject.dimension, key=subject.key
    )  # fmt: skip
    kept.first_day, kept.last_day, kept.name = first, last, subject.name[:255]
    days = one.points if measure == Anomaly.Measure.AVERAGE_TICKET else 1
    kept.expected, kept.lo, kept.hi = (_money(number / days) for number in (one.expected, one.lo, one.hi))
    if measure != Anomaly.Measure.NET:
        kept.lo = max(kept.lo, Decimal(0))  # none of the others falls below nothing
    kept.got = None if one.got is None else _money(one.got / days)
    kept.score, kept.gone_at, kept.updated_at = one.score, None, now
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
