"""What a company planned and what happened to it, beside its numbers: progress to goals, goal lines, flags of its own days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import orjson

from kpi.occasions import queries as occasions
from kpi.occasions.queries import Told
from kpi.queries import Board
from kpi.targets import queries as targets
from kpi.targets.goals import Goals
from kpi.targets.pace import Progress
from lib.charts import Flag
from lib.clock import add_months, month_end
from live import cache
from tenants.models import Tenant

Line = Sequence[Decimal | None]
SHAPE: Final = 2  # of what is kept; an older program's entries are not read


@dataclass(frozen=True, slots=True)
class Plan:
    """Progress by KPI; the goal of each drawn day and month; flags by day and by month. Empty where nothing is planned."""

    progress: Mapping[str, Progress] = field(default_factory=dict)
    by_day: Line = ()
    day_flags: Sequence[Flag] = ()
    by_month: Mapping[str, Line] = field(default_factory=dict)
    month_flags: Sequence[Flag] = ()


def read(tenant: Tenant, *, board: Board, day_kpi: str, months: Sequence[date], today: date) -> Plan:
    """Return what is planned for a board. `day_kpi` is the number that is drawn by day, `months` those that are drawn by month.

    At most four queries, none while neither facts nor plans change.
    """
    days = [board.period.start + timedelta(days=n) for n in range(board.period.days)]

    def compute() -> dict[str, Any]:
        first, last = min([*months, days[0]]), max(month_end(months[-1]) if months else days[-1], days[-1])
        first_goal, last_goal = targets.whole(board.period)
        return {
            "occasions": [(o.label, o.first_day, o.last_day) for o in occasions.within(tenant, first, last)],
            "goals": _goals_json(
                targets.goals(tenant, min(first, first_goal), max(last, last_goal), today=today)
            ),
        }

    params = {
        "from": days[0], "to": days[-1], "key": board.period.key, "months": list(months), "day": today,
        "shape": SHAPE,
    }  # fmt: skip
    kept = orjson.loads(cache.remember("plan", tenant_id=tenant.pk, compute=compute, params=params).body)
    told = [Told(label, date.fromisoformat(first), date.fromisoformat(last)) for label, first, last in kept["occasions"]]  # fmt: skip
    goals = _goals(kept["goals"])
    return Plan(
        progress=targets.of_board(goals, board, today=today),
        by_day=goals.by_day(day_kpi, days),
        day_flags=occasions.flags(days, told),
        by_month={
            code: [goals.by_kpi[code].get(month) for month in months]
            for code in ("inflow", "expenses")
            if any(month in goals.by_kpi.get(code, {}) for month in months)
        },
        month_flags=occasions.flags_by_month(months, told),
    )


def months_until(today: date, count: int = 12) -> list[date]:
    """Return the first days of the last `count` months, that of today included, the oldest first."""
    return [add_months(today.replace(day=1), n - count + 1) for n in range(count)]


def _goals_json(found: Goals) -> dict[str, Any]:
    return {
        "by_kpi": {code: [(month, str(value)) for month, value in goals.items()] for code, goals in found.by_kpi.items()},
        "own": sorted(found.own),
        "shapes": [(code, month, [str(weight) for weight in weights]) for (code, month), weights in found.shapes.items()],
    }  # fmt: skip


def _goals(kept: Mapping[str, Any]) -> Goals:
    return Goals(
        {code: {date.fromisoformat(month): Decimal(value) for month, value in goals} for code, goals in kept["by_kpi"].items()},
        frozenset(date.fromisoformat(day) for day in kept["own"]),
        {(code, date.fromisoformat(month)): tuple(map(Decimal, weights)) for code, month, weights in kept["shapes"]},
    )  # fmt: skip
