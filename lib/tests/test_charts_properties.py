"""What must hold for any figures: no chart raises, and nothing is drawn outside its frame."""

import re
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import charts
from lib.charts.scale import fit
from lib.charts.thinning import MAX_POINTS, kept_indexes

# Any Decimal at all: signed zero, NaN, infinity, hundreds of digits.
anything = st.one_of(
    st.none(), st.decimals(), st.decimals(-(10**12), 10**12, places=2), st.integers(-9, 9).map(Decimal)
)
many = st.lists(anything, max_size=40)
money = st.decimals(-(10**12), 10**12, places=2)

_PAIR = re.compile(r"(-?[\d.]+) (-?[\d.]+)")


def assert_inside(svg: str) -> None:
    """Every position lies in the plot: 0 to 100 %, paths 0 to 1000 by 0 to 100."""
    for element in ElementTree.fromstring(svg).iter():
        for name in ("x", "y", "cx", "cy", "x1", "x2", "y1", "y2", "width", "height"):
            value = element.get(name, "")
            if value.endswith("%"):
                assert 0 <= float(value[:-1]) <= 100, (name, value)
        for x, y in _PAIR.findall(element.get("d", "")):
            assert 0 <= float(x) <= 1000
            assert 0 <= float(y) <= 100


@given(many, many, st.sampled_from(["actual", "previous", "forecast"]), st.integers(0, 45))
def test_lines(first, second, role, length):
    series = [charts.Series("a", first), charts.Series("b", second, role)]
    band = charts.Band("c", second, first)
    marks, flags = (
        [charts.Mark(index, "m") for index in (-1, 0, 3, 99)],
        [charts.Flag(7, "f"), charts.Flag(-2, "g")],
    )
    x = [str(index) for index in range(length)]
    chart = charts.line_chart(title="t", x=x, series=series, band=band, marks=marks, flags=flags)
    assert_inside(chart.svg)
    assert [row.label for row in chart.table.rows] == x


@given(st.lists(many, min_size=1, max_size=8), st.booleans(), many, st.integers(0, 45))
def test_bars(columns, stacked, line, length):
    series = [charts.Series(str(index), values) for index, values in enumerate(columns)]
    x = [str(index) for index in range(length)]
    chart = charts.bar_chart(
        title="t", x=x, series=series, stacked=stacked, line=charts.Series("l", line), forecast_from=2
    )
    assert_inside(chart.svg)
    assert len(chart.table.rows) == length


@given(many)
def test_the_small_ones(values):
    assert_inside(charts.sparkline(title="t", values=values).svg)
    assert_inside(charts.donut(title="t", slices=[charts.Slice("a", value) for value in values]).svg)
    steps = [charts.Step("a", value, total=index % 3 == 0) for index, value in enumerate(values)]
    assert_inside(charts.waterfall(title="t", steps=steps).svg)


@given(st.lists(many, max_size=8), st.integers(0, 12))
def test_heatmaps(rows, columns):
    names = [str(index) for index in range(len(rows))]
    chart = charts.heatmap(
        title="t", rows=names, columns=[str(index) for index in range(columns)], values=rows
    )
    assert_inside(chart.svg)


@given(st.lists(money, min_size=1), st.booleans())
def test_ticks_are_even_and_hold_every_value(values, from_zero):
    scale = fit(values, from_zero=from_zero)
    steps = {after - before for before, after in zip(scale.ticks, scale.ticks[1:], strict=False)}
    assert len(steps) == (1 if any(values) else 0)
    assert scale.low <= min(values) <= max(values) <= scale.high
    assert len(scale.ticks) <= 7
    assert not from_zero or scale.low <= 0 <= scale.high


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        (["0", "97"], ["0", "25", "50", "75", "100"]),
        (["-40", "75"], ["-50", "0", "50", "100"]),
        (["812000", "823000"], ["810000", "815000", "820000", "825000"]),  # far from zero: show the movement
        (["5", "5"], ["0.0", "2.0", "4.0", "6.0"]),
        (["-3", "-3"], ["-3", "-2", "-1", "0"]),
        (["0", "0"], ["0"]),
    ],
)
def test_ticks_are_round(values, ticks):
    scale = fit([Decimal(value) for value in values], from_zero=False)
    assert list(scale.ticks) == [Decimal(tick) for tick in ticks]


@given(
    st.lists(st.one_of(st.none(), money), min_size=5, max_size=300),
    st.integers(3, 60),
    st.sets(st.integers(0, 299)),
)
def test_thinning_keeps_ends_order_and_the_remarkable(values, most, keep):
    kept = kept_indexes(values, keep, most)
    assert kept == sorted(set(kept))
    assert {0, len(values) - 1} <= set(kept)
    assert len(kept) <= max(min(most, len(values)) + len(keep), 3)
    assert len(values) <= most or keep & set(range(len(values))) <= set(kept)


def test_a_lone_peak_among_a_hundred_thousand_points_is_drawn_and_told():
    values = [Decimal(0)] * 100_000
    values[53217] = Decimal(1_000_000)
    chart = charts.line_chart(
        title="t", x=[str(index) for index in range(100_000)], series=[charts.Series("a", values)]
    )
    assert len(chart.table.rows) == MAX_POINTS
    assert len(chart.svg) < 100_000
    assert [row.label for row in chart.table.rows if "000" in row.cells[0]] == ["53217"]


def test_a_thinned_chart_names_its_positions_and_its_table_has_the_drawn_rows():
    x = [str(index) for index in range(2500)]
    series = [charts.Series("a", [Decimal(index % 7) for index in range(2500)])]
    chart = charts.line_chart(title="t", x=x, series=series, marks=[charts.Mark(1234, "here")])
    places = ElementTree.fromstring(chart.svg).attrib["data-x"].split()
    assert len(places) == len(chart.table.rows)
    assert MAX_POINTS <= len(places) <= MAX_POINTS + 1
    assert [row.label for row in chart.table.rows if row.note] == ["1234"]
    assert_inside(chart.svg)
