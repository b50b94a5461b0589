"""Who carries the sales: the curve of ABC, by customer or product."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from kpi.analysis import sums
from lib.charts.scale import round_step
from lib.periods import Period
from tenants.models import Tenant

A, B = Decimal("0.80"), Decimal("0.95")  # shares of the whole at which the classes end
ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Carrier:
    """One customer or product with its total, its share of the whole and the share of all down to it."""

    key: str
    name: str
    total: Decimal
    share: Decimal
    reached: Decimal
    group: str  # A, B or C


@dataclass(frozen=True, slots=True)
class Concentration:
    """The largest carriers, how many each class has, and how much cannot be told apart (sales that name nobody).

    `curve` is the share of the whole that the first n carriers reach, at the first, the last and up to 100 round places between.
    """

    dimension: str
    whole: Decimal
    unnamed: Decimal
    counts: dict[str, int]
    largest: tuple[Carrier, ...]
    curve: tuple[tuple[int, Decimal], ...]


def concentration(tenant: Tenant, *, dimension: str, period: Period, most: int = 10) -> Concentration:
    """Return the classes of a period's sales: A reaches 80 % of what is named, B 95 %, C the rest. Only what sold more than it took back."""
    found = sums.by_key(tenant, kind="SALE", dimension=dimension, span=period)
    nobody = {"", *sums.walk_ins(tenant)} if dimension == "customer" else {""}
    unnamed = sum((found.pop(key).total for key in nobody & found.keys()), ZERO)
    ranked = sorted(
        ((one.total, key) for key, one in found.items() if one.total > 0),
        key=lambda each: (-each[0], each[1]),
    )
    whole = sum((total for total, _key in ranked), ZERO)
    names = sums.names(tenant, dimension, [key for _total, key in ranked[:most]])
    counts, largest, curve = {"A": 0, "B": 0, "C": 0}, [], []
    step, reached = round_step(Decimal(len(ranked)) / 100), ZERO
    for n, (total, key) in enumerate(ranked, start=1):
        # Who crosses the line still belongs to the class: the first carrier is always an A.
        group = "A" if reached < A * whole else "B" if reached < B * whole else "C"
        reached += total
        counts[group] += 1
        if n <= most:
            largest.append(Carrier(key, names.get(key, key), total, total / whole, reached / whole, group))
        if n == 1 or n % step == 0 or n == len(ranked):
            curve.append((n, reached / whole))
    return Concentration(dimension, whole, unnamed, counts, tuple(largest), tuple(curve))
