"""charts: data to SVG. Pure functions; colours and type come from the page's style sheet by class.

Each function returns a `Chart`: the picture, the same figures as table rows, and a legend. Positions are per cent of
the drawing area, so that text keeps its size at any width; the style sheet gives the margins. Values are Decimal or
None (a gap); they become floats only when a position is written.
"""

from lib.charts.bars import bar_chart
from lib.charts.donut import Slice, donut
from lib.charts.heatmap import heatmap
from lib.charts.lines import line_chart
from lib.charts.model import Band, Chart, Flag, LegendItem, Mark, Row, Series, Svg, Table, Unit, unlinked
from lib.charts.sparkline import sparkline
from lib.charts.waterfall import Step, waterfall

__all__ = [
    "Band",
    "Chart",
    "Flag",
    "LegendItem",
    "Mark",
    "Row",
    "Series",
    "Slice",
    "Step",
    "Svg",
    "Table",
    "Unit",
    "bar_chart",
    "donut",
    "heatmap",
    "line_chart",
    "sparkline",
    "unlinked",
    "waterfall",
]
