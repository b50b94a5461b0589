"""What the design language promises, read from its own files: contrast, colour-blind safety, no colour or style elsewhere."""

import math
import re
from itertools import combinations
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
STYLES = ROOT / "static" / "css"
THEMES = {"light": 0, "dark": 1}

_TOKEN = re.compile(r"--([\w-]+):\s*light-dark\(\s*(#[0-9a-f]{6})\s*,\s*(#[0-9a-f]{6})\s*\)")
_COLOR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl|oklch|oklab|lab|lch)a?\(")
# Machado et al. 2009, severity 1: what is left of a colour for three kinds of colour blindness, in linear RGB.
_BLIND = {
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.01182, 0.04294, 0.968881),
    ),
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "tritan": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.3039),
    ),
}


def tokens(theme: str) -> dict[str, str]:
    """Return the colours of a theme by name."""
    found = _TOKEN.findall((STYLES / "tokens.css").read_text())
    return {name: pair[THEMES[theme]] for name, *pair in found}


def linear(color: str) -> tuple[float, float, float]:
    parts = (int(color[index : index + 2], 16) / 255 for index in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return red, green, blue


def contrast(one: str, other: str) -> float:
    """Return the WCAG contrast ratio."""
    light, dark = sorted(
        (
            sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear(color), strict=True))
            for color in (one, other)
        ),
        reverse=True,
    )
    return (light + 0.05) / (dark + 0.05)


def oklab(rgb: tuple[float, ...]) -> tuple[float, float, float]:
    red, green, blue = (min(1.0, max(0.0, part)) for part in rgb)
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    medium = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.793617785 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.428592205 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.808675766 * short,
    )


def seen_distance(one: str, other: str, kind: str) -> float:
    """Return how far apart two colours look to somebody with this kind of colour blindness."""

    def seen(color: str) -> tuple[float, float, float]:
        return oklab(
            tuple(sum(w * c for w, c in zip(row, linear(color), strict=True)) for row in _BLIND[kind])
        )

    return math.dist(seen(one), seen(other))


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ground", ["canvas", "surface", "raised", "sunken", "hover"])
@pytest.mark.parametrize("text", ["text", "text-soft", "text-faint", "accent", "good", "bad", "warn", "info"])
def test_text_can_be_read_on_every_surface(theme, ground, text):
    colors = tokens(theme)
    assert contrast(colors[text], colors[ground]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("meaning", ["accent", "good", "bad", "warn", "info"])
def test_a_meaning_can_be_read_on_its_own_tint_with_ordinary_text_beside_it(theme, meaning):
    colors = tokens(theme)
    assert contrast(colors[meaning], colors[f"{meaning}-tint"]) >= 4.5
    assert contrast(colors["text-soft"], colors[f"{meaning}-tint"]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(
    ("text", "ground", "least"),
    [
        ("text-on-accent", "accent-solid", 4.5),
        ("text-on-accent", "accent-solid-hover", 4.5),
        ("text-on-accent", "bad-solid", 4.5),
        ("text-soft", "press", 4.5),
        ("text", "knob", 4.5),
        ("line-control", "surface", 3),
        ("focus", "canvas", 3),
        ("focus", "surface", 3),
    ],
)
def test_controls_can_be_seen(theme, text, ground, least):
    colors = tokens(theme)
    assert contrast(colors[text], colors[ground]) >= least


@pytest.mark.parametrize("theme", THEMES)
def test_series_stand_out_from_the_surface(theme):
    colors = tokens(theme)
    assert [n for n in range(1, 8) if contrast(colors[f"series-{n}"], colors["surface"]) < 3] == []


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("kind", _BLIND)
def test_no_two_series_look_alike_to_colour_blind_eyes(theme, kind):
    colors = tokens(theme)
    close = [
        (one, other)
        for one, other in combinations(range(1, 7), 2)
        if seen_distance(colors[f"series-{one}"], colors[f"series-{other}"], kind) < 0.07
    ]
    assert close == []


@pytest.mark.parametrize("path", sorted(STYLES.glob("*.css")), ids=lambda path: path.name)
def test_colours_are_named_in_the_tokens_only(path):
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    assert path.name == "tokens.css" or _COLOR.findall(text) == []


def test_every_variable_that_is_used_is_defined():
    text = "\n".join(path.read_text() for path in STYLES.glob("*.css"))
    assert set(re.findall(r"var\((--[\w-]+)\)", text)) <= set(re.findall(r"(--[\w-]+)\s*:", text))


def test_every_style_sheet_is_linked():
    """By every page, or by the pages that it is for."""
    pages = "".join(path.read_text() for path in (ROOT / "templates").rglob("*.html"))
    assert set(re.findall(r"css/([\w-]+\.css)", pages)) == {path.name for path in STYLES.glob("*.css")}


@pytest.mark.parametrize(
    "path",
    # The policy is of pages: mail programs know none, and many of them no style sheet either.
    sorted(path for path in (ROOT / "templates").rglob("*.html") if path.name != "report_email.html"),
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_templates_obey_the_content_security_policy(path):
    text = path.read_text()
    assert (
        re.findall(r"\sstyle=|\son(?:click|change|submit|input|load|key\w+)=|<style|hx-on|javascript:", text)
        == []
    )
    inline = re.findall(r"<script(?![^>]*(?:src=|application/json))[^>]*>", text)
    assert inline == []


@pytest.mark.parametrize(
    "path", sorted((ROOT / "templates").rglob("*.html")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_dynamic_attributes_are_names_or_literals(path):
    """Cotton resolves `:name="…"` as one variable or literal; a filter or operator would silently be nothing."""
    found = re.findall(r"""<c-[^>]*?\s:[a-z_]+="([^"]*)""", path.read_text())
    assert [value for value in found if not re.fullmatch(r"[A-Za-z_][\w.]*|-?[\d.]+", value)] == []


@pytest.mark.parametrize("path", sorted((ROOT / "static" / "js").glob("*.js")), ids=lambda path: path.name)
def test_scripts_need_no_eval_and_write_no_markup(path):
    text = path.read_text()
    assert (
        re.findall(
            r"\beval\(|new Function|\.innerHTML|insertAdjacentHTML|\.outerHTML|\.setAttribute\(\"style", text
        )
        == []
    )
    # Hashed file names would break an import of a sibling; modules talk by events.
    assert re.findall(r"^import ", text, flags=re.MULTILINE) == []
