"""Reading what rules look at: the numbers of many days at once, so that judging and trying cost a handful of queries, not one a day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from typing import Any, Final

from kpi import dimensions
from kpi.alerts.conditions import (
    FORECAST,
    USUAL_WEEKS,
    Compare,
    Condition,
    Incident,
    Kind,
    Look,
    Way,
    Window,
    hours_of,
)
from kpi.alerts.conditions import UNKNOWN as NO_LOOK
from kpi.alerts.silence import LINES, is_of_sales
from kpi.calculations import Totals
from kpi.models import ForecastPoint, Foretold
from kpi.targets import queries as targets
from kpi.targets.goals import Goals
from lib import pg
from lib.clock import add_months, month_end
from lib.periods import Period
from tenants.models import Tenant

_DAILY: Final = """
SELECT type, day, flow_n, flow_total FROM kpi_daily
 WHERE tenant_id = %(tenant)s AND currency = %(currency)s AND day >= %(first)s AND day <= %(last)s AND n > 0
"""
_FIRST: Final = """
SELECT (SELECT min(day) FROM kpi_daily WHERE tenant_id = %(tenant)s AND n > 0 AND type IN ('CREDIT', 'DEBIT')),
       (SELECT min(day) FROM kpi_daily WHERE tenant_id = %(tenant)s AND n > 0 AND type = 'SALE')
"""
_SPLIT: Final = """
SELECT type, day, n, total FROM kpi_dimension_daily
 WHERE tenant_id = %(tenant)s AND dimension = %(dimension)s AND key = %(key)s AND currency = %(currency)s AND day <= %(last)s
   AND type = ANY (%(types)s)
"""
_NEW: Final = """
SELECT day, count(*) FROM (
    SELECT customer_id, min(date) AS day FROM ledger_sale
     WHERE tenant_id = %(tenant)s AND customer_id IS NOT NULL AND void_at IS NULL AND NOT is_cancelled AND NOT ignored
     GROUP BY customer_id) AS firsts
 WHERE day >= %(first)s AND day <= %(last)s GROUP BY day
"""
_ACTIVE: Final = """
SELECT d.last, (SELECT count(DISTINCT customer_id) FROM ledger_sale s
                 WHERE s.tenant_id = %(tenant)s AND s.date >= d.first AND s.date <= d.last AND customer_id IS NOT NULL
                   AND void_at IS NULL AND NOT is_cancelled AND NOT ignored)
  FROM unnest(%(firsts)s::date[], %(lasts)s::date[]) AS d(first, last)
"""
_SETTLED: Final = """
SELECT date, count(*) FROM ledger_transaction t
 WHERE tenant_id = %(tenant)s AND date >= %(first)s AND date <= %(last)s AND currency = %(currency)s
   AND status = 'posted' AND void_at IS NULL AND NOT ignored AND nature = 'regular'
   AND EXISTS (SELECT FROM reconciliation_matchline l WHERE l.tenant_id = t.tenant_id AND l.transaction_id = t.id AND l.confirmed)
   AND EXISTS (SELECT FROM reconciliation_progress WHERE tenant_id = %(tenant)s AND ran_at IS NOT NULL)
 GROUP BY date
