"""What the two years tell on purpose: a product that sinks and runs out, a large customer who left, busy pay days; in the office a dear week.

Told by the days before the one on which the sandbox first spoke, so that a demo shows the same whenever it is made. It draws nothing from the
sources of chance: what else happens, happens as it does without it.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from typing import Final

from sync.sandbox.generator.calendar import Calendar
from sync.sandbox.generator.catalog import Product
from sync.sandbox.generator.people import Person

STAR: Final = "Cesta Serra"
# Of those who come so many want the star: on weekdays, and from Friday to Sunday, when guests take one home.
WANTED: Final = (0.25, 0.60)
SINKS, GONE = 35, 7  # days before the first: demand falls from then on; nothing is left in the last ones
LEFT_WITH: Final = 0.85  # of the demand on the day before
TURN_AWAY: Final = 0.6  # of those who came for the star and find none
CLIENT_FROM, CLIENT_UNTIL = 420, 62  # days before the first between which the large customer orders
CLIENT_EVERY: Final = 7
DEPOSIT_BEFORE: Final = 4  # days before the first: the working day by then on which the court asks for money
DEPOSIT: Final = 15_000_000  # cents at full scale
CLIENT_TIMES: Final = 30  # what an order holds of each thing, at scale 1


class Visit(Enum):
    """What somebody who comes takes home."""

    OTHER = "other"
    STAR = "star"
    AWAY = "nothing"


@dataclass(frozen=True, slots=True)
class Plot:
    """The threads of one company; one without star and client has none."""

    first_day: date
    star: Product | None = None
    client: Person | None = None
    instead: Product | None = None
    deposits: bool = False

    def demand(self, day: date) -> float:
        """Return which share of the usual demand for the star is met on a day."""
        left = (self.first_day - day).days
        if left <= GONE:
            return 0.0
        fallen = max(0, SINKS - left) / (SINKS - GONE)
        return 1 - (1 - LEFT_WITH) * fallen

    def visit(self, day: date, number: int) -> Visit:
        """Return what the n-th buyer of a day came for, and finds: who came for the star and finds none often buys nothing."""
        drawn, turned = (
            zlib.crc32(b"%s %d %d" % (what, day.toordinal(), number)) / 2**32 for what in (b"for", b"away")
        )
        usual = WANTED[day.weekday() >= 4]
        if self.star is None or drawn >= usual:
            return Visit.OTHER
        if drawn < usual * self.demand(day):
            return Visit.STAR
        return Visit.AWAY if turned < TURN_AWAY else Visit.OTHER

    def stocked(self, product: Product, day: date) -> Product:
        """Return the product itself, or what is taken instead of the star when none is left."""
        return self.instead if product is self.star and self.instead and not self.demand(day) else product

    def orders_on(self, day: date) -> bool:
        """Return whether the large customer orders on a day: once a week, until two months before the first day."""
        left = (self.first_day - day).days
        return self.client is not None and CLIENT_UNTIL <= left <= CLIENT_FROM and left % CLIENT_EVERY == 0

    def has_lost(self, customer: Person | None, day: date) -> bool:
        """Return whether this is the large customer, who does not come any more."""
        gone = (self.first_day - day).days < CLIENT_UNTIL
        return customer is not None and customer is self.client and gone

    def deposits_on(self, day: date, calendar: Calendar) -> bool:
        """Return whether the court asks for its deposit on a day: once, in the week before the first day."""
        until = self.first_day - timedelta(days=DEPOSIT_BEFORE)
        later = (day + timedelta(days=n) for n in range(1, (until - day).days + 1))
        return (
            self.deposits
            and 0 <= (until - day).days < 7
            and calendar.is_working_day(day)
            and not any(calendar.is_working_day(one) for one in later)
        )


def make_plot(company: str, first_day: date, products: Sequence[Product], people: Sequence[Person]) -> Plot:
    """Return what happens on purpose: most of it in the shop."""
    if company != "shop":
        return Plot(first_day, deposits=company == "law")
    stars = [one for one in products if one.name.startswith(STAR)]
    star = max(
        stars, key=lambda one: (not one.name.endswith(("g", "ml")), one.price)
    )  # no basket is told by its weight
    first = min(person.since for person in people)
    client = next((one for one in people if one.is_firm and one.since == first), None)
    return Plot(first_day, star, client, next(one for one in products if one is not star))
