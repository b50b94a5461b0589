"""Charts that Excel draws itself, beside the figures they read. Imported only where a workbook is written."""

from typing import Any, Final

from openpyxl.chart import BarChart, DoughnutChart, LineChart, Reference
from openpyxl.chart.label import DataLabelList
from openpyxl.chart.series import DataPoint
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.drawing.line import LineProperties
from openpyxl.formatting.rule import ColorScaleRule
from openpyxl.utils import get_column_letter

from kpi.boards.records import Content
from kpi.exports.drawing import kind_of
from kpi.exports.palette import LIGHT, tone
from lib.charts import LegendItem

SIZE: Final = (24.0, 11.0)  # centimetres
_MOST_SLICES: Final = 24
_GRID: Final = LIGHT["line"].removeprefix("#").upper()
_NUMBERS: Final = frozenset({"money", "count", "percent"})


def add(sheet: Any, content: Content, *, head_row: int) -> None:
    """Draw the figures of the sheet as the tile does: lines, bars or a ring to the right of them; a heat map becomes shades in the cells."""
    assert content.chart is not None, "asked for tiles with a picture only"
    kind = kind_of(content.chart)
    columns, last = content.sheet.columns, head_row + len(content.sheet.rows)
    values = [n for n, column in enumerate(columns, start=1) if column.unit in _NUMBERS]
    if not values or values[0] == 1:
        return
    if kind == "heat":
        _shade(sheet, values, head_row, last)
    elif kind == "donut" and len(content.sheet.rows) <= _MOST_SLICES:
        _place(sheet, _ring(sheet, values[0], head_row, last, len(content.sheet.rows)), content, head_row)
    elif kind in {"line", "bars", "waterfall"}:
        _place(sheet, _axes(sheet, content, kind, values, head_row, last), content, head_row)


def _place(sheet: Any, chart: Any, content: Content, head_row: int) -> None:
    chart.width, chart.height = SIZE
    sheet.add_chart(chart, f"{get_column_letter(len(content.sheet.columns) + 2)}{head_row}")


def _axes(sheet: Any, content: Content, kind: str, values: list[int], head_row: int, last: int) -> Any:
    assert content.chart is not None, "see add"
    # Values of one unit share an axis; a column of another unit would be a flat line.
    unit = content.sheet.columns[values[0] - 1].unit
    drawn = [n for n in values if content.sheet.columns[n - 1].unit == unit]
    named = {item.name: item for item in content.chart.legend}
    # Lines over bars: the net, and goals.
    over = [n for n in drawn if kind != "line" and {"over", "goal"} & set(_css(named, content, n).split())]
    chart: Any = LineChart() if kind == "line" else BarChart()
    if kind != "line":
        chart.type = "col"
        chart.gapWidth = 60
        if "bars stacked" in content.chart.svg:
            chart.grouping, chart.overlap = "stacked", 100
    _fill(sheet, chart, [n for n in drawn if n not in over], head_row, last)
    _paint(chart, [_css(named, content, n) for n in drawn if n not in over], lines=kind == "line")
    if over:
        line = LineChart()
        _fill(sheet, line, over, head_row, last)
        _paint(line, [_css(named, content, n) for n in over], lines=True)
        chart += line
    # openpyxl leaves axes out of sight unless told.
    chart.x_axis.delete = chart.y_axis.delete = False
    chart.x_axis.tickLblPos = "low"
    chart.x_axis.number_format = sheet.cell(head_row + 1, 1).number_format
    # Whole units are enough beside an axis.
    chart.y_axis.number_format = sheet.cell(head_row + 1, drawn[0]).number_format.replace(".00", "")
    chart.y_axis.majorGridlines.spPr = GraphicalProperties(ln=LineProperties(solidFill=_GRID))
    chart.legend.position = "b"
    if len(drawn) == 1:
        chart.legend = None
    return chart


def _fill(sheet: Any, chart: Any, columns: list[int], head_row: int, last: int) -> None:
    for n in columns:
        chart.add_data(Reference(sheet, min_col=n, min_row=head_row, max_row=last), titles_from_data=True)
    chart.set_categories(Reference(sheet, min_col=1, min_row=head_row + 1, max_row=last))


def _paint(chart: Any, looks: list[str], *, lines: bool) -> None:
    for series, css in zip(chart.series, looks, strict=True):
        colour = tone(frozenset(css.split())).removeprefix("#").upper()
        if lines:
            series.graphicalProperties.line.solidFill = colour
            series.graphicalProperties.line.width = 22_000  # EMU, 1.7 points
            if "previous" in css or "forecast" in css:
                series.graphicalProperties.line.dashStyle = "dash"
            if "goal" in css:
                series.graphicalProperties.line.dashStyle = "sysDot"
            series.smooth = False
            series.marker.symbol = "none"
        else:
            series.graphicalProperties.solidFill = colour
            series.invertIfNegative = False


def _css(named: dict[str, LegendItem], content: Content, column: int) -> str:
    item = named.get(content.sheet.columns[column - 1].name)
    return item.css if item else f"s{(column - 2) % 6 + 1}"


def _ring(sheet: Any, column: int, head_row: int, last: int, count: int) -> Any:
    chart = DoughnutChart(holeSize=62)
    _fill(sheet, chart, [column], head_row, last)
    for n in range(count):
        point = DataPoint(idx=n)
        point.graphicalProperties.solidFill = LIGHT[f"series-{n % 6 + 1}"].removeprefix("#").upper()
        chart.series[0].dPt.append(point)
    chart.dataLabels = DataLabelList(showPercent=True, showVal=False, showSerName=False, showCatName=False)
    return chart


def _shade(sheet: Any, values: list[int], head_row: int, last: int) -> None:
    first, final = get_column_letter(values[0]), get_column_letter(values[-1])
    sheet.conditional_formatting.add(
        f"{first}{head_row + 1}:{final}{last}",
        ColorScaleRule(
            start_type="min",
            start_color="F3F1ED",
            mid_type="percentile",
            mid_value=50,
            mid_color="A3D3CC",
            end_type="max",
            end_color="2B8C81",
        ),
    )
