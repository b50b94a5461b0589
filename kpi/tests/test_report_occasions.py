"""When a report is due, on the company's clock."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from kpi.reports.occasions import Plan, next_occasion

SAO_PAULO, LISBON = ZoneInfo("America/Sao_Paulo"), ZoneInfo("Europe/Lisbon")
DAILY, MONDAYS, LAST = Plan("daily", 0, 1, 7), Plan("weekly", 0, 1, 7), Plan("monthly", 0, 31, 7)


def after(plan: Plan, moment: str, zone: ZoneInfo = SAO_PAULO) -> str:
    found = next_occasion(plan, after=datetime.fromisoformat(moment), zone=zone)
    assert found.tzinfo is UTC
    return found.isoformat()


def test_each_day_has_one_and_its_own_instant_is_over() -> None:
    assert after(DAILY, "2026-03-10T09:59:59+00:00") == "2026-03-10T10:00:00+00:00"
    assert after(DAILY, "2026-03-10T10:00:00+00:00") == "2026-03-11T10:00:00+00:00"


def test_a_week_has_its_weekday() -> None:
    assert after(MONDAYS, "2026-03-10T15:00:00+00:00") == "2026-03-16T10:00:00+00:00"
    assert after(MONDAYS, "2026-03-16T09:00:00+00:00") == "2026-03-16T10:00:00+00:00"


def test_a_short_month_has_its_last_day() -> None:
    assert after(LAST, "2026-02-01T00:00:00+00:00") == "2026-02-28T10:00:00+00:00"
    assert after(LAST, "2026-02-28T10:00:00+00:00") == "2026-03-31T10:00:00+00:00"
    assert after(Plan("monthly", 0, 1, 0), "2026-12-01T03:00:00+00:00") == "2027-01-01T03:00:00+00:00"


def test_a_clock_that_jumps_leaves_out_and_doubles_nothing() -> None:
    at_one = Plan(
        "daily", 0, 1, 1
    )  # in Lisbon 1:00 does not exist on 29 March 2026 and exists twice on 25 October
    days = [after(at_one, f"2026-03-{day}T12:00:00+00:00", LISBON) for day in (27, 28, 29)]
    assert [moment[:10] for moment in days] == ["2026-03-28", "2026-03-29", "2026-03-30"]
    first = after(at_one, "2026-10-24T12:00:00+00:00", LISBON)
    assert first == "2026-10-25T00:00:00+00:00"
    assert after(at_one, first, LISBON) == "2026-10-26T01:00:00+00:00"


def test_what_is_no_plan_or_no_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="hourly"):
        next_occasion(Plan("hourly", 0, 1, 7), after=datetime(2026, 3, 1, tzinfo=UTC), zone=SAO_PAULO)
    with pytest.raises(ValueError, match="time zone"):
        next_occasion(DAILY, after=datetime.fromisoformat("2026-03-01T00:00:00"), zone=SAO_PAULO)
