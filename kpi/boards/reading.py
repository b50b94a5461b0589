"""The reads of a board: one statement each, whatever the number of tiles, kept until the facts change.

What is kept is JSON and says nothing in any language. Incidents and goals are read at every look.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import orjson
from django.contrib.postgres.aggregates import JSONBAgg
from django.db.models import Count, JSONField, Sum, TextField, Value
from django.db.models.functions import Cast, JSONObject

from kpi import comparing, dimensions, sql
from kpi.analysis import cohorts
from kpi.analysis.projection import USUAL_WEEKS, WEEKS
from kpi.analysis.recurring import Line
from kpi.boards.asking import Needs, Scope, Spans
from kpi.incidents.services import standing
from kpi.models import Anomaly, Occasion
from kpi.occasions.queries import Told
from kpi.queries import goals_of
from kpi.recurrence.queries import may_stand, recurring_lines
from kpi.segmenting import queries as segmenting
from kpi.targets.goals import Goals
from ledger.models import OpenItem
from ledger.models.customer import WALK_IN
from lib import pg
from lib.clock import add_months
from lib.periods import Period
from lib.workdays import Calendar
from live import cache
from reconciliation.queries import with_left
from tenants.models import Tenant

MOST: Final = 14  # keys of a split: ten to be shown, and some for placeholders among them that are not ranked
MONTHS: Final = 24
_FIGURES: Final = sql.read("board_figures.sql")
_SERIES: Final = sql.read("board_series.sql")
INCIDENTS: Final = 8
_SETTINGS: Final = """
SELECT (SELECT jsonb_agg(jsonb_build_array(label, first_day, last_day, kind) ORDER BY first_day, id)::text FROM kpi_occasion WHERE tenant_id = %(tenant)s),
       (SELECT jsonb_agg(jsonb_build_array(kpi, month, value::text))::text FROM kpi_target WHERE tenant_id = %(tenant)s),
       concat_ws(' ', (SELECT concat(count(*), max(updated_at)) FROM kpi_target WHERE tenant_id = %(tenant)s),
                 (SELECT concat(count(*), max(updated_at)) FROM kpi_occasion WHERE tenant_id = %(tenant)s),
                 (SELECT concat(count(*), max(updated_at)) FROM kpi_anomaly WHERE tenant_id = %(tenant)s AND gone_at IS NULL),
                 (SELECT max(made_at) FROM kpi_forecast WHERE tenant_id = %(tenant)s),
                 (SELECT built_at FROM kpi_segmentstate WHERE tenant_id = %(tenant)s))
