"""A business's days and weeks: the models of any series, and the calendar of its country around them."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np

from kpi.forecasting.calendar import Effects, effects
from kpi.forecasting.forecast import written
from kpi.forecasting.judging import judge, verdict
from kpi.forecasting.predict import Prediction, predict
from kpi.forecasting.records import Judged, SeriesError
from kpi.forecasting.regular import Values

WEEK: Final = 7
_YEAR: Final = 52


@dataclass(frozen=True, slots=True)
class Business:
    """Totals of consecutive days from `start` on, and the days on which banks are closed."""

    start: date
    totals: Values
    holidays: frozenset[date]

    def days(self, first: int, count: int) -> list[date]:
        """Return `count` days from the day number `first` on."""
        return [self.start + timedelta(days=first + n) for n in range(count)]

    def calendar(self, end: int, ahead: int) -> Effects | None:
        """Return what the calendar adds to the days before number `end` and to those `ahead` of it, learned from those before alone."""
        return effects(self.totals[:end], self.days(0, end), self.days(end, ahead), self.holidays)

    def judged_days(self, horizon: int, *, tried: int) -> Judged:
        """Return the forecast by day, its accuracy over the first `tried` days, and whether it is worth drawing. Raises SeriesError."""
        end = len(self.totals)
        if not end:
            raise SeriesError("there is no day")
        made = self._days_from(end, horizon)
        made, accuracy = judge(made, self.totals, tried, WEEK, lambda at: self._days_from(at, tried))
        labels = tuple(day.isoformat() for day in self.days(end, horizon))
        return Judged(written(labels, made), accuracy, verdict(made, accuracy))

    def _days_from(self, end: int, ahead: int) -> Prediction:
        found = self.calendar(end, ahead)
        before = self.totals[:end]
        if found is None:
            return predict(before, ahead, WEEK)
        made = predict(before - found.past, ahead, WEEK)
        return _shifted(made, found.ahead, at_least=0.0 if before.min() >= 0 else -np.inf)

    def judged_weeks(self, horizon: int, *, tried: int) -> Judged:
        """Return the forecast by whole weeks from Monday, named by it, like `judged_days`. Raises SeriesError."""
        whole = self._whole_weeks()
        weeks = whole.totals.reshape(-1, WEEK).sum(axis=1)
        if not len(weeks):
            raise SeriesError("there is no whole week")
        made = whole._weeks_from(len(weeks), horizon)
        made, accuracy = judge(made, weeks, tried, _YEAR, lambda at: whole._weeks_from(at, tried))
        labels = tuple(day.isoformat() for day in whole.days(len(whole.totals), horizon * WEEK)[::WEEK])
        return Judged(written(labels, made), accuracy, verdict(made, accuracy))

    def _whole_weeks(self) -> "Business":
        skip = -self.start.weekday() % WEEK
        count = max(0, len(self.totals) - skip) // WEEK * WEEK
        return Business(self.start + timedelta(days=skip), self.totals[skip : skip + count], self.holidays)

    def _weeks_from(self, end: int, ahead: int) -> Prediction:
        weeks = self.totals[: end * WEEK].reshape(-1, WEEK).sum(axis=1)
        found = self.calendar(end * WEEK, ahead * WEEK)
        if found is None:
            return predict(weeks, ahead, _YEAR)
        made = predict(weeks - found.past.reshape(-1, WEEK).sum(axis=1), ahead, _YEAR)
        added = found.ahead.reshape(-1, WEEK).sum(axis=1)
        return _shifted(made, added, at_least=0.0 if weeks.min() >= 0 else -np.inf)


def _shifted(made: Prediction, added: Values, *, at_least: float) -> Prediction:
    """Return the prediction with the calendar's part added; what cannot fall below zero does not."""
    bands = {
        level: (np.maximum(low + added, at_least), np.maximum(high + added, at_least))
        for level, (low, high) in made.bands.items()
    }
    return Prediction(np.maximum(made.mean + added, at_least), bands, f"{made.model}+calendar")
