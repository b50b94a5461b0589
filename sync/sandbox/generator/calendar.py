"""When things happen: working days, seasons, weekdays, growth, opening hours."""

from datetime import date, timedelta
from random import Random

_MONTHS = {
    "shop": (1.02, 0.94, 0.94, 1.00, 1.04, 1.10, 1.12, 0.98, 0.94, 0.98, 1.05, 1.32),
    "clinic": (1.10, 0.95, 1.00, 0.97, 0.98, 0.95, 1.05, 0.98, 1.00, 1.02, 1.00, 1.12),
    "law": (0.72, 0.98, 1.08, 1.05, 1.06, 1.02, 0.92, 1.06, 1.05, 1.05, 1.04, 0.80),
}
_WEEKDAYS = {
    "shop": (0.72, 0.78, 0.86, 0.98, 1.32, 1.66, 0.92),
    "clinic": (1.12, 1.04, 1.02, 1.04, 1.12, 1.08, 0.18),
    "law": (1.10, 1.08, 1.05, 1.02, 0.96, 0.0, 0.0),
}
_HOLIDAY_FACTOR = {"shop": 1.25, "clinic": 0.12, "law": 0.0}
_PAY_DAYS = {0: 1.22, 1: 1.16, 2: 1.08}  # days after wages are paid: how much more is bought
_HOURS = {"shop": (9, 22), "clinic": (8, 19), "law": (9, 18)}


class Calendar:
    """The days of one company, with the holidays of the country."""

    def __init__(self, company: str, start: date, days: int, holidays: frozenset[date]) -> None:
        self.company = company
        self.start = start
        self.days = days
        self.holidays = holidays
        self._memo: dict[date, date] = {}
        self._average = 1.0
        self._average = sum(self.weight(start + timedelta(days=offset)) for offset in range(days)) / days

    def is_working_day(self, day: date) -> bool:
        """Return whether banks work."""
        return day.weekday() < 5 and day not in self.holidays

    def next_working_day(self, day: date) -> date:
        """Return the day itself when banks work, otherwise the first one after it."""
        found = self._memo.get(day)
        if found is None:
            found = day
            while not self.is_working_day(found):
                found += timedelta(days=1)
            self._memo[day] = found
        return found

    def after_working_days(self, day: date, count: int) -> date:
        """Return the working day that lies `count` working days after `day`."""
        for _ in range(count):
            day = self.next_working_day(day + timedelta(days=1))
        return day

    def weight(self, day: date) -> float:
        """Return how busy a day is; 1.0 is the average. Growth is 22 % over the two years."""
        factor = self._season(day) * _WEEKDAYS[self.company][day.weekday()] * self._pay_day(day)
        if day in self.holidays:
            factor *= _HOLIDAY_FACTOR[self.company]
        return factor * (0.89 + 0.22 * (day - self.start).days / self.days) / self._average

    def _season(self, day: date) -> float:
        """Return how busy the time of the year is: what a month is in its middle, and between two of them on the way."""
        months = _MONTHS[self.company]
        part, month = (day.day - 15) / 30.4, day.month - 1
        beside = months[(month + (1 if part > 0 else -1)) % 12]
        return months[month] + (beside - months[month]) * abs(part)

    def _pay_day(self, day: date) -> float:
        """Return how much more is bought after wages are paid, on the fifth working day of the month and the two days after it."""
        if self.company == "law" or not 5 <= day.day <= 14:
            return 1.0
        paid = self.after_working_days(day.replace(day=1) - timedelta(days=1), 5)
        return _PAY_DAYS.get((day - paid).days, 1.0)

    def count(self, rng: Random, day: date, per_day: float) -> int:
        """Return how many things happen on a day that has `per_day` on average."""
        mean = per_day * self.weight(day)
        if mean <= 0:
            return 0
        whole = max(0.0, rng.gauss(mean, mean**0.5 * 0.9)) if mean > 8 else mean
        return int(whole) + (rng.random() < whole % 1)

    def seconds(self, rng: Random, count: int) -> list[int]:
        """Return so many instants inside the opening hours, in order, busiest before lunch and at the end of the day."""
        first, last = (hour * 3600 for hour in _HOURS[self.company])
        span = last - first
        peaks = (0.28, 0.78)
        return sorted(
            first + int(min(0.999, max(0.0, rng.gauss(peaks[rng.random() < 0.55], 0.17))) * span)
            for _ in range(count)
        )


def brazilian_holidays(state: str, years: range) -> frozenset[date]:
    """Return the national and state holidays of the years, plus Carnival Monday and Tuesday, when banks are closed."""
    import holidays as source  # heavy (10 MB): only the generator pays for it

    days = set(source.country_holidays("BR", subdiv=state, years=years, categories=("public",)))
    easter = [
        day
        for day, name in source.country_holidays("BR", years=years, language="en_US").items()
        if name == "Good Friday"
    ]
    for friday in easter:
        days |= {friday - timedelta(days=46), friday - timedelta(days=45), friday + timedelta(days=62)}
    return frozenset(days)
