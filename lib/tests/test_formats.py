"""How numbers, money and time are written in both languages."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import formats

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
NBSP = "\u00a0"


def plain(text: str) -> str:
    """Return a text with ordinary spaces, which read better in expectations."""
    return text.replace(NBSP, " ")


@pytest.mark.parametrize(
    ("value", "exact", "short", "english"),
    [
        ("1234.56", "R$ 1.234,56", "R$ 1,2 mil", "R$1,234.56"),
        ("-12", "−R$ 12,00", "−R$ 12,00", "−R$12.00"),
        ("0", "R$ 0,00", "R$ 0,00", "R$0.00"),
        ("999.99", "R$ 999,99", "R$ 999,99", "R$999.99"),
        ("-1234567.89", "−R$ 1.234.567,89", "−R$ 1,2 mi", "−R$1,234,567.89"),
        ("1250000000", "R$ 1.250.000.000,00", "R$ 1,2 bi", "R$1,250,000,000.00"),
    ],
)
def test_money(value, exact, short, english):
    amount = Decimal(value)
    assert (plain(formats.money(amount)), plain(formats.money_short(amount))) == (exact, short)
    assert formats.money(amount, locale="en") == english


def test_money_of_other_currencies():
    assert plain(formats.money(Decimal("5.5"), "USD")) == "US$ 5,50"
    assert plain(formats.money(Decimal(5), "JPY")) == "JP¥ 5"


@pytest.mark.parametrize(
    ("value", "tick"), [("1250000", "R$ 1,25 mi"), ("500", "R$ 500"), ("-2500", "−R$ 2,5 mil"), ("0", "R$ 0")]
)
def test_axis_money_keeps_two_decimals_and_no_empty_ones(value, tick):
    assert plain(formats.money_tick(Decimal(value))) == tick


@pytest.mark.parametrize(
    ("ratio", "pt", "en"),
    [
        ("0.1234", "+12,3%", "+12.3%"),
        ("-0.04", "−4%", "−4%"),
        ("0", "0%", "0%"),
        ("-0.0001", "0%", "0%"),
        ("0.0005", "0%", "0%"),
        ("23.456", "+2.346%", "+2,346%"),
    ],
)
def test_a_change_shows_its_direction_and_zero_has_none(ratio, pt, en):
    assert (formats.delta(Decimal(ratio)), formats.delta(Decimal(ratio), "en")) == (pt, en)


def test_numbers():
    assert formats.number(12345) == "12.345"
    assert formats.number(Decimal("1.5"), places=2) == "1,50"
    assert formats.number(Decimal("-3.7"), places=0) == "−4"
    assert plain(formats.number_short(12345)) == "12,3 mil"
    assert formats.percent(Decimal("0.5")) == "50%"
    assert formats.percent(Decimal("0.5678"), places=0) == "57%"


def test_days_and_months():
    day = date(2026, 11, 21)
    assert [formats.day(day), formats.day_short(day), formats.day_long(day)] == [
        "21/11/2026",
        "21 nov",
        "sáb, 21/11/2026",
    ]
    assert [formats.day(day, "en"), formats.day_short(day, "en")] == ["Nov 21, 2026", "Nov 21"]
    assert formats.day_long(day, "en") == "Sat, Nov 21, 2026"
    assert [formats.month(day), formats.month_short(day)] == ["novembro de 2026", "nov 2026"]
    assert [formats.month(day, "en"), formats.month_short(day, "en")] == ["November 2026", "Nov 2026"]


def test_a_moment_is_written_on_the_clock_of_its_zone():
    instant = datetime(2026, 11, 22, 2, 5, tzinfo=UTC)
    assert formats.moment(instant, SAO_PAULO) == "21/11/2026 23h05"
    assert formats.moment(instant, SAO_PAULO, "en") == "Nov 21, 2026 11:05 PM"
    assert formats.clock(datetime(2026, 11, 21, 3, 0, tzinfo=UTC), SAO_PAULO, "en") == "12:00 AM"


def test_a_moment_without_time_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        formats.moment(datetime(2026, 11, 22), SAO_PAULO)  # noqa: DTZ001 - the refusal is what is tested


@pytest.mark.parametrize(
    ("passed", "pt", "en"),
    [
        (timedelta(seconds=59), "agora", "now"),
        (timedelta(seconds=61), "há 1 min", "1 min ago"),
        (timedelta(minutes=3), "há 3 min", "3 min ago"),
        (timedelta(hours=2), "há 2 h", "2 hr ago"),
        (timedelta(days=3), "há 3 dias", "3 days ago"),
        (timedelta(minutes=-5), "em 5 min", "in 5 min"),
    ],
)
def test_how_long_ago(passed, pt, en):
    now = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    assert (formats.ago(now - passed, now), formats.ago(now - passed, now, "en")) == (pt, en)


def test_unknown_is_a_dash_and_never_zero():
    now = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    written = [
        formats.money(None), formats.money_short(None), formats.number(None), formats.number_short(None),
        formats.percent(None), formats.delta(None), formats.day(None), formats.month(None), formats.month_short(None),
        formats.moment(None, SAO_PAULO), formats.clock(None, SAO_PAULO), formats.ago(None, now),
    ]  # fmt: skip
    assert set(written) == {formats.UNKNOWN}


def test_the_class_of_a_figure():
    assert [formats.sign_class(value) for value in (None, Decimal(0), Decimal(1), Decimal("-0.01"))] == [
        "num unknown",
        "num",
        "num",
        "num neg",
    ]


@given(st.decimals(-(10**15), 10**15, places=2))
def test_exact_money_can_be_read_back(amount):
    digits = (
        plain(formats.money(amount))
        .replace("R$ ", "")
        .replace(".", "")
        .replace(",", ".")
        .replace(formats.MINUS, "-")
    )
    assert Decimal(digits) == amount


@pytest.mark.parametrize(
    ("milliseconds", "shown"),
    [
        (None, "–"), (-5, "0 ms"), (0, "0 ms"), (0.42, "0,4 ms"), (9.93, "9,9 ms"), (9.96, "10 ms"), (180.4, "180 ms"), (999.4, "999 ms"), (999.6, "1 s"), (2_449, "2,4 s"), (9_940, "9,9 s"),
        (9_960, "10 s"), (59_400, "59 s"), (59_600, "1 min"), (3_500_000, "58 min"), (3_599_000, "1 h"), (172_000_000, "2 d"), (9e10, "1.042 d"),
    ],
)  # fmt: skip
def test_durations_are_as_exact_as_one_can_feel(milliseconds, shown):
    assert formats.duration(milliseconds) == shown


@pytest.mark.parametrize(
    ("count", "shown"),
    [(None, "–"), (0, "0 B"), (812, "812 B"), (1_536, "1,5 kB"), (12_900_000, "12,3 MB"), (524_288_000, "500 MB"), (1_500_000_000, "1,4 GB")],
)  # fmt: skip
def test_sizes_of_data(count, shown):
    assert formats.size(count) == shown