"""
_MATCHED: Final = "SELECT 1 FROM reconciliation_progress WHERE tenant_id = %(tenant)s AND ran_at IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Source:
    """What one series of days is of: the whole company, or one value of a dimension."""

    dimension: str = ""
    key: str = ""


@dataclass(slots=True)
class Course:
    """Counts and sums by day of one type of rows, added up from the first day on, so that any span costs two look-ups."""

    base: date
    n: list[int]
    total: list[Decimal]

    def of(self, first: date, last: date) -> tuple[int, Decimal]:
        """Return count and sum of the days from `first` through `last`."""
        size = len(self.n) - 1
        low, high = (min(max((day - self.base).days, 0), size) for day in (first, last + timedelta(days=1)))
        return self.n[high] - self.n[low], self.total[high] - self.total[low]


class Reader:
    """The numbers of one company between two days. Reads what is asked for when it is asked for, each thing once."""

    def __init__(self, tenant: Tenant, first: date, last: date) -> None:
        self.tenant = tenant
        self.first, self.last = first, last
        self._courses: dict[Source, dict[str, Course]] = {}
        self._begins: dict[Source, tuple[date | None, date | None]] = {}
        self._active: dict[tuple[date, date], int] = {}
        self._expected: dict[tuple[str, ...], Mapping[date, tuple[Decimal, Decimal]]] = {}

    @property
    def _asked(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant.pk, "currency": self.tenant.currency, "first": self.first, "last": self.last,
        }  # fmt: skip

    # --- values --------------------------------------------------------------------------------------------------------
    def value(self, condition: Condition, first: date, last: date) -> Decimal | None:
        """Return the number over a span, by size where it is spoken of so; None where a part of the span is unknown."""
        found = condition.number.measure(self._totals(condition, first, last))
        if found is None:
            return None
        value = Decimal(found)
        return (-value if condition.by_size else value) + 0

    def _totals(self, condition: Condition, first: date, last: date) -> Totals:
        source = Source(condition.dimension, condition.key)
        courses = self._loaded(source)
        lines, sales = (begins is not None and begins <= first for begins in self._begins[source])
        lines, sales = lines and last <= self.last, sales and last <= self.last
        (n_in, inflow), (n_out, outflow), (n, revenue) = (
            courses[name].of(first, last) for name in ("CREDIT", "DEBIT", "SALE")
        )
        return Totals(
            inflow=inflow if lines else None,
            outflow=outflow if lines else None,
            revenue=revenue if sales else None,
            sales=n if sales else None,
            active_customers=self._customers(first, last)
            if sales and condition.kpi == "active_customers"
            else None,
            new_customers=self._new.of(first, last)[0]
            if sales and condition.kpi == "new_customers"
            else None,
            lines=n_in + n_out if lines else None,
            lines_settled=self._settled_lines(first, last)
            if lines and condition.kpi == "reconciled_share"
            else None,
        )

    def _loaded(self, source: Source) -> dict[str, Course]:
        if source in self._courses:
            return self._courses[source]
        begins = self._company_begins
        if source.dimension:
            kinds = LINES if source.dimension in {"category", "account"} else ("SALE",)
            dimensions.bring(self.tenant.pk)
            rows = pg.fetch(
                _SPLIT, self._asked | {"dimension": source.dimension, "key": source.key, "types": list(kinds)}
            )
            own = min((day for _kind, day, _n, _total in rows), default=None)
            # A store that is not open yet has sold nothing that could be too little.
            lines, sales = (own and first and max(own, first) for first in begins)
            begins = lines, sales
        else:
            rows = pg.fetch(_DAILY, self._asked)
        self._begins[source] = begins
        self._courses[source] = {
            kind: self._course({day: (n, total) for its, day, n, total in rows if its == kind})
            for kind in (*LINES, "SALE")
        }
        return self._courses[source]

    def _course(self, rows: Mapping[date, tuple[int, Decimal]]) -> Course:
        n, total = [0], [Decimal(0)]
        for offset in range((self.last - self.first).days + 1):
            more, amount = rows.get(self.first + timedelta(days=offset), (0, Decimal(0)))
            n.append(n[-1] + more)
            total.append(total[-1] + amount)
        return Course(self.first, n, total)

    @cached_property
    def _company_begins(self) -> tuple[date | None, date | None]:
        lines, sales = pg.fetch(_FIRST, self._asked)[0]
        return lines, sales

    @cached_property
    def _new(self) -> Course:
        return self._course({day: (n, Decimal(0)) for day, n in pg.fetch(_NEW, self._asked)})

    @cached_property
    def _settled(self) -> Course | None:
        if not pg.fetch(_MATCHED, self._asked):
            return None
        return self._course({day: (n, Decimal(0)) for day, n in pg.fetch(_SETTLED, self._asked)})

    def _settled_lines(self, first: date, last: date) -> int | None:
        return None if self._settled is None else self._settled.of(first, last)[0]

    def _customers(self, first: date, last: date) -> int:
        """Return how many different customers bought. One span is asked for, those of the days after it are read along."""
        if (first, last) not in self._active:
            length, of_month = last - first, first.day == 1 and first.month == last.month
            later = [last + timedelta(days=n) for n in range(1, (self.last - last).days + 1)]
            spans = {(first, last)} | {
                (day.replace(day=1) if of_month else day - length, day) for day in later
            }
            ordered = sorted(spans - set(self._active))
            asked = {"firsts": [span[0] for span in ordered], "lasts": [span[1] for span in ordered]}
            rows = dict(pg.fetch(_ACTIVE, self._asked | asked))
            self._active |= {span: rows[span[1]] for span in ordered}
        return self._active[first, last]

    # --- looks ---------------------------------------------------------------------------------------------------------
    def look(self, condition: Condition, day: date) -> Look:
        """Return the two sides of a condition on the day with which its window ends."""
        if condition.is_momentary:
            return NO_LOOK
        first, last = condition.span(day)
        if condition.kind == Kind.STREAK:
            return self._streak(condition, day)
        got = self.value(condition, first, last)
        if condition.kind == Kind.CHANGE:
            return Look(got, self.value(condition, *compared(condition, day)))
        if condition.kind == Kind.FORECAST:
            return self._forecast(condition, day, got)
        if condition.kind == Kind.TARGET:
            return self._target(condition, day, got)
        return Look(got, condition.limit)

    def _streak(self, condition: Condition, day: date) -> Look:
        assert condition.limit is not None, "a streak has a length"
        periods = int(condition.limit) + (condition.way != "zero")
        length = timedelta(days=7 if condition.window == Window.WEEK else 1)
        ends = [day - n * length for n in reversed(range(periods))]
        steps = tuple(self.value(condition, end - length + timedelta(days=1), end) for end in ends)
        if condition.way == Way.ZERO:
            return Look(steps[-1], self._usual(condition, ends[0] - length), steps=steps)
        return Look(steps[-1], steps[0] if len(steps) > 1 else None, steps=steps)

    def _usual(self, condition: Condition, last: date) -> Decimal | None:
        """Return what a day or a week brought on average in the weeks through a day, before it was zero; None where they are not all known."""
        weeks = USUAL_WEEKS[Window(condition.window)]
        whole = self.value(condition, last - timedelta(days=7 * weeks - 1), last)
        return None if whole is None else whole / (weeks if condition.window == Window.WEEK else weeks * 7)

    def _forecast(self, condition: Condition, day: date, got: Decimal | None) -> Look:
        band = self._bands(condition).get(day)
        if band is None:
            return Look(got)
        low, high = (-band[1], -band[0]) if condition.by_size else band
        return Look(got, low, high)

    def _bands(self, condition: Condition) -> Mapping[date, tuple[Decimal, Decimal]]:
        """Return by day what had been expected: as the last forecast before the day was known said it, or says it now."""
        names = {
            "measure": FORECAST[condition.kpi], "about": condition.dimension or "company", "subject": condition.key,
        }  # fmt: skip
        if (kept := self._expected.get(tuple(names.values()))) is not None:
            return kept
        past = Foretold.objects.filter(tenant=self.tenant, day__gte=self.first, day__lte=self.last, **names)
        rows = ForecastPoint.objects.filter(
            tenant=self.tenant, forecast__grain="day", start__lte=self.last,
            **{f"forecast__{name}": value for name, value in names.items()},
        )  # fmt: skip
        found = {day: (low, high) for day, low, high in rows.values_list("start", "lo95", "hi95")}
        found |= {day: (low, high) for day, low, high in past.values_list("day", "lo95", "hi95")}
        self._expected[tuple(names.values())] = found
        return found

    def silences(self, condition: Condition, first: date) -> list[Incident]:
        """Return the silences of the past by whole days: from the first day without a row to the one with rows again.

        A silence of the past is known to the day only; one is told when it is over its limit."""
        courses, limit = self._loaded(Source(condition.dimension, condition.key)), hours_of(condition) / 24
        names = ("SALE",) if is_of_sales(condition) else LINES
        days = [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]
        busy = [day for day in days if any(courses[name].of(day, day)[0] for name in names)]
        found = []
        for before, after in pairwise([*busy, self.last + timedelta(days=1)] if busy else []):
            silent = (after - before).days - 1
            if silent >= max(limit, Decimal(1)) and before >= first:
                is_over = after <= self.last
                hours = Decimal(24 * silent)
                found.append(
                    Incident(
                        before + timedelta(days=1), Look(hours, condition.limit), after if is_over else None
                    )
                )
        return found

    def _target(self, condition: Condition, day: date, got: Decimal | None) -> Look:
        span = Period("month", day.replace(day=1), day + timedelta(days=1))
        goal, due = (
            self._goals.whole(condition.number, span),
            self._goals.due(condition.number, span),
        )
        if goal is None or due is None:
            return Look(got)
        sign = -1 if condition.by_size else 1
        return Look(got, sign * due, goal=sign * goal)

    @cached_property
    def _goals(self) -> Goals:
        return targets.goals(self.tenant, self.first, self.last, today=self.last)


def compared(condition: Condition, day: date) -> tuple[date, date]:
    """Return the first and last day that a window is compared with."""
    first, last = condition.span(day)
    if condition.compare == Compare.LAST_YEAR:
        return add_months(first, -12), add_months(last, -12)
    length = (last - first).days + 1
    if condition.compare == Compare.SAME_WEEKDAYS:
        weeks = timedelta(weeks=-(-length // 7))
        return first - weeks, last - weeks
    if condition.window == Window.MONTH:
        before = add_months(first, -1)
        whole = last == month_end(last)
        return before, month_end(before) if whole else min(before + (last - first), month_end(before))
    return first - timedelta(days=length), first - timedelta(days=1)
