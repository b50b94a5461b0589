"""One chart as a file: SVG as it is, PNG at twice its size."""

from typing import Final

from kpi.exports.drawing import standalone
from kpi.exports.typesetting import typeset
from lib.charts import Chart

WIDTH: Final = 960
HEIGHT: Final = 420


def svg(chart: Chart, *, width: int = WIDTH, height: int = HEIGHT) -> bytes:
    """Return the picture with title and legend as an SVG file of that size in pixels."""
    return standalone(chart, width=width, height=height, title=True).encode()


def png(chart: Chart, *, width: int = WIDTH, height: int = HEIGHT) -> bytes:
    """Return the same picture as a PNG file, two of its pixels for each one of the drawing."""
    drawn = standalone(chart, width=width, height=height, title=True)
    return typeset("picture", {"svg": drawn, "width": width, "height": height}, to="png")
