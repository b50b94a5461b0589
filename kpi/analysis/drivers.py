"""Why a number changed: its difference split by one dimension, the largest parts first; what names nobody stands apart."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext as _

from kpi.analysis import derived, sums
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
    "average_ticket": (("SALE",), sums.OF_SALES),
    "active_customers": (("SALE",), sums.OF_SALES[2:]),
    "new_customers": (("SALE",), sums.OF_SALES[2:]),
    "reconciled_share": (("CREDIT", "DEBIT"), ("account",)),
}
COUNTS: Final = frozenset({"sales_count", "active_customers", "new_customers"})
SHARES: Final = frozenset({"reconciled_share"})
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
    """A change and the parts that add up to it: the largest by size, what names nobody, and what all others have together.

    `gained` and `lost` (below zero) are what all keys moved up and down, so that their sum is the difference. `unnamed` is what no key names and
    what stands for anybody ("Consumidor final"): it may be the largest, but it explains nothing. None: everything has a name.
    """

    measure: str
    dimension: str
    now: Decimal
    before: Decimal
    parts: tuple[Part, ...]
    others: Decimal
    others_count: int
    gained: Decimal
    lost: Decimal
    unnamed: Part | None = None

    @property
    def difference(self) -> Decimal:
        """Return now − before of the whole: the sum of the parts' differences, of `unnamed` and of `others`."""
        return self.now - self.before

    def share(self, part: Part) -> Decimal | None:
        """Return a part's share of everything that moved, up or down, with its sign; None where nothing moved.

        Of the difference alone a part could carry 750 % where others work against it. Sizes of all shares add up to 1, and where all keys moved the
        same way these are the shares of the difference itself.
        """
        moved = self.gained - self.lost
        return part.difference / moved if moved else None


def dimensions_of(measure: str) -> tuple[str, ...]:
    """Return the dimensions by which a measure can be split."""
    return SPLITS[measure][1]


def drivers(
    tenant: Tenant, *, measure: str, dimension: str, period: Period, compared: Period, most: int = 8
) -> Drivers:
    """Return what the change of `measure` from `compared` to `period` consists of. Three queries over sums by dimension, five for the net.

    Products are split by their lines, which leave out freight and discounts of the whole sale, so their sums may differ from the sales'.
    An average ticket consists of what each part brings to the average sale, a share of what each part adds to it (`derived`).
    """
    now, before = (_sums(tenant, measure, dimension, span) for span in (period, compared))
    whole, whole_before = sum(now.values(), ZERO), sum(before.values(), ZERO)
    unnamed = _unnamed(tenant, dimension, now, before)
    moved = {key: now.get(key, ZERO) - before.get(key, ZERO) for key in now.keys() | before.keys()}
    keys = sorted(moved, key=lambda key: (-abs(moved[key]), key))
    names = sums.names(tenant, dimension, keys[:most])
    parts = tuple(
        Part(key, names.get(key, key), now.get(key, ZERO), before.get(key, ZERO)) for key in keys[:most]
    )
    differences = [*moved.values(), unnamed.difference if unnamed else ZERO]
    return Drivers(
        measure, dimension, whole, whole_before, parts, sum((moved[key] for key in keys[most:]), ZERO), len(keys[most:]),
        sum((one for one in differences if one > 0), ZERO), sum((one for one in differences if one < 0), ZERO), unnamed,
    )  # fmt: skip


def _unnamed(
    tenant: Tenant, dimension: str, now: dict[str, Decimal], before: dict[str, Decimal]
) -> Part | None:
    """Take what names nobody out of both sums and return it as one part."""
    nobody = ["", *sums.walk_ins(tenant)] if dimension == "customer" else [""]
    if not any(key in now or key in before for key in nobody):
        return None
    total, earlier = (sum((found.pop(key, ZERO) for key in nobody), ZERO) for found in (now, before))
    return Part("", nobody_of(dimension), total, earlier)


def nobody_of(dimension: str) -> str:
    """Return what is written where a part has no name."""
    return _("no customer named") if dimension == "customer" else _("not told")


def _sums(tenant: Tenant, measure: str, dimension: str, span: Period) -> dict[str, Decimal]:
    if measure == "average_ticket":
        return derived.per_sale(tenant, dimension, span)
    if measure in {"active_customers", "new_customers"}:
        return derived.customers(tenant, dimension, span, new=measure == "new_customers")
    if measure == "reconciled_share":
        return derived.settled(tenant, dimension, span)
    sign = -1 if measure == "expenses" else 1
    found: dict[str, Decimal] = defaultdict(Decimal)
    for kind in SPLITS[measure][0]:
        for key, one in sums.by_key(tenant, kind=kind, dimension=dimension, span=span).items():
            found[key] += Decimal(one.n) if measure == "sales_count" else sign * one.total
    return dict(found)
