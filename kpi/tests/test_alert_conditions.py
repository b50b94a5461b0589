"""What a look says about each kind of condition, exactly at its edge; when an incident begins and ends; what is no condition."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from kpi.alerts.asking import Unusable, parse
from kpi.alerts.conditions import Condition, Incident, Look, Verdict, incidents, judge

D = Decimal
BAD, WELL, BETWEEN, UNKNOWN = Verdict.BAD, Verdict.WELL, Verdict.BETWEEN, Verdict.UNKNOWN
DAY = date(2026, 3, 10)


def condition(kind: str, way: str = "", limit: str | None = None, kpi: str = "revenue", window: str = "day", **more: str) -> Condition:  # fmt: skip
    """Return a condition."""
    return Condition(kpi, kind, way, None if limit is None else D(limit), window, **more)


def look(
    got: str | None, expected: str | None = None, to: str | None = None, goal: str | None = None
) -> Look:
    """Return a look at numbers written as text."""
    return Look(*(None if text is None else D(text) for text in (got, expected, to, goal)))


@pytest.mark.parametrize(
    ("one", "seen", "said"),
    [
        (condition("absolute", "above", "100"), look("100"), BETWEEN),
        (condition("absolute", "above", "100"), look("100.01"), BAD),
        (condition("absolute", "above", "100"), look("95"), WELL),
        (condition("absolute", "above", "100"), look("95.01"), BETWEEN),
        (condition("absolute", "below", "100"), look("100"), BETWEEN),
        (condition("absolute", "below", "100"), look("99.99"), BAD),
        (condition("absolute", "below", "100"), look("105"), WELL),
        (condition("absolute", "below", "100"), look("104.99"), BETWEEN),
        (condition("absolute", "below", "0"), look("-0.01"), BAD),
        (condition("absolute", "below", "0"), look("0"), WELL),
        (condition("absolute", "below", "-100"), look("-100.01"), BAD),
        (condition("absolute", "below", "-100"), look("-95"), WELL),
        (condition("absolute", "below", "100"), look(None), UNKNOWN),
        (condition("change", "below", "0.2"), look("80", "100"), BETWEEN),
        (condition("change", "below", "0.2"), look("79.99", "100"), BAD),
        (condition("change", "below", "0.2"), look("81", "100"), WELL),
        (condition("change", "below", "0.2"), look("200", "100"), WELL),
        (condition("change", "above", "0.2"), look("120.01", "100"), BAD),
        (condition("change", "above", "0.2"), look("120", "100"), BETWEEN),
        (condition("change", "outside", "0.2"), look("79.99", "100"), BAD),
        (condition("change", "outside", "0.2"), look("120.01", "100"), BAD),
        (condition("change", "outside", "0.2"), look("119", "100"), WELL),
        (condition("change", "below", "0.2"), look("-50", "100"), BAD),  # a profit that became a loss
        (condition("change", "below", "0.2"), look("-125", "-100"), BAD),  # a loss that grew
        (condition("change", "above", "0.2"), look("-75", "-100"), BAD),  # a loss that shrank
        (condition("change", "below", "0.2"), look("0", "0"), UNKNOWN),
        (condition("change", "below", "0.2"), look("5", None), UNKNOWN),
        (condition("forecast", "outside"), look("12", "12", "18"), WELL),
        (condition("forecast", "outside"), look("11.99", "12", "18"), BAD),
        (condition("forecast", "outside"), look("18.01", "12", "18"), BAD),
        (condition("forecast", "below"), look("18.01", "12", "18"), WELL),
        (condition("forecast", "above"), look("11.99", "12", "18"), WELL),
        (condition("forecast", "below"), look("7"), UNKNOWN),
        (condition("target", "", "0.1"), look("90", "100", goal="200"), BETWEEN),
        (condition("target", "", "0.1"), look("89.99", "100", goal="200"), BAD),
        (condition("target", "", "0.1"), look("90.50", "100", goal="200"), WELL),
        (condition("target", "", "0.1"), look("0", "19.99", goal="200"), WELL),  # too early in the month
        (condition("target", "", "0.1"), look("0", "20", goal="200"), BAD),
        (condition("target", "", "0.1", kpi="expenses"), look("110.01", "100", goal="200"), BAD),
        (condition("target", "", "0.1", kpi="expenses"), look("50", "100", goal="200"), WELL),
        (condition("target", "", "0.1", kpi="net"), look("-120", "-100", goal="-200"), BAD),
        (condition("target", "", "0.1"), look("5"), UNKNOWN),
        (condition("missing", "", "24", window="hour"), look("24"), WELL),
        (condition("missing", "", "24", window="hour"), look("24.01"), BAD),
        (condition("missing", "", "2"), look("48.01"), BAD),
        (condition("missing", "", "2"), look("48"), WELL),
        (condition("missing", "", "2"), look(None), UNKNOWN),
    ],
)  # fmt: skip
def test_a_condition_at_its_edge(one, seen, said):
    assert judge(one, seen) == said


@pytest.mark.parametrize(
    ("way", "steps", "said"),
    [
        ("falling", "9 8 7", BAD),
        ("falling", "9 8 8", WELL),
        ("rising", "-9 -8 0", BAD),
        ("rising", "1 3 2", WELL),
        ("zero", "0 0", BAD),
        ("zero", "0 0.01", WELL),
        ("falling", "9 ? 7", UNKNOWN),
        ("zero", "? 0", UNKNOWN),
    ],
)
def test_a_streak(way, steps, said):
    values = tuple(None if step == "?" else D(step) for step in steps.split())
    assert judge(condition("streak", way, "2"), Look(values[-1], steps=values)) == said


def days(*values: str | None) -> list[tuple[date, Look]]:
    """Return looks of consecutive days."""
    return [(DAY + timedelta(days=n), look(value)) for n, value in enumerate(values)]


def test_an_incident_ends_only_when_it_is_well_again():
    one = condition("absolute", "below", "100")
    _before, found = incidents(one, days("120", "99", "101", "98", None, "104", "105", "90"))
    assert found == [
        Incident(date(2026, 3, 11), look("99"), date(2026, 3, 16)),
        Incident(date(2026, 3, 17), look("90")),
    ]


def test_an_incident_that_began_before_is_no_new_one():
    one = condition("absolute", "below", "100")
    assert incidents(one, days("90", "80"), firing=True) == (None, [])
    ended, found = incidents(one, days("90", "110", "80"), firing=True)
    assert (ended, found) == (date(2026, 3, 11), [Incident(date(2026, 3, 12), look("80"))])


def test_unknown_neither_fires_nor_ends():
    one = condition("absolute", "below", "100")
    assert incidents(one, days(None, None)) == (None, [])
    assert incidents(one, days("90", None))[1] == [Incident(DAY, look("90"))]


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"kpi": "sun"}, "kpi"),
        ({"kind": "sometimes"}, "kind"),
        ({"kpi": "cash_balance", "kind": "change"}, "kind"),
        ({"kpi": "net", "kind": "forecast"}, "kind"),
        ({"kpi": "average_ticket", "kind": "target"}, "kind"),
        ({"way": "rising"}, "way"),
        ({"window": "hour"}, "window"),
        ({"dimension": "category"}, "dimension"),
        ({"kpi": "sales_count", "dimension": "product"}, "dimension"),
        ({"limit": None}, "limit"),
        ({"limit": D("NaN")}, "limit"),
        ({"limit": D(10) ** 16}, "limit"),
        ({"kind": "change", "limit": D(0)}, "limit"),
        ({"kind": "streak", "limit": D(1)}, "limit"),
        ({"kind": "streak", "limit": D("2.5")}, "limit"),
        ({"kind": "missing", "window": "hour", "limit": D(721)}, "limit"),
        ({"kpi": "reconciled_share", "limit": D(2)}, "limit"),
    ],
)
def test_what_is_no_condition_is_said_by_field(fields, wrong):
    with pytest.raises(Unusable) as caught:
        parse({"kpi": "revenue", "kind": "absolute", "limit": D(5)} | fields)
    assert set(caught.value.problems) == {wrong}


def test_what_a_kind_does_not_use_is_left_empty():
    found = parse(
        {
            "kpi": "cash_balance",
            "kind": "absolute",
            "limit": D(5),
            "window": "week",
            "compare": "previous",
            "key": "x",
        }
    )
    assert found == Condition("cash_balance", "absolute", "below", D(5))
    band = parse({"kpi": "revenue", "kind": "forecast", "limit": D(5), "dimension": "store", "key": "Centro"})
    assert band == Condition("revenue", "forecast", "outside", None, "day", "", "store", "Centro")


def test_a_month_below_a_value_is_known_at_its_end_and_a_week_on_sunday():
    month = condition("absolute", "below", "5", window="month")
    assert [day for n in range(31) if month.is_judged_on(day := date(2026, 3, 1) + timedelta(days=n))] == [
        date(2026, 3, 31)
    ]
    week = condition("streak", "falling", "2", window="week")
    assert [day.day for n in range(31) if week.is_judged_on(day := date(2026, 3, 1) + timedelta(days=n))] == [
        1,
        8,
        15,
        22,
        29,
    ]
