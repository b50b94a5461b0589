"""Every kind of tile, declared as data: its name, its options with their values, the size it is born with, and what it can be split by.

Page, API, documentation and the check of what is stored read the same entries.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kpi.analysis import sums
from kpi.analysis.pictures import DIMENSIONS, MEASURES
from kpi.catalog import BY_CODE, Text

WIDTHS: Final = (3, 4, 6, 12)  # of twelve columns
HEIGHTS: Final = (1, 2, 3, 4)
LONGEST_TITLE: Final = 80
LONGEST_TEXT: Final = 1_000
KPIS: Final[Mapping[str, Text]] = {code: kpi.label for code, kpi in BY_CODE.items()}
# Numbers that add up day by day, so that a goal of a month can be followed.
ADDING_UP: Final = ("revenue", "inflow", "expenses", "net", "sales_count")
SPLITS: Final[Mapping[str, tuple[str, ...]]] = {
    "revenue": sums.OF_SALES, "inflow": sums.OF_LINES, "expenses": sums.OF_LINES,
}  # fmt: skip
_BY: Final[Mapping[str, Text]] = {
    name: DIMENSIONS[name]
    for name in ("store", "seller", "product", "customer", "channel", "payment", "category", "account")
}


class OptionsError(ValueError):
    """A tile was asked for that does not exist. The message is for people; `field` names what is wrong."""

    def __init__(self, wrong: str, message: str) -> None:
        super().__init__(message)
        self.field = wrong


@dataclass(frozen=True, slots=True)
class Choice:
    """An option with known values; the first is the one that holds where nothing is said."""

    label: Text
    values: Mapping[str, Text]

    @property
    def default(self) -> str:
        """Return the value that holds where nothing is said."""
        return next(iter(self.values))


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of tile. `longest` are the free texts it takes with their length, besides a title of one's own, which all take."""

    code: str
    group: Text
    label: Text
    help: Text
    icon: str
    options: Mapping[str, Choice] = field(default_factory=dict)
    longest: Mapping[str, int] = field(default_factory=dict)
    width: int = 6
    height: int = 2


_NUMBERS: Final = gettext_lazy("Numbers")
_COURSE: Final = gettext_lazy("Over time")
_SHARES: Final = gettext_lazy("Who and what")
_AHEAD: Final = gettext_lazy("What comes")
_CUSTOMERS: Final = gettext_lazy("Customers")
_WORDS: Final = gettext_lazy("Words")

_MEASURE: Final = Choice(gettext_lazy("Number"), MEASURES)

CATALOG: Final[tuple[Kind, ...]] = (
    Kind(
        "number", _NUMBERS, gettext_lazy("Number"), gettext_lazy("One number with its change and its course."), "hash",
        {"kpi": Choice(gettext_lazy("Number"), KPIS)}, width=3, height=1,
    ),
    Kind(
        "target", _NUMBERS, gettext_lazy("Goal of the month"), gettext_lazy("How far a number is on the way to its goal."), "target",
        {"kpi": Choice(gettext_lazy("Number"), {code: KPIS[code] for code in ADDING_UP})},
    ),
    Kind(
        "by_day", _COURSE, gettext_lazy("By day"), gettext_lazy("Day by day, beside the days it is compared with."), "chart-line",
        {"measure": _MEASURE},
    ),
    Kind(
        "cash_flow", _COURSE, gettext_lazy("Cash flow by month"), gettext_lazy("Money in and out, and what stayed."), "chart-column",
        {"months": Choice(gettext_lazy("Months"), {"12": "12", "6": "6", "24": "24"})}, width=12,
    ),
    Kind(
        "by_dimension", _SHARES, gettext_lazy("By store, seller, product …"),
        gettext_lazy("The largest parts of a number. A click shows the whole board for one of them."), "list-ordered",
        {
            "measure": _MEASURE, "by": Choice(gettext_lazy("Split by"), _BY),
            "shape": Choice(
                gettext_lazy("Drawn as"),
                {"ranking": gettext_lazy("ranking"), "bars": gettext_lazy("bars"), "donut": gettext_lazy("ring")},
            ),
            "most": Choice(gettext_lazy("How many"), {"5": "5", "10": "10"}),
        },
    ),
    Kind(
        "drivers", _SHARES, gettext_lazy("Why it changed"), gettext_lazy("Which parts carry the change of a number."), "git-compare",
        {"measure": _MEASURE, "by": Choice(gettext_lazy("Split by"), _BY)},
    ),
    Kind(
        "concentration", _SHARES, gettext_lazy("Who carries the sales (ABC)"), gettext_lazy("How few make most of the sales."), "chart-spline",
        {"by": Choice(gettext_lazy("Split by"), {name: DIMENSIONS[name] for name in ("customer", "product")})},
    ),
    Kind(
        "expected", _AHEAD, gettext_lazy("Forecast"), gettext_lazy("The next four weeks by day, with the band they should lie in."), "trending-up",
        {
            "measure": Choice(
                gettext_lazy("Number"),
                {"sales": gettext_lazy("Sales"), "receipts": gettext_lazy("Received"), "expenses": gettext_lazy("Expenses")},
            )
        },
    ),
    Kind(
        "projection", _AHEAD, gettext_lazy("Cash of the next 90 days"), gettext_lazy("Where the balance is going, week by week."), "wallet",
    ),
    Kind(
        "ageing", _AHEAD, gettext_lazy("Open items by age"), gettext_lazy("What is due, and what is late for how long."), "calendar-clock",
        {
            "direction": Choice(
                gettext_lazy("Which"), {"receivable": gettext_lazy("to receive"), "payable": gettext_lazy("to pay")}
            )
        },
    ),
    Kind("cohorts", _CUSTOMERS, gettext_lazy("Who comes back"), gettext_lazy("New customers of each month, and who bought again."), "grid-3x3"),
    Kind(
        "segments", _CUSTOMERS, gettext_lazy("Customer segments"), gettext_lazy("Champions, new ones, those at risk: how many, and how they moved."),
        "users-round",
    ),
    Kind("anomalies", _NUMBERS, gettext_lazy("Unexpected"), gettext_lazy("The newest numbers that nobody expected."), "triangle-alert"),
    Kind(
        "text", _WORDS, gettext_lazy("Heading and text"), gettext_lazy("A title, or a few words for who reads."), "heading",
        longest={"text": LONGEST_TEXT}, width=12, height=1,
    ),
)  # fmt: skip
KINDS: Final = {kind.code: kind for kind in CATALOG}


