"""Why a number changed: its difference split by one dimension, the largest parts first."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from kpi.analysis import sums
from lib.periods import Period
from tenants.models import Tenant

# Amounts of one type of row; and what is made of them, by types and by the dimensions whose parts add up to it.
MEASURES: Final = {"revenue": "SALE", "inflow": "CREDIT", "expenses": "DEBIT"}
SPLITS: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "revenue": (("SALE",), sums.OF_SALES),
    "sales_count": (
        ("SALE",),
        tuple(name for name in sums.OF_SALES if name != "product"),
    ),  # a sale has several products
    "inflow": (("CREDIT",), sums.OF_LINES),
    "expenses": (("DEBIT",), sums.OF_LINES),
    "net": (("CREDIT", "DEBIT"), sums.OF_LINES),
}
ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Part:
    """One value of the dimension: its sum now and before. Expenses are told as sizes, so that more spent is more."""

    key: str
    name: str
    now: Decimal
    before: Decimal

    @property
    def difference(self) -> Decimal:
        """Return now − before."""
        return self.now - self.before


@dataclass(frozen=True, slots=True)
class Drivers:
    """A change and the parts that add up to it: the largest by size, and what all others have together."""

    measure: str
    dimension: str
    now: Decimal
    before: Decimal
    parts: tuple[Part, ...]
    others: Decimal
    others_count: int

    @property
    def difference(self) -> Decimal:
        """Return now − before of the whole: the sum of the parts' differences and of `others`."""
        return self.now - self.before

    def share(self, part: Part) -> Decimal | None:
        """Return how much of the whole difference a part carries; above 1 where others work against it. None: nothing changed."""
        return part.difference / self.difference if self.difference else None


def dimensions_of(measure: str) -> tuple[str, ...]:
    """Return the dimensions by which a measure can be split."""
    return SPLITS[measure][1]


def drivers(
    tenant: Tenant, *, measure: str, dimension: str, period: Period, compared: Period, most: int = 8
) -> Drivers:
    """Return what the change of `measure` from `compared` to `period` consists of. Three queries over sums by dimension, five for the net.

    Products are split by their lines, which leave out freight and discounts of the whole sale, so their sums may differ from the sales'.
    """
    now, before = (_sums(tenant, measure, dimension, span) for span in (period, compared))
    keys = sorted(
        now.keys() | before.keys(), key=lambda key: (-abs(now.get(key, ZERO) - before.get(key, ZERO)), key)
    )
    names = sums.names(tenant, dimension, keys[:most])
    parts = tuple(
        Part(key, names.get(key, key), now.get(key, ZERO), before.get(key, ZERO)) for key in keys[:most]
    )
    rest = keys[most:]
    others = sum((now.get(key, ZERO) - before.get(key, ZERO) for key in rest), ZERO)
    return Drivers(
        measure, dimension, sum(now.values(), ZERO), sum(before.values(), ZERO), parts, others, len(rest)
    )


def _sums(tenant: Tenant, measure: str, dimension: str, span: Period) -> dict[str, Decimal]:
    sign = -1 if measure == "expenses" else 1
    found: dict[str, Decimal] = defaultdict(Decimal)
    for kind in SPLITS[measure][0]:
        for key, one in sums.by_key(tenant, kind=kind, dimension=dimension, span=span).items():
            found[key] += Decimal(one.n) if measure == "sales_count" else sign * one.total
    return dict(found)
