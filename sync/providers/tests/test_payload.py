"""Reading fields: absent is None, wrong is Unreadable, and nothing becomes zero."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import jsontext
from sync.providers import payload as read
from sync.providers.base import Unreadable

D = Decimal
ZONE = ZoneInfo("America/Sao_Paulo")
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1250.00", D("1250.00")), (1250, D(1250)), (D("1250.5"), D("1250.5")), ("-3", D(-3)), ("0", D(0)), ("", None), ("  ", None), (None, None)],
)  # fmt: skip
def test_numbers(value: Any, expected: Decimal | None) -> None:
    assert read.number({"x": value}, "x") == expected


@pytest.mark.parametrize("value", ["1.250,00", "abc", "1e5", "NaN", "Infinity", True, 1.5, [1], {"a": 1}])
def test_what_is_no_number_is_unreadable(value: Any) -> None:
    with pytest.raises(Unreadable, match="x"):
        read.number({"x": value}, "x")


def test_amounts_have_two_places_and_unit_prices_six() -> None:
    assert str(read.money({"x": "1.235"}, "x")) == "1.24"
    assert str(read.unit_number({"x": "80.0000"}, "x")) == "80.000000"
    assert read.money({}, "x") is None
    with pytest.raises(Unreadable, match="empty"):
        read.required_money({"x": ""}, "x")
    with pytest.raises(Unreadable, match="range"):
        read.unit_number({"x": "1000000000000"}, "x")
    with pytest.raises(Unreadable, match="range"):
        read.money({"x": "9999999999999999.999"}, "x")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1", True),
        (1, True),
        (True, True),
        ("Sim", True),
        ("0", False),
        (0, False),
        (False, False),
        ("Não", False),
        ("", None),
        (None, None),
    ],
)
def test_flags(value: Any, expected: bool | None) -> None:
    assert read.flag({"x": value}, "x") is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-07-14", date(2026, 7, 14)),
        ("2026-07-14 10:00:00", date(2026, 7, 14)),
        ("", None),
        ("0000-00-00", None),
        (None, None),
    ],
)
def test_days(value: Any, expected: date | None) -> None:
    assert read.day({"x": value}, "x") == expected


@pytest.mark.parametrize("value", ["14/07/2026", "2026-13-01", "hoje", "20"])
def test_what_is_no_day_is_unreadable(value: str) -> None:
    with pytest.raises(Unreadable, match="not a date"):
        read.day({"x": value}, "x")


def test_local_stamps_get_the_companys_zone_and_utc_stamps_utc() -> None:
    assert read.local_instant({"x": "2026-07-14 10:11:12"}, "x", ZONE) == datetime(
        2026, 7, 14, 13, 11, 12, tzinfo=UTC
    )
    assert read.local_instant({"x": ""}, "x", ZONE) is None
    assert read.utc_instant({"x": "2026-07-14T15:32:10.000Z"}, "x") == datetime(
        2026, 7, 14, 15, 32, 10, tzinfo=UTC
    )
    assert read.utc_instant({"x": "2026-07-14T15:32:10"}, "x") == datetime(
        2026, 7, 14, 15, 32, 10, tzinfo=UTC
    )
    assert read.utc_instant({"x": "2026-07-14"}, "x") == datetime(2026, 7, 14, tzinfo=UTC)
    assert read.utc_instant({"x": None}, "x") is None
    for wrong in ("soon", "2026-07-14T99:00:00Z"):
        with pytest.raises(Unreadable):
            read.utc_instant({"x": wrong}, "x")


def test_ids_are_text_and_zero_is_none() -> None:
    assert [read.identifier({"x": value}, "x") for value in (7, "7", D(7), 0, "0", "", None, True, [7])] == [
        "7",
        "7",
        "7",
        "",
        "",
        "",
        "",
        "",
        "",
    ]
    assert read.identifier({"b": 2}, "a", "b") == "2"


def test_members_that_are_no_objects_are_unreadable() -> None:
    assert read.members({}, "x", "y") == read.members({"x": None}, "x", "y") == []
    for wrong in ("text", [1], [None]):
        with pytest.raises(Unreadable, match="x"):
            read.members({"x": wrong}, "x", "y")


@given(JUNK)
def test_whatever_upstream_sends_is_read_or_refused(value: Any) -> None:
    row = {"x": value}
    readers = (
        read.number,
        read.money,
        read.required_money,
        read.unit_number,
        read.flag,
        read.day,
        read.required_day,
        read.utc_instant,
    )
    for reader in readers:
        try:
            reader(row, "x")
        except Unreadable:
            continue
    try:
        read.members(row, "x", "y")
        read.local_instant(row, "x", ZONE)
    except Unreadable:
        pass
    assert len(read.text(row, "x", 5)) <= 5


@given(JUNK)
def test_known_values_are_json(value: Any) -> None:
    found = read.known(a=D("1.50"), b=date(2026, 7, 14), c=None, d="", e={}, f=0)
    assert jsontext.loads(jsontext.canonical(found)) == {"a": "1.50", "b": "2026-07-14", "f": 0}
