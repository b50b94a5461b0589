"""Which payments to come stand as open items already, and how the weeks of the projection are laid out: exact, without a database."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from kpi.analysis.projection import foretold, laid_out, usual_of
from kpi.analysis.recurring import Line, Paid
from kpi.analysis.rhythms import Rhythm, Rule
from kpi.analysis.standing import Coming, Item, divided

D = Decimal
DAY = date(2026, 3, 20)


def line(
    amount: str = "-1450",
    *paid: str,
    party: str = "d:1",
    name: str = "Sol Imóveis",
    rhythm: Rhythm = Rhythm.MONTHLY,
) -> Line:
    kind = "weekday" if rhythm is Rhythm.WEEKLY else "day"
    came = tuple(Paid(DAY - timedelta(days=30 * n), D(each)) for n, each in enumerate(paid or [amount], 1))
    return Line(f"out:{party}:{amount}", party, name, Rule(rhythm, kind, 4), 24_302, D(1), D(amount), came)


def left(item: Item, one: Line) -> int:
    """Return how many payments of the 20th stand alone beside this item."""
    return len(divided([Coming(one, DAY)], [item])[0])


def test_an_item_of_the_same_party_within_half_an_interval() -> None:
    far = [
        (days, left(Item(DAY + timedelta(days=days), D(-1500), "1"), line()))
        for days in (-16, -15, 0, 15, 16)
    ]
    assert far == [(-16, 1), (-15, 0), (0, 0), (15, 0), (16, 1)]
    assert left(Item(DAY, D(-1500), name="SOL IMÓVEIS 2026"), line()) == 0
    assert left(Item(DAY + timedelta(days=4), D(-80), "1"), line("-80", rhythm=Rhythm.WEEKLY)) == 1
    assert left(Item(DAY + timedelta(days=3), D(-80), "1"), line("-80", rhythm=Rhythm.WEEKLY)) == 0


def test_a_purchase_from_the_landlord_is_not_the_rent() -> None:
    sizes = [
        (size, left(Item(DAY, D(size), "1"), line())) for size in ("-724", "-725", "-2900", "-2901", "1450")
    ]
    assert sizes == [("-724", 1), ("-725", 0), ("-2900", 0), ("-2901", 1), ("1450", 1)]


def test_an_item_as_large_as_the_latest_payments_within_five_days() -> None:
    varying = line("-390", "-370", "-390", "-400")
    found = [
        left(Item(DAY + timedelta(days=days), D(size)), varying)
        for days, size in (
            (5, "-370"),
            (-5, "-362.60"),
            (5, "-408"),
            (0, "-362.59"),
            (0, "-408.01"),
            (6, "-390"),
        )
    ]
    assert found == [0, 0, 0, 1, 1, 1]


def test_each_item_stands_for_one_payment_the_likest_first() -> None:
    rent, storage = line("-1450"), line("-1400", party="d:1")
    items = [Item(DAY, D(-1400), "1"), Item(DAY, D(-1450), "1")]
    alone, standing = divided(
        [Coming(rent, DAY), Coming(storage, DAY), Coming(rent, DAY + timedelta(days=31))], items
    )
    assert [(one.line, one.day) for one in alone] == [(rent, DAY + timedelta(days=31))]
    assert sorted(item.amount for item in standing) == [D(-1450), D(-1400)]


moneys = st.decimals(0, 9_999, places=2)
flows = st.tuples(moneys, moneys.map(lambda one: -one))


@given(st.lists(st.tuples(flows, flows, flows), min_size=1, max_size=5), flows, st.booleans())
def test_what_is_known_is_a_part_of_what_is_expected(weeks, usual, foretold) -> None:
    found = laid_out(
        D(1_000), late=(D(0), D(0)), starts=[DAY + timedelta(weeks=n) for n in range(len(weeks))], due=[week[0] for week in weeks],
        recurring=[week[1] for week in weeks], standing=[(D(0), D(0))] * len(weeks), forecast=[week[2] for week in weeks] if foretold else [], usual=usual,
    )  # fmt: skip
    balance = D(1_000)
    for week, (due, again, forecast) in zip(found.weeks, weeks, strict=True):
        rest = forecast if foretold else (usual[0] + again[0], usual[1] + again[1])
        assert week.expected_in == max(due[0] + again[0], rest[0])
        assert week.expected_out == min(due[1] + again[1], rest[1])
        balance += week.expected_in + week.expected_out
        assert week.balance_expected == balance
    last = found.weeks[-1]
    assert last.balance_known == D(1_000) + sum(sum(week[0]) + sum(week[1]) for week in weeks)
    assert last.balance_due == D(1_000) + sum(sum(week[0]) for week in weeks)


def test_a_usual_week_is_without_what_comes_again() -> None:
    weeks = [(D(100), D(-50)), (D(100), D(-1500)), (D(120), D(-60)), (D(90), D(-40))]
    again = [(D(0), D(0)), (D(0), D(-1450)), (D(130), D(0)), (D(0), D(0))]
    assert usual_of(weeks, again) == (D("70.00"), D("-50.00"))
    assert usual_of(weeks[1:], again[1:]) == (D(0), D(0))


def test_what_is_paid_once_a_month_is_usual_and_what_came_once_is_not() -> None:
    month = [(D(100), D(-4000)), *[(D(100), D(-10))] * 3]
    weeks = [(D(0), D(0))] * 9 + [(D(100), D(-10)), *month, (D(90_000), D(-10)), *month[1:], *month, *month]
    assert len(weeks) == 26
    assert usual_of(weeks, [(D(0), D(0))] * 26) == (D("100.00"), D("-1007.50"))


def test_days_foretold_add_up_to_their_weeks() -> None:
    monday, sunday = date(2026, 5, 4), date(2026, 5, 3)
    days = {sunday + timedelta(days=n): D(-20) for n in range(15)} | {monday + timedelta(days=4): D(-80)}
    weeks = {monday: D(-100), monday + timedelta(weeks=1): D(-140), monday + timedelta(weeks=2): D(-999)}
    # Sunday is outside: 240 were foretold of 340 that the days add up to.
    starts = [sunday, sunday + timedelta(weeks=1), sunday + timedelta(weeks=2)]
    assert foretold(days, weeks, starts) == {0: D("-104.12"), 1: D("-130.00"), 2: D("-20.00")}
    assert foretold(days, {}, starts) == {0: D("-200.00"), 1: D("-140.00"), 2: D("-20.00")}
    assert foretold(dict.fromkeys(days, D(0)), {monday: D(-70)}, [monday]) == {
        -1: D(0),
        0: D("-70.00"),
        1: D(0),
    }
