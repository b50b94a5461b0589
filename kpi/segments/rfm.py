"""Recency, frequency and value of every customer of a list of orders, with scores, segment and what to expect.

What counts: a value of zero or more is an order; a negative value is a refund: it lowers the value, but nobody came to buy. Every row
counts, equal ones too: nothing in them tells a repeated line from two coffees on one day. Recency is the days from the last order to the
reference day, which is the day after the last date unless another is named; orders of the reference day and later are left out. Frequency
is the number of orders, value their sum less refunds. Expected purchases are days with a purchase in the next 90 days (BG/NBD), None for
all where a fit is not possible.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from kpi.segments import edges

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

HORIZON: Final = 90  # days


@dataclass(frozen=True, slots=True)
class Standing:
    """One customer. Without any order (only refunds) everything but frequency 0 and the value is None."""

    customer: str
    recency: int | None
    frequency: int
    monetary: Decimal
    r: int | None
    f: int | None
    m: int | None
    segment: str | None
    expected: float | None


@dataclass(slots=True)
class Orders:
    """Orders by customer, as they are read, in any order. Sixteen bytes an order and one row a customer."""

    names: dict[str, int] = field(default_factory=dict)
    values: list[Decimal] = field(default_factory=list)
    who: "array[int]" = field(default_factory=lambda: array("q"))
    days: "array[int]" = field(default_factory=lambda: array("q"))
    last: date | None = None
    left_out: int = 0

    def add(self, customer: str, day: date, value: Decimal) -> None:
        """Take one order or refund."""
        number = self.names.setdefault(customer, len(self.values))
        if number == len(self.values):
            self.values.append(value)
        else:
            self.values[number] += value
        if self.last is None or day > self.last:
            self.last = day
        if value >= 0:
            self.who.append(number)
            self.days.append(day.toordinal())


def read(rows: Iterable[tuple[str, date, Decimal]], *, before: date | None = None) -> Orders:
    """Return the orders of these rows; what happened on `before` or later is counted in `left_out` only."""
    found = Orders()
    for customer, day, value in rows:
        if before is not None and day >= before:
            found.left_out += 1
        else:
            found.add(customer, day, value)
    return found


def standings(
    orders: Orders, *, as_of: date | None = None, rules: Sequence[edges.Rule] = edges.DEFAULT
) -> Iterator[Standing]:
    """Yield every customer in the order of their first row. `as_of` is the reference day."""
    if orders.last is None:
        return
    day = as_of or orders.last + timedelta(days=1)
    import numpy as np

    who, days = np.frombuffer(orders.who, dtype=np.int64), np.frombuffer(orders.days, dtype=np.int64)
    count, first, last, occasions = _by_customer(who, days, len(orders.values))
    bought = np.flatnonzero(count)
    today = day.toordinal()
    columns = _columns(
        today - last[bought], count[bought], [orders.values[n] for n in bought.tolist()], rules
    )
    expected = _expected(occasions[bought] - 1, (last - first)[bought], (today - first)[bought])
    scored = iter(zip(*columns, expected, strict=True))
    for (customer, number), orders_n in zip(orders.names.items(), count.tolist(), strict=True):
        value = orders.values[number]
        if not orders_n:
            yield Standing(customer, None, 0, value, None, None, None, None, None)
            continue
        recency, r, f, m, segment, purchases = next(scored)
        yield Standing(customer, recency, orders_n, value, r, f, m, segment, purchases)


def _by_customer(
    who: "npt.NDArray[np.int64]", days: "npt.NDArray[np.int64]", customers: int
) -> "tuple[npt.NDArray[np.int64], ...]":
    """Return orders, first day, last day and days with an order, by customer."""
    import numpy as np

    count = np.bincount(who, minlength=customers)
    first = np.full(customers, np.iinfo(np.int64).max)
    last = np.zeros(customers, np.int64)
    np.minimum.at(first, who, days)
    np.maximum.at(last, who, days)
    distinct = np.unique((who << 24) | days)  # an ordinal day needs 22 bits
    return count, first, last, np.bincount(distinct >> 24, minlength=customers)


def _columns(
    recency: "npt.NDArray[np.int64]",
    frequency: "npt.NDArray[np.int64]",
    values: list[Decimal],
    rules: Sequence[edges.Rule],
) -> list[list[Any]]:
    """Return recency, r, f, m and segment as columns."""
    import numpy as np

    from kpi.segments import scores

    # As whole numbers of the smallest unit that occurs: floats would tear equal sums apart.
    places = max((-int(value.as_tuple().exponent) for value in values), default=0)
    exact = [int(value.scaleb(max(places, 0))) for value in values]
    money = np.array(exact, dtype=np.int64 if max(map(abs, exact), default=0) < 2**62 else object)
    marks = [scores.by_recency(recency), scores.by_size(frequency), scores.by_size(money)]
    named = edges.names(rules)
    r, f, m = (mark.tolist() for mark in marks)
    return [recency.tolist(), r, f, m, [named[key] for key in zip(r, f, m, strict=True)]]


def _expected(
    x: "npt.NDArray[np.int64]", t_x: "npt.NDArray[np.int64]", age: "npt.NDArray[np.int64]"
) -> Sequence[float | None]:
    import numpy as np

    from kpi.segments import bgnbd

    model = bgnbd.fit(x, t_x.astype(float), age.astype(float))
    if model is None:
        return [None] * len(x)
    found = model.expected(HORIZON, x, t_x, age)
    return [value if np.isfinite(value) else None for value in found.tolist()]
