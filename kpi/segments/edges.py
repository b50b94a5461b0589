"""Named segments over the three scores. The edges are data: a company may move them, and what it wrote is checked before it is used."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final, TypeAlias

BEST: Final = 5
SCORES: Final = range(1, BEST + 1)
# In the order in which they are shown: the best first.
SEGMENTS: Final = (
    "champions", "loyal", "potential_loyal", "new", "promising", "need_attention", "about_to_sleep", "at_risk", "cannot_lose",
    "hibernating", "lost",
)  # fmt: skip
Span: TypeAlias = tuple[int, int]
ANY: Final[Span] = (1, BEST)


class EdgesError(ValueError):
    """Rules cannot be used: the message says which one, or which scores (`gap`: r, f, m) none of them names."""

    def __init__(self, message: str, gap: tuple[int, int, int] | None = None) -> None:
        """Remember the gap."""
        super().__init__(message)
        self.gap = gap


@dataclass(frozen=True, slots=True)
class Rule:
    """Scores (both ends included) that belong to a segment. The first rule that fits decides."""

    segment: str
    r: Span = ANY
    f: Span = ANY
    m: Span = ANY

    def fits(self, r: int, f: int, m: int) -> bool:
        """Return whether these scores are meant."""
        return self.r[0] <= r <= self.r[1] and self.f[0] <= f <= self.f[1] and self.m[0] <= m <= self.m[1]


DEFAULT: Final = (
    Rule("champions", r=(4, 5), f=(4, 5), m=(4, 5)),
    Rule("loyal", r=(3, 5), f=(4, 5)),
    Rule("cannot_lose", r=(1, 2), f=(4, 5), m=(4, 5)),
    Rule("at_risk", r=(1, 2), f=(3, 5)),
    Rule("potential_loyal", r=(4, 5), f=(2, 3)),
    Rule("new", r=(5, 5), f=(1, 1)),
    Rule("promising", r=(4, 4), f=(1, 1)),
    Rule("need_attention", r=(3, 3), f=(2, 3)),
    Rule("about_to_sleep", r=(3, 3), f=(1, 1)),
    Rule("about_to_sleep", r=(2, 2), f=(2, 2)),
    Rule("hibernating", r=(2, 2), f=(1, 1)),
    Rule("hibernating", r=(1, 1), f=(2, 2)),
    Rule("lost", r=(1, 1), f=(1, 1)),
)


def names(rules: Sequence[Rule] = DEFAULT) -> dict[tuple[int, int, int], str]:
    """Return the segment of each of the 125 combinations (r, f, m). Raises EdgesError when one of them has none."""
    found = {}
    for scores in product(SCORES, SCORES, SCORES):
        rule = next((rule for rule in rules if rule.fits(*scores)), None)
        if rule is None:
            raise EdgesError("no segment for r={}, f={}, m={}".format(*scores), scores)
        found[scores] = rule.segment
    return found


def read(rows: Iterable[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """Return rules from JSON: `[{"segment": "new", "r": [5, 5], "f": [1, 1]}, …]`; a score left out means any. Raises EdgesError."""
    rules = tuple(_rule(number, row) for number, row in enumerate(rows, start=1))
    names(rules)
    return rules


def _rule(number: int, row: Mapping[str, Any]) -> Rule:
    segment = row.get("segment")
    if segment not in SEGMENTS:
        raise EdgesError(f"rule {number}: unknown segment {segment!r}")
    return Rule(segment, *(_span(number, name, row.get(name, ANY)) for name in "rfm"))


def _span(number: int, name: str, value: Any) -> Span:
    match value:
        case [int(low), int(high)] if bool not in (type(low), type(high)) and 1 <= low <= high <= BEST:
            return low, high
    raise EdgesError(f"rule {number}: {name} takes two scores from 1 to {BEST}, the lower one first")


def written(rules: Sequence[Rule] = DEFAULT) -> list[dict[str, Any]]:
    """Return rules as JSON, as `read` takes them."""
    return [
        {"segment": rule.segment, "r": list(rule.r), "f": list(rule.f), "m": list(rule.m)} for rule in rules
    ]