def checked(code: str, options: Mapping[str, Any]) -> dict[str, str]:
    """Return the options of a tile, completed by what holds where nothing was said. Raises OptionsError."""
    kind = KINDS.get(code)
    if kind is None:
        raise OptionsError("kind", _("There is no such tile."))
    longest = {"title": LONGEST_TITLE, **kind.longest}
    unknown = set(options) - set(kind.options) - set(longest)
    if unknown:
        raise OptionsError("options", _("This tile has no option “%(name)s”.") % {"name": min(unknown)[:40]})
    found = _completed(kind, options)
    for name, most in longest.items():
        text = options.get(name, "")
        if not isinstance(text, str) or len(text) > most:
            raise OptionsError(name, _("Write up to %(most)d characters.") % {"most": most})
        if not is_clean(text, "\n\r\t"):
            raise OptionsError(name, _("This text holds characters that cannot be seen."))
        if text.strip():
            found[name] = text.strip()
    return found


def _completed(kind: Kind, options: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, choice in kind.options.items():
        usual = choice.default
        if name == "by" and "measure" in kind.options:
            usual = usual if usual in SPLITS[found["measure"]] else SPLITS[found["measure"]][0]
        value = options.get(name, usual)
        if not isinstance(value, str) or value not in choice.values:
            known = ", ".join(choice.values)
            raise OptionsError(name, _("Use one of: %(names)s.") % {"names": known})
        found[name] = value
    if {"measure", "by"} <= found.keys() and found["by"] not in SPLITS[found["measure"]]:
        names = {"measure": MEASURES[found["measure"]], "by": DIMENSIONS[found["by"]]}
        raise OptionsError("by", _("%(measure)s cannot be split by “%(by)s”.") % names)
    return found


def sized(width: Any, height: Any) -> tuple[int, int]:
    """Return width and height of a tile. Raises OptionsError for what is no size."""
    if isinstance(width, bool) or isinstance(height, bool) or width not in WIDTHS or height not in HEIGHTS:
        raise OptionsError("width", _("A tile is 3, 4, 6 or 12 columns wide and 1 to 4 steps high."))
    return int(width), int(height)


def name_of(code: str, options: Mapping[str, str]) -> str:
    """Return what a tile is called in lists and while it is moved: its own title, or what it shows."""
    if options.get("title"):
        return options["title"]
    kind = KINDS.get(code)
    if kind is None:
        return code
    if code == "text":
        return options.get("text", "")[:LONGEST_TITLE] or str(kind.label)
    said = [
        str(kind.options[name].values[options[name]])
        for name in ("kpi", "measure", "by", "direction")
        if options.get(name) in _values(kind, name)
    ]
    if code == "number" and said:
        return said[0]
    return " · ".join([str(kind.label if code != "by_dimension" else ""), *said]).strip(" ·")


def _values(kind: Kind, name: str) -> Mapping[str, Text]:
    return kind.options[name].values if name in kind.options else {}


def is_clean(text: str, besides: str = "") -> bool:
    """Return whether a text has no characters that cannot be stored or seen. One that joins signs to a picture (👩‍🌾) is part of it."""
    return all(char.isprintable() or char == "\u200d" or char in besides for char in text)
