"""One chart as a picture of its own: nothing in it needs a style sheet, and what is drawn is what the page draws."""

import re
import struct
import xml.etree.ElementTree as ET
import zlib
from pathlib import Path

import pytest

from kpi.exports import pictures
from kpi.exports.drawing import kind_of, standalone
from kpi.exports.palette import LIGHT
from kpi.tests import exported
from lib.charts import Chart, Series, bar_chart, line_chart
from lib.tests import chart_samples

SVG = "{http://www.w3.org/2000/svg}"
TOKENS = Path(__file__).parents[2] / "static" / "css" / "tokens.css"
SAMPLES = tuple(
    chart_samples.SAMPLES
)  # every kind of chart there is: what has no look here would cost its whole document


def drawn(chart: Chart, width: int = 600, height: int = 240, *, title: bool = False) -> ET.Element:
    """Return the picture, read as XML."""
    return ET.fromstring(standalone(chart, width=width, height=height, title=title))


def test_its_colours_are_those_of_the_light_theme() -> None:
    css = TOKENS.read_text()
    for name, colour in LIGHT.items():
        assert re.search(rf"--{name}: light-dark\({colour},", css), name


@pytest.mark.parametrize("name", SAMPLES)
def test_no_part_needs_a_style_sheet_a_browser_or_another_file(name: str) -> None:
    chart = getattr(chart_samples, name)()
    found = drawn(chart, title=True)
    for part in found.iter():
        assert not set(part.attrib) & {
            "class",
            "style",
            "vector-effect",
            "preserveAspectRatio",
            "pathLength",
            "href",
            "dx",
            "dy",
        }
        assert part.tag.removeprefix(SVG) in {"svg", "g", "rect", "line", "path", "circle", "text"}
        for place in ("x", "y", "x1", "x2", "y1", "y2", "cx", "cy"):
            assert not part.get(place, "").endswith("%")
    assert (found.get("width"), found.get("height")) == ("600", "240")


def test_each_kind_is_known_by_its_name() -> None:
    kinds = {name: kind_of(getattr(chart_samples, name)()) for name in SAMPLES}
    assert kinds == {
        "line_full": "line", "line_goal": "line", "line_negative": "line", "bars_goals": "bars", "bars_grouped": "bars", "bars_stacked": "bars",
        "ring": "donut", "heat": "heat", "falls": "waterfall", "spark": "spark",
    }  # fmt: skip


def test_a_line_goes_through_the_pixels_of_its_values() -> None:
    chart = line_chart(title="t", x=["a", "b", "c"], series=[Series("s", chart_samples.amounts(0, 100, 50))])
    found = drawn(chart, width=600, height=240)
    path = next(part for part in found.iter(f"{SVG}path") if part.get("fill") == "none")
    # 14 px and seven letters of tick ("R$ 100") stand left, half a label right; 10 px above and 28 below.
    spots = [tuple(map(float, spot.split())) for spot in re.findall(r"[\d.]+ [\d.]+", path.get("d", ""))]
    (left, bottom), (middle, top), (right, half) = spots
    assert (left, top) == (0, 0)
    assert bottom == 202
    assert half == pytest.approx(101, abs=0.02)
    assert middle == pytest.approx(right / 2, abs=0.02)
    assert path.get("stroke") == LIGHT["series-1"]


def test_a_bar_keeps_its_colour_sign_and_height() -> None:
    chart = bar_chart(title="t", x=["a", "b"], series=[Series("s", chart_samples.amounts(100, -50))])
    bars = [part for part in drawn(chart).iter(f"{SVG}rect") if part.get("rx")]
    up, down = bars
    assert (up.get("fill"), down.get("fill")) == (LIGHT["series-1"], LIGHT["bad"])
    assert float(up.get("height", 0)) == pytest.approx(2 * float(down.get("height", 0)), abs=0.05)


def test_a_ring_has_dashes_in_units_of_its_own_way_round() -> None:
    found = drawn(chart_samples.ring())
    arcs = [part for part in found.iter(f"{SVG}circle") if part.get("stroke-dasharray")]
    assert len(arcs) == 6
    # 50 of 124, less the gap of 0.6 %, of a way round of 314.16 units.
    assert arcs[0].get("stroke-dasharray") == "124.78 314.16"
    texts = [part.text for part in found.iter(f"{SVG}text")]
    assert {"Ração", "R$\xa050,00 · 40%", "R$\xa0124,00"} <= set(texts)


def test_a_narrow_picture_leaves_out_what_would_not_fit_and_cuts_what_would_run_into_its_neighbour() -> None:
    long = "Um nome de loja que não acaba nunca mais nem assim"
    chart = bar_chart(
        title="t", x=[long, "b", long, "c"], series=[Series("s", chart_samples.amounts(1, 2, 3, 4))]
    )
    labels = [
        part.text or ""
        for part in drawn(chart, width=300).iter(f"{SVG}text")
        if part.get("text-anchor") == "middle"
    ]
    assert labels == ["Um nome de loja", "que não acaba nun…"] * 2
    wide = [part.text for part in drawn(chart_samples.falls(), width=700).iter(f"{SVG}text")]
    narrow = [part.text for part in drawn(chart_samples.falls(), width=300).iter(f"{SVG}text")]
    assert "R$\xa0800,00" in wide
    assert "R$\xa0800,00" not in narrow


def test_every_text_is_text_and_no_markup() -> None:
    for name in exported.HOSTILE[:-1]:
        chart = bar_chart(
            title=name, x=["a", "b"], series=[Series(name, chart_samples.amounts(1, 2)), Series("s", [])]
        )
        found = drawn(chart, width=1200, title=True)
        texts = [part.text for part in found.iter(f"{SVG}text")]
        assert texts[:2] == [name, name]
        assert not list(found.iter(f"{SVG}image"))


def test_a_chart_without_values_is_an_empty_plot() -> None:
    empty = line_chart(title="Nada", x=[], series=[])
    assert [part.tag.removeprefix(SVG) for part in drawn(empty).iter()] == ["svg", "rect", "g", "g", "line"]


def pixels(png: bytes) -> tuple[int, int, bytes]:
    """Return width, height and the unpacked rows of a PNG file, its checksums tested."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    place, data, size = 8, b"", (0, 0)
    while place < len(png):
        length, kind = struct.unpack(">I4s", png[place : place + 8])
        body = png[place + 8 : place + 8 + length]
        assert struct.unpack(">I", png[place + 8 + length : place + 12 + length])[0] == zlib.crc32(
            kind + body
        )
        if kind == b"IHDR":
            size = struct.unpack(">II", body[:8])
        elif kind == b"IDAT":
            data += body
        place += 12 + length
    return *size, zlib.decompress(data)


def test_a_png_is_twice_as_large_and_shows_the_colour_of_the_line() -> None:
    width, height, rows = pixels(pictures.png(chart_samples.line_full(), width=480, height=200))
    assert (width, height) == (960, 400)
    assert len(set(rows)) > 50


def test_an_svg_file_is_the_same_picture() -> None:
    chart = chart_samples.line_full()
    assert pictures.svg(chart, width=480, height=200).decode() == standalone(
        chart, width=480, height=200, title=True
    )
