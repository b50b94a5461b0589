"""The drawing of each chart, element by element. A wanted change is written with `python -m lib.tests.chart_samples`."""

import re
from datetime import date
from decimal import Decimal
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from lib import charts
from lib.clock import add_months
from lib.tests.chart_samples import DAYS, GOLDEN, SAMPLES, amounts, written


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_chart_is_drawn_as_it_was_approved(name):
    assert written(SAMPLES[name]()) == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


def test_every_golden_file_has_its_sample():
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(SAMPLES)


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_chart_is_well_formed_and_carries_no_colour_or_style(name):
    chart = SAMPLES[name]()
    for element in ElementTree.fromstring(chart.svg).iter():
        assert {"style", "fill", "stroke"}.isdisjoint(element.attrib)


def test_text_from_outside_is_escaped_everywhere():
    evil = '"><script>alert(1)</script>\x00'
    drawn = [
        charts.line_chart(
            title=evil,
            x=[evil, evil],
            series=[charts.Series(evil, amounts(1, 2)), charts.Series(evil, amounts(1, 3))],
        ),
        charts.bar_chart(
            title=evil,
            x=[evil],
            series=[charts.Series(evil, amounts(1))],
            links=[evil],
            flags=[charts.Flag(0, evil)],
        ),
        charts.heatmap(title=evil, rows=[evil], columns=[evil], values=[amounts(1)]),
        charts.donut(title=evil, slices=[charts.Slice(evil, amounts(1)[0])]),
        charts.waterfall(title=evil, steps=[charts.Step(evil, amounts(1)[0], href=evil)]),
        charts.sparkline(title=evil, values=amounts(1)),
    ]
    for chart in drawn:
        assert "<script" not in chart.svg
        ElementTree.fromstring(chart.svg)


def test_a_chart_prints_itself_in_templates_but_only_the_markup_it_drew():
    chart = charts.sparkline(title="a < b", values=amounts(1))
    assert chart.svg.__html__() == chart.__html__() == str(chart.svg)
    assert 'aria-label="a &lt; b"' in chart.svg


def test_series_shorter_than_the_axis_end_early_and_longer_ones_are_cut():
    series = [charts.Series("a", amounts(1)), charts.Series("b", amounts(1, 2, 3, 4))]
    rows = charts.line_chart(title="t", x=DAYS[:2], series=series).table.rows
    assert [row.cells for row in rows] == [("R$\xa01,00", "R$\xa01,00"), ("–", "R$\xa02,00")]


def test_the_table_gives_exact_money_and_the_weekday():
    chart = charts.line_chart(title="t", x=DAYS[:1], series=[charts.Series("Vendas", amounts("-1234567.89"))])
    assert chart.table.head == ("Período", "Vendas")
    assert chart.table.rows[0] == charts.Row("dom, 01/11/2026", ("−R$\xa01.234.567,89",), "", "")


def test_a_single_known_negative_series_is_red_but_two_series_keep_their_colours():
    one = charts.bar_chart(title="t", x=["a"], series=[charts.Series("Líquido", amounts(-5))])
    two = charts.bar_chart(
        title="t", x=["a"], series=[charts.Series("E", amounts(5)), charts.Series("S", amounts(-5))]
    )
    assert 'class="bar neg"' in one.svg
    assert 'class="bar neg"' not in two.svg


def test_without_positions_or_values_the_chart_says_that_it_is_empty():
    nothing = [
        charts.line_chart(title="t", x=[], series=[]),
        charts.line_chart(title="t", x=DAYS, series=[charts.Series("a", amounts(None))]),
        charts.bar_chart(title="t", x=[], series=[charts.Series("a", [])]),
        charts.bar_chart(title="t", x=["a"], series=[charts.Series("a", amounts(None))]),
        charts.sparkline(title="t", values=[]),
        charts.donut(title="t", slices=[charts.Slice("a", amounts(0)[0])]),
        charts.heatmap(title="t", rows=[], columns=[], values=[]),
        charts.waterfall(title="t", steps=[]),
    ]
    assert [chart.empty for chart in nothing] == [True] * len(nothing)


def test_zeros_are_values_not_emptiness():
    assert not charts.line_chart(title="t", x=DAYS, series=[charts.Series("a", amounts(*[0] * 8))]).empty


@pytest.mark.parametrize(("first", "named"), [(12, "jan 2026"), (10, "jan 2026"), (7, "jul 2025")])
def test_years_are_not_named_side_by_side(first: int, named: str) -> None:
    months = [add_months(date(2025, first, 1), n) for n in range(12)]
    drawn = charts.bar_chart(title="t", x=months, series=[charts.Series("s", [Decimal(1)] * 12)])
    labels = re.findall(r"tick-x[^>]*>([^<]+)<", drawn.svg)
    assert next(text for text in labels if " " in text) == named
    assert not any(" " in one and " " in other for one, other in pairwise(labels))


def test_small_steps_on_large_totals_are_seen_and_the_cut_axis_says_so():
    def steps(before, *changes):
        now = before + sum(changes)
        moved = [charts.Step(f"n{n}", Decimal(one)) for n, one in enumerate(changes)]
        return [
            charts.Step("Before", Decimal(before), total=True),
            *moved,
            charts.Step("Now", Decimal(now), total=True),
        ]

    near = charts.waterfall(title="t", steps=steps(70_000, 2_000, -1_000)).svg
    heights = [float(found) for found in re.findall(r'class="bar (?:up|down)"[^>]*height="([\d.]+)%"', near)]
    assert min(heights) > 15
    assert near.count('class="cut"') == 2
    assert "O eixo começa em R$\xa069\xa0mil" in near
    far = charts.waterfall(title="t", steps=steps(10_000, 9_000, -1_000)).svg
    assert "cut" not in far
    assert "R$\xa00<" in far


def test_places_of_a_ranking_are_labelled_at_round_numbers():
    x = [str(n) for n in (1, *range(2, 121, 2), 121)]
    chart = charts.line_chart(title="t", x=x, series=[charts.Series("a", [Decimal(1)] * len(x))], by="count")
    assert re.findall(r'class="tick-x"[^>]*>(\d+)<', chart.svg) == ["1", "20", "40", "60", "80", "100", "120"]
