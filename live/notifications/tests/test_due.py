"""When an e-mail goes out: the table of cases, and what must hold for every moment, zone and wish."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from live.notifications.due import Quiet, after_quiet, due_at, is_quiet

SAO_PAULO = ZoneInfo("America/Sao_Paulo")  # UTC−3 all year
NEW_YORK = ZoneInfo("America/New_York")  # 2026: forward on 8 March at 2:00, back on 1 November at 2:00
NIGHT = Quiet(time(22), time(7))
NOON = Quiet(time(12), time(13, 30))


def local(zone: ZoneInfo, *parts: int) -> datetime:
    return datetime(*parts, tzinfo=zone)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("now", "frequency", "quiet", "due"),
    [
        ((2026, 3, 10, 15, 20), "immediate", None, (2026, 3, 10, 15, 20)),
        ((2026, 3, 10, 15, 20), "hourly", None, (2026, 3, 10, 16, 0)),
        ((2026, 3, 10, 16, 0), "hourly", None, (2026, 3, 10, 17, 0)),
        ((2026, 3, 10, 15, 20), "daily", None, (2026, 3, 11, 8, 0)),
        ((2026, 3, 10, 7, 59), "daily", None, (2026, 3, 10, 8, 0)),
        ((2026, 3, 10, 8, 0), "daily", None, (2026, 3, 11, 8, 0)),
        ((2026, 3, 31, 23, 59), "daily", None, (2026, 4, 1, 8, 0)),
        # Over midnight, on both sides of it; half-open.
        ((2026, 3, 10, 21, 59), "immediate", NIGHT, (2026, 3, 10, 21, 59)),
        ((2026, 3, 10, 22, 0), "immediate", NIGHT, (2026, 3, 11, 7, 0)),
        ((2026, 3, 11, 0, 0), "immediate", NIGHT, (2026, 3, 11, 7, 0)),
        ((2026, 3, 11, 6, 59), "immediate", NIGHT, (2026, 3, 11, 7, 0)),
        ((2026, 3, 11, 7, 0), "immediate", NIGHT, (2026, 3, 11, 7, 0)),
        ((2026, 3, 10, 21, 20), "hourly", NIGHT, (2026, 3, 11, 7, 0)),
        ((2026, 3, 10, 12, 10), "immediate", NOON, (2026, 3, 10, 13, 30)),
        ((2026, 3, 10, 11, 40), "hourly", NOON, (2026, 3, 10, 13, 30)),
        ((2026, 3, 10, 9, 0), "daily", Quiet(time(20), time(9)), (2026, 3, 11, 9, 0)),
        # Equal ends are no quiet hours.
        ((2026, 3, 10, 15, 20), "immediate", Quiet(time(9), time(9)), (2026, 3, 10, 15, 20)),
    ],
)
def test_due(now: tuple[int, ...], frequency: str, quiet: Quiet | None, due: tuple[int, ...]) -> None:
    found = due_at(local(SAO_PAULO, *now), frequency=frequency, quiet=quiet, zone=SAO_PAULO)
    assert found == local(SAO_PAULO, *due)
    assert found.tzinfo is UTC


@pytest.mark.parametrize("frequency", ["immediate", "hourly", "daily"])
def test_what_is_critical_goes_now(frequency: str) -> None:
    now = local(SAO_PAULO, 2026, 3, 11, 3, 0)
    assert due_at(now, frequency=frequency, quiet=NIGHT, zone=SAO_PAULO, critical=True) == now


def test_the_night_of_spring_is_an_hour_shorter() -> None:
    now = local(NEW_YORK, 2026, 3, 7, 23, 0)
    due = due_at(now, frequency="immediate", quiet=NIGHT, zone=NEW_YORK)
    assert due == datetime(2026, 3, 8, 11, 0, tzinfo=UTC)
    assert due - now.astimezone(UTC) == timedelta(hours=7)


def test_quiet_hours_that_end_in_the_left_out_hour_end_after_it() -> None:
    quiet = Quiet(time(22), time(2, 30))
    due = after_quiet(local(NEW_YORK, 2026, 3, 7, 23, 0), quiet=quiet, zone=NEW_YORK)
    assert due.astimezone(NEW_YORK) == local(NEW_YORK, 2026, 3, 8, 3, 30)


def test_the_hour_that_comes_twice_is_quiet_twice() -> None:
    quiet = Quiet(time(22), time(1, 30))
    first = datetime(2026, 11, 1, 5, 10, tzinfo=UTC)  # 1:10, summer time
    second = first + timedelta(hours=1)  # 1:10 again
    assert after_quiet(first, quiet=quiet, zone=NEW_YORK) == first + timedelta(minutes=20)
    assert is_quiet(second, quiet=quiet, zone=NEW_YORK)
    assert after_quiet(second, quiet=quiet, zone=NEW_YORK) == second + timedelta(minutes=20)


def test_nothing_is_guessed() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        due_at(datetime(2026, 3, 10), frequency="daily", quiet=None, zone=SAO_PAULO)  # noqa: DTZ001
    with pytest.raises(ValueError, match="weekly"):
        due_at(local(SAO_PAULO, 2026, 3, 10), frequency="weekly", quiet=None, zone=SAO_PAULO)


ZONES = [
    "America/Sao_Paulo", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "Europe/Lisbon", "UTC",
]  # fmt: skip
FIRST, LAST = (datetime.combine(date(year, 1, 1), time()) for year in (2005, 2031))
MOMENTS = st.datetimes(min_value=FIRST, max_value=LAST, timezones=st.just(UTC))
QUIETS = st.none() | st.builds(Quiet, st.times(), st.times())


@settings(max_examples=600, deadline=None)
@given(
    now=MOMENTS,
    frequency=st.sampled_from(["immediate", "hourly", "daily"]),
    quiet=QUIETS,
    zone=st.sampled_from(ZONES).map(ZoneInfo),
)
def test_it_is_never_lost_and_never_in_quiet_hours(
    now: datetime, frequency: str, quiet: Quiet | None, zone: ZoneInfo
) -> None:
    due = due_at(now, frequency=frequency, quiet=quiet, zone=zone)
    assert now <= due < now + timedelta(days=4)
    assert not is_quiet(due, quiet=quiet, zone=zone)
    # Who looks again at that moment finds that it may go: a worker that is late cannot put it off for ever.
    assert after_quiet(due, quiet=quiet, zone=zone) == due
    assert due_at(now, frequency=frequency, quiet=quiet, zone=zone, critical=True) == now


@settings(max_examples=200, deadline=None)
@given(now=MOMENTS, later=st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=2)), quiet=QUIETS)
def test_what_happens_later_is_not_told_sooner(now: datetime, later: timedelta, quiet: Quiet | None) -> None:
    for frequency in ("immediate", "hourly", "daily"):
        first, second = (
            due_at(moment, frequency=frequency, quiet=quiet, zone=SAO_PAULO) for moment in (now, now + later)
        )
        assert first <= second
