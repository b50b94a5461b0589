"""Amounts and days as banks write them: what is read, and that everything else raises."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.money import MoneyError
from sync.providers.amounts import decimal_mark, is_ambiguous, parse_amount
from sync.providers.days import csv_day, date_order, is_day, ofx_day


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("-836.30", "-836.30"),
        ("-530,86", "-530.86"),
        ("            -11,76", "-11.76"),
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("-1.234.567,89", "-1234567.89"),
        ("1.234.56", "1234.56"),
        ("1 234,56", "1234.56"),
        ("1\u00a0234,56", "1234.56"),
        ("- 10,00", "-10.00"),
        ("−10,00", "-10.00"),
        ("+12", "12.00"),
        ("12.5", "12.50"),
        ("R$ 1.500,00", "1500.00"),
        ("-R$ 1,50", "-1.50"),
        ("R$ -1,50", "-1.50"),
        ("10,00-", "-10.00"),
        ("(10,00)", "-10.00"),
        ("10,00 D", "-10.00"),
        ("10,00C", "10.00"),
        ("0,00", "0.00"),
        ("-0.00", "0.00"),
        (",50", "0.50"),
        ("0000123,45", "123.45"),
        ("10.0000", "10.00"),
        ("0.500", "0.50"),
        ("1.234", "1234.00"),
        ("1234567", "1234567.00"),
    ],
)
def test_amounts_are_read_exactly(text, amount):
    read = parse_amount(text)
    assert read == Decimal(amount)
    assert str(read) == amount


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        ".",
        ",",
        "-",
        "            .  ",
        "abc",
        "1x",
        "--1",
        "+-1",
        "(-1)",
        "1-D-",
        "-1,00 C",
        "(1",
        "1)",
        "1,",
        "1.2.3",
        "1..2",
        "12.34.567",
        "1.23456",
        "10.001,5,",
        "1,234,5678",
        "1e5",
        "NaN",
        "Infinity",
        "0x10",
        "١٢",
        "1,00 X",
        "9" * 17,
        "1" * 500,
    ],
)
def test_everything_else_raises(text):
    with pytest.raises(MoneyError):
        parse_amount(text)


def test_the_files_mark_decides_what_three_digits_mean():
    assert parse_amount("1.230", ".") == Decimal("1.23")
    assert parse_amount("1.230", ",") == Decimal("1230.00")
    assert is_ambiguous("-1.230")
    assert not is_ambiguous("1.230,00")
    assert not is_ambiguous("0.500")


def test_the_mark_is_known_only_where_amounts_show_it_and_agree():
    assert decimal_mark(["1.234,56", "7", "-3,1 D"]) == ","
    assert decimal_mark(["1,234.56"]) == "."
    assert decimal_mark(["1.50", "1,50"]) is None
    assert decimal_mark(["1.234", ""]) is None


@given(
    st.integers(-(10**15), 10**15),
    st.sampled_from([",", "."]),
    st.booleans(),
    st.sampled_from(["", " ", "R$ "]),
)
def test_an_amount_written_in_any_style_comes_back(cents, mark, grouped, before):
    amount = Decimal(cents).scaleb(-2)
    text = f"{abs(amount):{',' if grouped else ''}.2f}"
    if mark == ",":
        text = text.translate(str.maketrans(",.", ".,"))
    assert parse_amount(f"{'-' if cents < 0 else ''}{before}{text}") == amount


@given(st.text(max_size=60))
def test_any_text_is_an_amount_or_raises(text):
    try:
        amount = parse_amount(text)
    except MoneyError:
        return
    assert amount == amount.quantize(Decimal("0.01"))


@pytest.mark.parametrize(
    "text",
    [
        "20260714",
        "20260714100000",
        "20260714000000[-3:BRT]",
        "20260714235959.123[-03:EST]",
        " 20260714 ",
        "2026-07-14",
    ],
)
def test_an_ofx_date_is_its_first_eight_digits(text):
    assert ofx_day(text) == date(2026, 7, 14)


@pytest.mark.parametrize(
    "text",
    ["", "00000000", "00000000000000", "2026071", "20261301", "20260230", "18991231", "abc", "٢٠٢٦٠٧١٤"],
)
def test_other_ofx_dates_raise(text):
    with pytest.raises(ValueError):
        ofx_day(text)


@pytest.mark.parametrize(
    "text",
    [
        "14/07/2026",
        "14-07-2026",
        "14.07.2026",
        "14/7/26",
        "2026-07-14",
        "2026-07-14T10:00:00-03:00",
        "20260714",
        "14072026",
        "14/07/2026 10:22",
        "14/07/2026, 10:22",
    ],
)
def test_csv_days_are_read_in_every_style(text):
    assert csv_day(text) == date(2026, 7, 14)


@pytest.mark.parametrize(
    "text", ["", "00/00/0000", "32/01/2026", "14/07", "14/07-2026", "2026", "1234567", "Total", "01/01/2200"]
)
def test_other_csv_days_raise(text):
    with pytest.raises(ValueError):
        csv_day(text)
    assert not is_day(text)


def test_month_comes_first_only_where_the_column_proves_it():
    assert date_order(["01/02/2026", "02/13/2026"]) == "mdy"
    assert date_order(["01/02/2026", "13/02/2026", "02/13/2026"]) == "dmy"
    assert date_order(["01/02/2026", ""]) == "dmy"
    assert csv_day("02/13/2026", "mdy") == date(2026, 2, 13)


@given(
    st.dates(date(1980, 1, 1), date(2099, 12, 31)),
    st.sampled_from(["%d/%m/%Y", "%Y-%m-%d", "%d.%m.%Y", "%Y%m%d", "%d-%m-%Y"]),
)
def test_a_day_written_in_any_style_comes_back(day, style):
    assert csv_day(day.strftime(style)) == day
    assert ofx_day(day.strftime("%Y%m%d120000[-3:BRT]")) == day
