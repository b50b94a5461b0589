"""Judging the main products and stores by themselves, on the numbers of their days. numpy is loaded by whoever judges."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kpi.anomalies.incidents import Incident

Found = tuple["Incident", date, date]


@dataclass(frozen=True, slots=True)
class Sold:
    """What one of them sold by day up to `through`; `opened`: the days on which the company sold anything at all."""

    days: Mapping[date, Decimal]
    opened: frozenset[date]
    through: date

    @property
    def start(self) -> date:
        """Return the first day with a sale."""
        return min(self.days)

    @property
    def values(self) -> tuple[Decimal, ...]:
        """Return every day's total from the first one on."""
        size = (self.through - self.start).days + 1
        return tuple(self.days.get(self.start + timedelta(days=n), Decimal(0)) for n in range(size))

    def silences(self, *, rarity: float, since: date) -> Iterator[Found]:
        """Yield the days in a row on which the company sold and this one did not, where that is unusual, if they end after `since`."""
        import numpy as np

        from kpi.anomalies.silence import silences

        open_days = [day for day in sorted(self.opened) if self.start <= day <= self.through]
        values = np.array([float(self.days.get(day, 0)) for day in open_days])
        start = sum(1 for day in open_days if day <= since)
        for one in silences(values, rarity=rarity, start=start):
            yield one, open_days[one.first], open_days[one.last]
