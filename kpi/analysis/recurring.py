"""Recurring lines in bank movements (rent, payroll, software, instalments, retainers): who, how often, how much, and on which days next.

A library of its own: it needs no company and no database. It is linear in the movements.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import median
from typing import Final

from kpi.analysis.rhythms import FEW, Rhythm, Rule, business_day, fit, interval, over_after, slack
from lib.documents import normalize
from lib.text import fold
from lib.workdays import Calendar

LATEST: Final = 3  # occurrences whose median is the usual amount, so that a raise counts soon
TOGETHER: Final = timedelta(days=3)  # payments to one party within so many days are one occurrence
BUSY: Final = 800  # movements of one party, or of one text, that are looked at apart
_JUDGED: Final = 6  # latest amounts that have to be alike
_WIDE, _NARROW, _STEP = (
    Decimal("0.15"),
    Decimal("0.05"),
    Decimal("0.03"),
)  # relative MAD: of many amounts, of few, around a raise
_PAUSE: Final = Decimal("2.6")  # usual gaps: a longer one and the line began anew after it
_MERGED: Final = Decimal("1.5")  # days an occurrence at most: a daily payout is no line
CENT: Final = Decimal("0.01")
# Words that differ from month to month of one thing. PostgreSQL reads them, too (kpi/sql/recurring.sql).
NUMBERING: Final = frozenset(
    "jan janeiro fev fevereiro mar marco abr abril mai maio jun junho jul julho ago agosto set setembro out outubro nov novembro dez dezembro"
    " n no nr num numero nf parc parcela ref referente doc mes de".split()
)
_NOT_LETTERS = re.compile("[^a-z]+")


@dataclass(frozen=True, slots=True)
class Movement:
    """One bank line: `amount` is positive for money in. `party` is who is paid (`party_of`), `text` what it says (`text_key`); `name` and
    `description` are for people.
    """

    day: date
    amount: Decimal
    party: str
    text: str = ""
    name: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Paid:
    """One occurrence: its day, its amount with the sign of its movements."""

    day: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Line:
    """What comes again. `amount` is the usual one (negative: money out), `paid` the occurrences of its latest run, the oldest first.

    `code` names it among the lines of its company: direction, rhythm, place among those of the same party, party. `unit` is the period of the
    last occurrence, `share` how many of the latest periods had theirs on its day (0 to 1).
    """

    code: str
    party: str
    name: str
    rule: Rule
    unit: int
    share: Decimal
    amount: Decimal
    paid: tuple[Paid, ...]

    @property
    def rhythm(self) -> Rhythm:
        """Return how often it comes."""
        return self.rule.rhythm

    @property
    def last(self) -> date:
        """Return the day of the latest occurrence."""
        return self.paid[-1].day

    @property
    def weight(self) -> Decimal:
        """Return the size of what it moves in thirty days."""
        return abs(self.amount) * 30 / interval(self.rhythm)

    @property
    def range(self) -> tuple[Decimal, Decimal]:
        """Return the smallest and the largest of the latest amounts, with their sign."""
        latest = [one.amount for one in self.paid[-_JUDGED:]]
        return min(latest), max(latest)

    def ahead(self, today: date, until: date, calendar: Calendar) -> list[date]:
        """Return the business days from `today` through `until` on which it comes again.

        One that should have come a few days ago comes today; one that is later than that is missing, and nobody knows when it comes.
        """
        found: list[date] = []
        late = today - timedelta(days=slack(self.rhythm))
        for day in self.rule.after(self.unit, calendar):
            if day > until:
                return found
            if day >= today:
                found.append(day)
            elif day >= late and (soon := business_day(today, calendar)) <= until:
                found.append(soon)
        return found


def text_key(text: str) -> str:
    """Return a text without accents, digits, signs, months and numbering: the same for each month of one thing."""
    return " ".join(word for word in _NOT_LETTERS.sub(" ", fold(text)).split() if word not in NUMBERING)


def party_of(document: str, name: str, description: str) -> str:
    """Return who is paid: by document where it is whole, else by name, else by what the line says; "" where nothing says it."""
    number = normalize(document)
    if number and "*" not in number:
        return f"d:{number}"
    if key := text_key(name):
        return f"n:{key}"
    key = text_key(description)
    return f"t:{key}" if key else ""


def find(movements: Iterable[Movement], *, today: date, calendar: Calendar) -> list[Line]:
    """Return the recurring lines that are alive today, those that move most in a month first. A movement is in one line at most; the order of movements does not matter."""
    groups: dict[tuple[str, bool], list[Movement]] = defaultdict(list)
    for one in movements:
        if one.party and one.amount and one.day <= today:
            groups[one.party, one.amount < 0].append(one)
    found = [line for group in groups.values() for line in _lines(group, today, calendar)]
    return sorted(found, key=lambda line: (-line.weight, line.code))


def _lines(group: list[Movement], today: date, calendar: Calendar) -> Iterator[Line]:
    """Yield the lines of one party: all together, by text, twice a month, by equal amounts; what is in one line is in no other."""
    rest = sorted(group, key=lambda one: (one.day, one.amount, one.text, one.name, one.description))
    drafts: list[Line] = []
    for cut in (_whole, _by_text, _twice_a_month, _by_amount):
        if len(rest) < 2:
            break
        parts = cut(rest)
        fitting = [(part, draft) for part in parts if (draft := _draft(part, today, calendar, cut))]
        if cut is _twice_a_month and len(fitting) < 2:
            continue
        drafts += [draft for _part, draft in fitting]
        taken = {id(one) for part, _draft in fitting for one in part}
        rest = [one for one in rest if id(one) not in taken]
    places: dict[Rhythm, int] = defaultdict(int)
    for draft in sorted(drafts, key=lambda one: (one.rule.number, one.paid[-1].day, abs(one.amount))):
        rhythm = draft.rule.rhythm
        places[rhythm] += 1
        way = "out" if draft.amount < 0 else "in"
        code = f"{way}:{rhythm}:{places[rhythm]}:{draft.party}"
        yield replace(draft, code=code)


_Cut = Callable[[list[Movement]], list[list[Movement]]]


def _whole(rest: list[Movement]) -> list[list[Movement]]:
    return [rest]


def _by_text(rest: list[Movement]) -> list[list[Movement]]:
    found: dict[str, list[Movement]] = defaultdict(list)
    for one in rest:
        found[one.text].append(one)
    return list(found.values()) if len(found) > 1 else []


def _twice_a_month(rest: list[Movement]) -> list[list[Movement]]:
    """Return the movements in two parts of the month, apart where most days lie between two of them."""
    days = sorted({one.day.day for one in rest})
    if len(days) < 2 or len(rest) > BUSY:
        return []
    gaps = sorted(
        ((after - before) % 31, before, after)
        for before, after in zip(days, [*days[1:], days[0]], strict=True)
    )
    (_gap, _end, start), (_gap2, end, _start) = gaps[-1], gaps[-2]
    here = {day for day in days if (day - start) % 31 <= (end - start) % 31}
    return [[one for one in rest if (one.day.day in here) is inside] for inside in (True, False)]


def _by_amount(rest: list[Movement]) -> list[list[Movement]]:
    """Return those of equal amounts of a party that is known: among walk-ins round amounts repeat by chance."""
    if len(rest) > BUSY or rest[0].party.startswith("t:"):
        return []
    found: dict[Decimal, list[Movement]] = defaultdict(list)
    for one in rest:
        found[one.amount].append(one)
    return [part for part in found.values() if len(part) > LATEST]


def _draft(part: list[Movement], today: date, calendar: Calendar, cut: _Cut) -> Line | None:
    """Return the line that these movements are, its code still empty, or None."""
    if len(part) < 2 or len(part) > BUSY:
        return None
    paid = _occurrences(part)
    if len({one.day for one in part}) > _MERGED * len(paid):
        return None
    paid = _latest_run(paid)
    fitting = fit([one.day for one in paid], calendar)
    if fitting is None or (today - paid[-1].day).days > over_after(fitting.rule.rhythm):
        return None
    amounts = [one.amount for one in paid]
    if not alike(amounts) or (len(paid) < FEW - 1 and cut is not _whole and cut is not _by_text):
        return None
    share = Decimal(str(fitting.share)).quantize(CENT)
    return Line(
        "", part[0].party, _called(part), fitting.rule, fitting.unit, share, usual(amounts), tuple(paid)
    )


def _called(part: Sequence[Movement]) -> str:
    """Return the name that most of them have, of equals the latest; without any the latest description. `part` is in order of days."""
    named = [one.name for one in reversed(part) if one.name]
    return Counter(named).most_common(1)[0][0] if named else part[-1].description


def _occurrences(part: Sequence[Movement]) -> list[Paid]:
    """Return the movements with those of neighbouring days as one, on the day of the largest. `part` is in order of days."""
    found: list[list[Movement]] = []
    for one in part:
        if found and one.day - found[-1][0].day <= TOGETHER:
            found[-1].append(one)
        else:
            found.append([one])
    return [
        Paid(
            max(each, key=lambda one: abs(one.amount)).day,
            sum((one.amount for one in each), Decimal(0)),
        )
        for each in found
    ]


def _latest_run(paid: list[Paid]) -> list[Paid]:
    """Return the occurrences since the last long pause."""
    gaps = [(after.day - before.day).days for before, after in pairwise(paid)]
    if len(gaps) < 2:
        return paid
    long = _PAUSE * Decimal(median(gaps))
    start = max((n + 1 for n, gap in enumerate(gaps) if gap > long), default=0)
    return paid[start:]


def alike(amounts: Sequence[Decimal]) -> bool:
    """Return whether the latest amounts are similar: little spread around their median, or around two of them where they were raised once."""
    latest = amounts[-_JUDGED:]
    if len(latest) == 2:
        return abs(latest[1] - latest[0]) <= 2 * _NARROW * abs(latest[0])
    if _spread(latest) <= (_WIDE if len(latest) >= FEW else _NARROW):
        return True
    return len(latest) == _JUDGED and all(
        _spread(half) <= _STEP for half in (latest[:LATEST], latest[LATEST:])
    )


def usual(amounts: Sequence[Decimal]) -> Decimal:
    """Return the amount to expect: the median of the latest three; of two the later one."""
    return median(amounts[-LATEST:]) if len(amounts) >= LATEST else amounts[-1]


def _spread(amounts: Sequence[Decimal]) -> Decimal:
    """Return the median absolute deviation as a share of the median."""
    middle = median(amounts)
    return median([abs(one - middle) for one in amounts]) / abs(middle) if middle else Decimal(1)
