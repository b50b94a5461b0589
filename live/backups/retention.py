"""Which backups may go. Pure: times in, times out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Keep:
    """For how many days, weeks and months the newest backup of each is kept."""

    daily: int
    weekly: int
    monthly: int


def expired(times: Iterable[datetime], keep: Keep) -> set[datetime]:
    """Return the times of backups that no rule keeps. The newest one is always kept.

    Counts days, weeks (ISO) and months that have a backup, not those that passed: an installation that was off for a year keeps its last
    ones. The time zone is that of the times.
    """
    newest_first = sorted(set(times), reverse=True)
    kept = set(newest_first[:1])
    kept |= _newest_of_each(newest_first, lambda at: at.date(), keep.daily)
    kept |= _newest_of_each(newest_first, lambda at: at.isocalendar()[:2], keep.weekly)
    kept |= _newest_of_each(newest_first, lambda at: (at.year, at.month), keep.monthly)
    return set(newest_first) - kept


def _newest_of_each(
    newest_first: list[datetime], period: Callable[[datetime], object], count: int
) -> set[datetime]:
    newest: dict[object, datetime] = {}
    for at in newest_first:
        newest.setdefault(period(at), at)
    return set(list(newest.values())[:count])
