"""What rules would do to a line: the first rule that holds wins. Pure.

A rule never overrules: where a person, or an earlier rule, wants something else, the line is a conflict and stays as it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from reconciliation.rules.conditions import Node, Subject

Action = Literal["settle", "book", "categorise", "ignore", "ask"]
# act: it will be done. same: it is so already. nothing_clear: no clear open item to settle with, or (book) one may fit after all, or nobody
# has looked yet. earlier: another rule comes first and wants something else. person: somebody decided otherwise. no: the rule does not hold.
Verdict = Literal["act", "same", "nothing_clear", "earlier", "person", "no"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule in its order. Two rules want the same when action and category agree."""

    id: int
    condition: Node
    action: Action
    category: str = ""

    def wants(self) -> tuple[Action, str]:
        """Return what it would do."""
        return self.action, self.category if self.action in {"categorise", "book"} else ""


@dataclass(frozen=True, slots=True)
class State:
    """What was decided about a line so far.

    `clear_match`: its one clear proposal that is up to date. `unmatched`: the matcher looked and found no open item for it. `by_rules`: what rules did to it, as (action, category). `undone_by_hand`: what rules did to it and a person has changed since.
    """

    category: str = ""
    ignored: bool = False
    settled: bool = False
    asked: bool = False
    clear_match: int | None = None
    unmatched: bool = False
    by_rules: frozenset[tuple[Action, str]] = frozenset()
    undone_by_hand: frozenset[tuple[Action, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What would happen to one line, and the rule that comes first for it (None: none holds)."""

    verdict: Verdict
    winner: int | None = None


def first(rules: Sequence[Rule], subject: Subject) -> Rule | None:
    """Return the first rule that holds, in their order; None when none does."""
    return next((rule for rule in rules if rule.condition.holds(subject)), None)


def decide(rules: Sequence[Rule], target: Rule, subject: Subject, state: State) -> Outcome:
    """Return what `target` would do to the line. `rules` are those before it, in their order."""
    if not target.condition.holds(subject):
        return Outcome("no")
    winner = first(rules, subject)
    if winner is not None:
        same = winner.wants() == target.wants()
        return Outcome("same" if same else "earlier", winner.id)
    return Outcome(_against(target, state), target.id)


def _against(target: Rule, state: State) -> Verdict:
    if target.wants() in state.undone_by_hand:
        return "person"
    if target.action == "categorise":
        if state.category == target.category:
            return "same"
        return _against_category(state) if state.category else "act"
    if target.action == "ignore":
        return "same" if state.ignored else "person" if state.settled else "act"
    if state.ignored:
        return "person"
    if target.action == "ask":
        return "same" if state.asked else "person" if state.settled else "act"
    if state.settled:
        return "same"
    if target.action == "book":
        if state.category not in {"", target.category}:
            return _against_category(state)
        return "act" if state.unmatched else "nothing_clear"
    return "act" if state.clear_match is not None else "nothing_clear"


def _against_category(state: State) -> Verdict:
    """Return who gave the line the category that it has."""
    return "earlier" if ("categorise", state.category) in state.by_rules else "person"


def tally(outcomes: Mapping[int, Outcome]) -> dict[Verdict, int]:
    """Return how many lines there are of each verdict, by line id in."""
    counts: dict[Verdict, int] = {
        "act": 0, "same": 0, "nothing_clear": 0, "earlier": 0, "person": 0, "no": 0,
    }  # fmt: skip
    for one in outcomes.values():
        counts[one.verdict] += 1
    return counts