"""
# Both are our own texts.
_COHORTS: Final = (
    f"SELECT 'cohort', c.cohort::text, c.month::text, c.count, NULL::numeric FROM ({cohorts.COHORTS}) AS c"  # noqa: S608
)
_SEGMENTS: Final = f"SELECT 'segment', now, before, n, value FROM ({segmenting.MOVES}) AS s (now, before, n, value, ahead, worth)"  # noqa: S608
_SPLITS: Final = sql.read("board_splits.sql")
_BASES: Final = sql.read("board_base.sql").split("\n--\n")  # nothing, sales, one product's sales, bank lines


def read(
    tenant: Tenant, *, needs: Needs, spans: Spans, scope: Scope | None, stamp: str, shape: Period | None = None
) -> dict[str, Any]:  # fmt: skip
    """Return the reads by name, as JSON values, computed at most once for each state of the facts and each `stamp`. At most five statements.

    `shape` are the days whose weekdays say how goals spread: read along with the others.
    """
    scoped = f"{scope.dimension}:{scope.key}" if scope else ""
    params = needs.as_params() | {
        "from": spans.period.start, "to": spans.period.end, "before": spans.compared.start, "until": spans.compared.end,
        "day": spans.today, "scope": scoped, "stamp": stamp, "beside": [str(one) for one in spans.ranges()],
        "shape": shape and [shape.start, shape.end], "rows": 2,
    }  # fmt: skip

    def compute() -> dict[str, Any]:
        return _read(tenant, needs, spans, scope, shape)

    kept = cache.remember("board", tenant_id=tenant.pk, compute=compute, params=params, part="tiles")
    found: dict[str, Any] = orjson.loads(kept.body)
    return found


@dataclass(frozen=True, slots=True)
class Settings:
    """A company's business days, goals and own days. `stamp` changes whenever something changes that no generation of the cache tells of: these two, own
    days, incidents, forecasts, segments.
    """

    calendar: Calendar
    goals: Goals
    occasions: tuple[Told, ...]
    stamp: str


def settings_of(tenant: Tenant) -> Settings:
    """Return them. One query over small tables."""
    days, goals, stamp = pg.fetch(_SETTINGS, {"tenant": tenant.pk})[0]
    told = [
        (Told(label, date.fromisoformat(first), date.fromisoformat(last)), kind)
        for label, first, last, kind in orjson.loads(days or "[]")
    ]
    free = [(one.first, one.last) for one, kind in told if kind == Occasion.Kind.FREE]
    calendar = comparing.calendar_of(free)
    return Settings(
        calendar, goals_of(orjson.loads(goals or "[]"), calendar), tuple(one for one, _kind in told), stamp
    )


def anomalies(tenant: Tenant) -> list[Anomaly]:
    """Return the newest incidents that are still true. One query."""
    rows = Anomaly.objects.filter(standing(tenant)).select_related("tenant")
    return list(rows.order_by("-last_day", "-id")[:INCIDENTS])


def _read(
    tenant: Tenant, needs: Needs, spans: Spans, scope: Scope | None, shape: Period | None
) -> dict[str, Any]:
    figures = _figures(tenant, needs, spans, scope)
    if figures["touched"] and (scope or {"splits", "cohorts"} & needs.pieces):
        dimensions.bring(tenant.pk)
    found: dict[str, Any] = {"figures": figures}
    if "series" in needs.pieces:
        found["series"] = _series(tenant, needs, spans, scope, shape)
    if "splits" in needs.pieces:
        found["splits"] = _splits(tenant, needs, spans, scope, figures["to_split"])
    if "items" in needs.pieces:
        found["items"] = _items(tenant, recurring_lines(figures["recurring"]), spans.today)
    if {"cohorts", "segments"} & needs.pieces:
        found["people"] = _people(tenant, needs, spans, figures["segments_as_of"])
    return found


def _span(spans: Spans) -> dict[str, date]:
    """Return the bounds of both spans: days from `start` to `head`, whole months from `first` to `last`, days from `tail` to `end`."""
    return _bounds(spans.period) | {f"b_{name}": day for name, day in _bounds(spans.compared).items()}


def _bounds(period: Period) -> dict[str, date]:
    first, last = period.start, period.end.replace(day=1)
    if first.day > 1:
        first = add_months(first.replace(day=1), 1)
    tail = max(last, period.start) if first <= last else period.end
    return {"start": period.start, "head": min(first, period.end), "first": first, "last": last, "tail": tail, "end": period.end}  # fmt: skip


def _own(tenant: Tenant, spans: Spans) -> dict[str, Any]:
    return {"tenant": tenant.pk, "currency": tenant.currency, "today": spans.today, **_span(spans)}


def _figures(tenant: Tenant, needs: Needs, spans: Spans, scope: Scope | None) -> dict[str, Any]:
    wanted: dict[str, Any] = {name: name in needs.pieces for name in ("customers", "settled", "recurring")}
    wanted["split_of"] = list(scope.types) if scope and "splits" in needs.pieces else []
    row = pg.fetch(_FIGURES, _own(tenant, spans) | wanted)[0]
    names = (
        "first_line", "first_sale", "cash", "has_items", "touched", "segments_as_of", "customers", "settled", "to_split", "recurring",
    )  # fmt: skip
    found = dict(zip(names, row, strict=True))
    # Django hands JSON over as text, which would be taken for a list of letters.
    return found | {"recurring": orjson.loads(found["recurring"] or "[]")}


def _series(
    tenant: Tenant, needs: Needs, spans: Spans, scope: Scope | None, shape: Period | None
) -> list[list[Any]]:
    back = min(spans.today - timedelta(weeks=USUAL_WEEKS), spans.today.replace(day=1))
    also = [(shape.start, shape.end)] if shape else []
    ranges = spans.ranges((back, spans.today + timedelta(days=1)), *also)
    about = scope.dimension if scope and scope.dimension in {"store", "product"} else "company"
    asked = _own(tenant, spans) | {
        "whole": scope is None, "starts": [start for start, _end in ranges], "ends": [end for _start, end in ranges], "months": add_months(spans.today.replace(day=1), 1 - MONTHS),
        "types": list(scope.types) if scope else [], "dimension": scope.dimension if scope else "",
        "key": scope.key if scope else "", "forecasts": sorted(needs.forecasts), "about": about,
    }  # fmt: skip
    return [list(row) for row in pg.fetch(_SERIES, asked)]


def _splits(
    tenant: Tenant, needs: Needs, spans: Spans, scope: Scope | None, facts: int | None
) -> list[list[Any]]:
    splits = sorted(needs.splits)
    own, others = splits, []
    if scope:
        own = [each for each in splits if each[1] == scope.dimension]
        others = [each[1] for each in splits if each[1] != scope.dimension] if spans.may_split(facts) else []
    asked = _own(tenant, spans) | {
        "types": [kind for kind, _dimension in own], "dimensions": [dimension for _kind, dimension in own], "others": others,
        "curves": sorted(needs.curves), "walk_in": WALK_IN, "most": MOST,
        "dimension": scope.dimension if scope else "", "key": scope.key if scope else "",
    }  # fmt: skip
    return [
        list(row) for row in pg.fetch(_SPLITS.replace("{base}", _base(scope) if others else _BASES[0]), asked)
    ]


def _base(scope: Scope | None) -> str:
    """Return the statement that reads the facts of one value, from our own file."""
    if scope is None:
        return _BASES[0]
    return _BASES[2] if scope.dimension == "product" else _BASES[1 if scope.sells else 3]


def _people(tenant: Tenant, needs: Needs, spans: Spans, as_of: date | None) -> list[list[Any]]:
    """Return (cohort, its month, another month, customers) and (segment now, before, customers, value)."""
    parts, asked = [], cohorts.asked(tenant, today=spans.today)
    if "cohorts" in needs.pieces:
        parts.append(_COHORTS)
    if "segments" in needs.pieces and as_of:
        asked |= segmenting.months_of(as_of)
        parts.append(_SEGMENTS)
    return [list(row) for row in pg.fetch(" UNION ALL ".join(parts), asked)] if parts else []


def _items(tenant: Tenant, recurring: list[tuple[int, Line]], today: date) -> list[list[Any]]:
    """Return what is open by direction and due date: how many items, what is left of them, and those that may stand for a payment of a recurring line."""
    open_now = OpenItem.objects.filter(
        tenant=tenant, currency=tenant.currency, status__in=["open", "partial"], void_at=None, ignored=False
    )
    rows = with_left(open_now).values("direction", "due_date")
    if not recurring:
        rows = rows.annotate(n=Count("pk"), sum=Sum("left"), near=Value(None, JSONField()))
    else:
        told = JSONObject(
            amount=Cast("left", TextField()), document="counterparty_document", name="counterparty_name"
        )
        lines, end = [line for _pk, line in recurring], today + WEEKS * timedelta(weeks=1)
        near = JSONBAgg(told, filter=may_stand(lines, today, end))
        rows = rows.annotate(n=Count("pk"), sum=Sum("left"), near=near)
    return [list(row) for row in rows.values_list("direction", "due_date", "n", "sum", "near")]
