"""The main products and stores of a company, judged by themselves: one of them can sink while the whole looks as usual."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from kpi import dimensions
from kpi.analysis import sums
from kpi.models import Anomaly
from lib import pg
from tenants.models import Tenant

RECENT: Final = timedelta(days=90)  # whose largest products and stores are the main ones
MAIN: Final = 5
USUAL: Final = Decimal("0.5")  # share of days with a sale; of what sells less often no day says anything
_ROWS: Final = """
WITH sold AS (
    SELECT dimension, key, row_number() OVER (PARTITION BY dimension ORDER BY sum(total) DESC, key) AS place, count(*) OVER (PARTITION BY dimension) AS keys
      FROM kpi_dimension_daily
     WHERE tenant_id = %(tenant)s AND type = 'SALE' AND dimension IN ('product', 'store') AND currency = %(currency)s
       AND day > %(recent)s AND day <= %(through)s AND key <> ''
     GROUP BY dimension, key HAVING sum(total) > 0)
SELECT dimension, key, d.day, d.total
  FROM sold JOIN kpi_dimension_daily d USING (dimension, key)
 WHERE place <= %(main)s AND keys > 1 AND d.tenant_id = %(tenant)s AND d.type = 'SALE' AND d.currency = %(currency)s
   AND d.day > %(from)s AND d.day <= %(through)s AND d.n <> 0
"""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a series is about: the whole company (no dimension), or one value of a dimension."""

    dimension: str = ""
    key: str = ""
    name: str = ""


WHOLE: Final = Subject()


def main_ones(tenant: Tenant, *, since: date, through: date) -> dict[Subject, dict[date, Decimal]]:
    """Return the sales by day of the main products and stores that sell on most days. The only one of its kind is the company itself, and is left out."""
    dimensions.bring(tenant.pk)
    asked = {
        "tenant": tenant.pk, "currency": tenant.currency, "recent": through - RECENT, "through": through, "from": since, "main": MAIN,
    }  # fmt: skip
    rows: dict[tuple[str, str], dict[date, Decimal]] = defaultdict(dict)
    for dimension, key, day, total in pg.fetch(_ROWS, asked):
        rows[dimension, key][day] = total
    often = {each: days for each, days in rows.items() if _is_usual(days, through)}
    names: dict[tuple[str, str], str] = {}
    for dimension in {dimension for dimension, _key in often}:
        keys = [key for its, key in often if its == dimension]
        names |= {(dimension, key): name for key, name in sums.names(tenant, dimension, keys).items()}
    return {Subject(*each, names.get(each, each[1])): days for each, days in sorted(often.items())}


def _is_usual(days: dict[date, Decimal], through: date) -> bool:
    first = max(min(days), through - 2 * RECENT)
    span = (through - first).days + 1
    return span > RECENT.days and sum(1 for day in days if day >= first) >= USUAL * span


def uncovered(found: Sequence[Anomaly], others: Sequence[Anomaly]) -> list[Anomaly]:
    """Return the incidents of products and stores that are causes of their own, the largest gap first.

    None of them is on days on which the company's own number says it already (most of its days, or naming it), and of a product and a store on the same
    days only the one with the larger gap.
    """
    kept: list[Anomaly] = []
    for one in sorted(found, key=lambda each: (-abs((each.got or 0) - each.expected), each.dimension, each.key)):  # fmt: skip
        told = any(_tells(other, one) for other in others)
        if not told and not any(
            other.dimension != one.dimension and other.kind == one.kind and shared_days(other, one) > 0
            for other in kept
        ):
            kept.append(one)
    return kept


def _tells(whole: Anomaly, one: Anomaly) -> bool:
    same = whole.kind == one.kind or (whole.kind == Anomaly.Kind.MISSING and one.kind == Anomaly.Kind.LOW)
    both, span = shared_days(whole, one), (one.last_day - one.first_day).days + 1
    named = any((part["dimension"], part["key"]) == (one.dimension, one.key) for part in whole.parts)
    return same and both > 0 and (named or 2 * both >= span)


def shared_days(one: Anomaly, other: Anomaly) -> int:
    """Return how many days two incidents share."""
    return (min(one.last_day, other.last_day) - max(one.first_day, other.first_day)).days + 1
