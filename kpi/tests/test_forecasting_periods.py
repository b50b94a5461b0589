"""Periods go on as the file writes them."""

from datetime import date, timedelta

import pytest

from kpi.forecasting.periods import PeriodError, read

DAYS = [date(2024, 1, 1) + timedelta(days=n) for n in range(60)]


def ahead(labels, count=2):
    """Return (frequency, season, the next periods)."""
    axis = read(labels)
    return axis.frequency, axis.season, [axis.label(max(axis.places) + n) for n in range(1, count + 1)]


@pytest.mark.parametrize(
    ("labels", "frequency", "season", "following"),
    [
        (["2024-12-30", "2024-12-31"], "day", 7, ["2025-01-01", "2025-01-02"]),
        (["2024-01-31", "2024-02-29"], "month", 12, ["2024-03-31", "2024-04-30"]),
        (["2024-01-15", "2024-02-15"], "month", 12, ["2024-03-15", "2024-04-15"]),
        (["2024-01-30", "2024-02-29", "2024-03-30"], "month", 12, ["2024-04-30", "2024-05-30"]),
        (["2024-03-31", "2024-06-30"], "quarter", 4, ["2024-09-30", "2024-12-31"]),
        (["2022-12-31", "2023-12-31"], "year", 1, ["2024-12-31", "2025-12-31"]),
        (["2024-01-01", "2024-01-08"], "week", 52, ["2024-01-15", "2024-01-22"]),
        (["31/01/2024", "29/02/2024"], "month", 12, ["31/03/2024", "30/04/2024"]),
        (["1/31/2024", "2/29/2024"], "month", 12, ["3/31/2024", "4/30/2024"]),
        (["9.1.2024", "10.1.2024"], "day", 7, ["11.1.2024", "12.1.2024"]),
        (["20241230", "20241231"], "day", 7, ["20250101", "20250102"]),
        (["2024-12-30 00:00:00", "2024-12-31 00:00:00"], "day", 7, ["2025-01-01 00:00:00", "2025-01-02 00:00:00"]),
        (["2024-01-01T22:00Z", "2024-01-01T23:00Z"], "hour", 24, ["2024-01-02T00:00Z", "2024-01-02T01:00Z"]),
        (["2024-11", "2024-12"], "month", 12, ["2025-01", "2025-02"]),
        (["11/2024", "12/2024"], "month", 12, ["01/2025", "02/2025"]),
        (["202411", "202412"], "month", 12, ["202501", "202502"]),
        (["2024M9", "2024M10"], "month", 12, ["2024M11", "2024M12"]),
        (["2020-W52", "2020-W53"], "week", 52, ["2021-W01", "2021-W02"]),
        (["2024Q3", "2024Q4"], "quarter", 4, ["2025Q1", "2025Q2"]),
        (["3T2024", "4T2024"], "quarter", 4, ["1T2025", "2T2025"]),
        (["Q3 2024", "Q4 2024"], "quarter", 4, ["Q1 2025", "Q2 2025"]),
        (["Nov 2024", "Dec 2024"], "month", 12, ["Jan 2025", "Feb 2025"]),
        (["2024 NOV", "2024 DEC"], "month", 12, ["2025 JAN", "2025 FEB"]),
        (["nov/98", "dez/98"], "month", 12, ["jan/99", "fev/99"]),
        (["jul.-99", "out.-99"], "quarter", 4, ["jan.-00", "abr.-00"]),
        (["abril 2024", "maio 2024"], "month", 12, ["junho 2024", "julho 2024"]),
        (["30-Dec-2024", "31-Dec-2024"], "day", 7, ["01-Jan-2025", "02-Jan-2025"]),
        (["Mar 2023", "Mar 2024"], "year", 1, ["Mar 2025", "Mar 2026"]),
        (["2023", "2024"], "year", 1, ["2025", "2026"]),
        (["1", "2", "3"], "number", 1, ["4", "5"]),
        (["t008", "t009"], "number", 1, ["t010", "t011"]),
        (["10", "20", "30"], "number", 1, ["40", "50"]),
    ],
)  # fmt: skip
def test_periods_go_on_in_their_own_hand(labels, frequency, season, following):
    assert ahead(labels) == (frequency, season, following)


def test_days_off_are_no_gaps():
    assert ahead([str(day) for day in DAYS if day.weekday() < 5], 3) == (
        "day", 5, ["2024-03-01", "2024-03-04", "2024-03-05"],
    )  # fmt: skip
    assert ahead([str(day) for day in DAYS if day.weekday() < 6], 3)[1:] == (
        6, ["2024-03-01", "2024-03-02", "2024-03-04"],
    )  # fmt: skip


def test_a_gap_is_a_missing_place_and_order_does_not_matter():
    assert read(["2024-01", "2024-02", "2024-05"]).places == (0, 1, 4)
    assert read(["2024-03", "2024-01"]).places == (0, -1)


@pytest.mark.parametrize(
    ("labels", "index", "problem"),
    [
        (["2024-01-31", "2024-02-30"], 1, "'2024-02-30' is no day or month of the calendar"),
        (["2024-01-01", "2024-01"], 1, "'2024-01' is not written like '2024-01-01'"),
        (["soon"], 0, "'soon' is not a period"),
    ],
)
def test_what_is_no_period_is_named(labels, index, problem):
    with pytest.raises(PeriodError) as caught:
        read(labels)
    assert caught.value.index == index
    assert problem in str(caught.value)
