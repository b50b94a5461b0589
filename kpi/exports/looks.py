"""What `static/css/charts.css` says of the parts of a drawing, for a picture that has no style sheet."""

from typing import Final

from kpi.exports.palette import LIGHT, tone

Look = dict[str, str | int | float | None]

_DASHED: Final[Look] = {"stroke_dasharray": "4 4", "stroke_width": 1.5}
_HALO: Final[Look] = {"stroke": LIGHT["surface"], "stroke_width": 4, "paint_order": "stroke"}
_FIXED: Final[dict[str, Look]] = {
    "mark": {"fill": LIGHT["surface"], "stroke": LIGHT["warn"], "stroke_width": 2.5},
    "flag": {"stroke": LIGHT["line-control"], "stroke_dasharray": "2 3"},
    "flag-dot": {"fill": LIGHT["text-soft"]},
    "flag-label": {"fill": LIGHT["text-faint"], **_HALO},
    "bar-value": {"fill": LIGHT["text-soft"], "text_anchor": "middle", **_HALO},
    "cell-value": {"fill": LIGHT["text"], "text_anchor": "middle", "font_size": 11},
    "cut": {"stroke": LIGHT["surface"], "stroke_width": 4},
    "cut-note": {"fill": LIGHT["text-faint"], "text_anchor": "middle", "font_size": 11, **_HALO},
    "join": {"stroke": LIGHT["line-control"], "stroke_dasharray": "2 2"},
    "grid": {"stroke": LIGHT["line"]},
    "tick-x": {"fill": LIGHT["text-faint"], "text_anchor": "middle"},
    "tick-y": {"fill": LIGHT["text-faint"], "text_anchor": "end"},
}
_BARS: Final = {"neg": "bad", "up": "series-1", "down": "series-2", "total": "series-0"}
_RED: Final = {"n1": "bad-tint", "n2": "bad-line", "n3": "bad", "n4": "bad", "n5": "bad"}
# What a narrow drawing leaves out, because it would not fit.
WIDE_ONLY: Final = frozenset({"minor", "flag-label", "end-name", "bar-value", "cell-value"})


def look(classes: frozenset[str], *, stacked: bool = False) -> Look:
    """Return the attributes of a drawn part. Raises ValueError for a part that nobody gave a look."""
    colour = tone(classes)
    fixed = next((name for name in _FIXED if name in classes), None)
    if fixed:
        return _fixed(fixed, classes)
    if "goal" in classes:
        dotted: Look = {"stroke_dasharray": "1 5", "stroke_linecap": "round"} if "line" in classes else {}
        return {"fill": "none", "stroke": colour if dotted else LIGHT["text"], "stroke_width": 2, **dotted}
    if "line" in classes:
        dashed = classes & {"previous", "forecast"}
        return {
            "fill": "none", "stroke": colour, "stroke_width": 2, "stroke_linejoin": "round",
            "stroke_linecap": "butt" if dashed else "round", **(_DASHED if dashed else {}),
        }  # fmt: skip
    if "bar" in classes:
        return _bar(classes, colour, stacked=stacked)
    if "cell" in classes:
        return _cell(classes)
    if "end-name" in classes:
        return {"fill": LIGHT["text-faint"] if "s0" in classes else colour, "font_weight": 500}
    for name, opacity in (("area", 0.09), ("band", 0.16), ("dot", None)):
        if name in classes:
            return {"fill": colour, "fill_opacity": opacity}
    raise ValueError(f"a part without a look: {sorted(classes)}")


def _fixed(name: str, classes: frozenset[str]) -> Look:
    if name == "grid" and "zero" in classes:
        return {"stroke": LIGHT["line-control"]}
    if name == "cell-value" and "on-dark" in classes:
        return {**_FIXED[name], "fill": LIGHT["surface"]}
    if name == "flag-label" and "late" in classes:
        return {**_FIXED[name], "text_anchor": "end"}
    return _FIXED[name]


def _bar(classes: frozenset[str], colour: str, *, stacked: bool) -> Look:
    named = next((_BARS[name] for name in _BARS if name in classes), None)
    return {
        "fill": LIGHT[named] if named else colour,
        "opacity": 0.42 if "expected" in classes else None,
        "stroke": LIGHT["surface"] if stacked else None,
    }


def _cell(classes: frozenset[str]) -> Look:
    edge: Look = {"stroke": LIGHT["surface"], "stroke_width": 2}
    if "unknown" in classes:
        return {"fill": LIGHT["sunken"], "opacity": 0.5, **edge}
    red = next((_RED[name] for name in _RED if name in classes), None)
    shade = next((name[1] for name in classes if len(name) == 2 and name[0] == "h"), "0")
    return {"fill": LIGHT[red or f"shade-{shade}"], **edge}
