"""Conditions and the engine, without a database: what holds, what is refused, and that the engine does what anybody would by hand."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from lib.text import fold
from reconciliation.matching.records import Line
from reconciliation.rules import engine
from reconciliation.rules.conditions import DEPTH, LEAVES, Subject, Unusable, parse
from reconciliation.rules.engine import Outcome, Rule, State, decide

LINE = Line(
    id="1", date=date(2026, 3, 10), amount=Decimal("-42.90"), name="Padaria São João LTDA", document="11.222.333/0001-81",
    description="PIX ENVIADO", reference="E123", account="7",
)  # fmt: skip


def leaf(field: str, op: str, value: Any) -> dict[str, Any]:
    """Return a comparison in its JSON form."""
    return {"field": field, "op": op, "value": value}


def holds(condition: Any, **changes: Any) -> bool:
    """Return whether the condition holds for the line with these changes."""
    return parse(condition).holds(Subject.of(replace(LINE, **changes)))


# --- comparisons ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (leaf("account", "in", [7, 8]), True),
        (leaf("account", "in", [8]), False),
        (leaf("direction", "is", "out"), True),
        (leaf("direction", "is", "in"), False),
        (leaf("amount", "between", {"min": "42.90", "max": "42.90"}), True),
        (leaf("amount", "between", {"min": "42.91"}), False),
        (leaf("amount", "between", {"max": "42.89"}), False),
        (leaf("amount", "between", {"min": None, "max": "100"}), True),
        (leaf("text", "contains", "pix  ENVIADO"), True),
        (leaf("text", "contains", "SAO joao"), True),
        (leaf("text", "contains", "e123"), True),
        (leaf("text", "contains", "recebido"), False),
        (leaf("text", "regex", r"^pix\s+\w+ado\b"), True),
        (leaf("text", "regex", r"SÃO\s*joão"), True),
        (leaf("text", "regex", r"E\d{3}$"), True),
        (leaf("text", "regex", r"^E\d{3}$"), True),
        (leaf("text", "regex", r"^enviado"), False),
        (leaf("text", "contains", "enviado padaria"), False),
        (leaf("party", "is", "padaria são joão ltda"), True),
        (leaf("party", "is", "padaria"), False),
        (leaf("party", "contains", "Padaria"), True),
        (leaf("party", "contains", "pix"), False),
        (leaf("document", "in", ["11222333000181"]), True),
        (leaf("document", "in", ["11.222.333"]), True),
        (leaf("document", "in", ["11222334"]), False),
        (leaf("document", "in", ["52998224725"]), False),
        ({"all": [leaf("direction", "is", "out"), leaf("account", "in", [8])]}, False),
        ({"any": [leaf("direction", "is", "in"), leaf("account", "in", [7])]}, True),
        ({"all": [leaf("direction", "is", "out"), {"any": [leaf("account", "in", [8]), leaf("party", "contains", "joao")]}]}, True),
    ],
)  # fmt: skip
def test_a_condition_holds(condition: Any, expected: bool) -> None:
    assert holds(condition) is expected


def test_a_masked_document_is_nobodys() -> None:
    assert not holds(leaf("document", "in", ["11222333"]), document="11222333000***")
    assert not holds(leaf("document", "in", ["52998224725"]), document="***982247**")


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        (None, "not_a_node"),
        ([], "not_a_node"),
        ({}, "not_a_node"),
        ({"all": [], "any": []}, "not_a_node"),
        ({"all": [1]}, "not_a_node"),
        ({"field": "text", "op": "contains"}, "not_a_node"),
        ({"all": []}, "empty"),
        ({"any": "text"}, "empty"),
        (leaf("weather", "is", "sunny"), "field"),
        (leaf(["text"], "contains", "x"), "field"),
        (leaf("text", "is", "x"), "op"),
        (leaf("text", ["contains"], "x"), "op"),
        (leaf("text", "contains", ""), "text"),
        (leaf("text", "contains", " \u0301"), "text"),
        (leaf("text", "contains", 5), "text"),
        (leaf("text", "contains", "x" * 201), "text"),
        (leaf("text", "contains", "\ud800"), "text"),
        (leaf("text", "regex", "x" * 201), "text"),
        (leaf("text", "regex", "("), "pattern"),
        (leaf("text", "regex", r"(a)\1"), "pattern"),
        (leaf("text", "regex", "(?=a)b"), "pattern"),
        (leaf("text", "regex", "((a{100}){100}){100}"), "pattern"),
        (leaf("text", "regex", "\udc80"), "pattern"),
        (leaf("account", "in", []), "accounts"),
        (leaf("account", "in", [True]), "accounts"),
        (leaf("account", "in", ["7"]), "accounts"),
        (leaf("account", "in", [2**63]), "accounts"),
        (leaf("direction", "is", "sideways"), "direction"),
        (leaf("direction", "is", ["in"]), "direction"),
        (leaf("amount", "between", {}), "band"),
        (leaf("amount", "between", {"min": None, "max": None}), "band"),
        (leaf("amount", "between", {"min": "5", "max": "4.99"}), "band"),
        (leaf("amount", "between", {"min": "-5"}), "band"),
        (leaf("amount", "between", {"min": 5}), "band"),
        (leaf("amount", "between", {"min": "NaN"}), "band"),
        (leaf("amount", "between", {"min": "1.005"}), "band"),
        (leaf("amount", "between", {"least": "1"}), "band"),
        (leaf("document", "in", ["123"]), "documents"),
        (leaf("document", "in", [11222333000181]), "documents"),
        (leaf("document", "in", "11222333000181"), "documents"),
    ],
)
def test_what_cannot_be_used_is_refused(condition: Any, code: str) -> None:
    with pytest.raises(Unusable) as error:
        parse(condition)
    assert error.value.code == code


def test_trees_are_bounded() -> None:
    one = leaf("direction", "is", "in")
    deep: Any = one
    for _ in range(DEPTH - 1):
        deep = {"all": [deep]}
    assert parse(deep).as_json() == deep
    with pytest.raises(Unusable, match="too_deep"):
        parse({"all": [deep]})
    for _ in range(10_000):
        deep = {"any": [deep]}
    with pytest.raises(Unusable, match="too_deep"):
        parse(deep)
    assert parse({"any": [one] * LEAVES}).as_json() == {"any": [one] * LEAVES}
    half = {"any": [one] * (LEAVES // 2 + 1)}
    with pytest.raises(Unusable, match="too_many"):
        parse({"all": [half, half]})


@pytest.mark.parametrize(
    "pattern", [r"(a+)+$", r"(a|aa)+$", r"(a*)*b", r"^(([a-z])+.)+[A-Z]([a-z])+$", r"(.*a){20}$"]
)
def test_no_pattern_takes_longer_than_its_text(pattern: str) -> None:
    """A backtracking engine would not answer in this universe's time; the test's own time limit would end it."""
    text = "a" * 10_000 + "!"
    condition = parse(leaf("text", "regex", pattern))
    for _ in range(20):
        assert not condition.holds(Subject.of(replace(LINE, description=text, name="", reference="")))


# --- the engine is what anybody would do by hand ---------------------------------------------------------------------------
WORDS = ["tarifa", "PIX", "São", "joão", "boleto 7", "aluguel"]
LEAF = st.one_of(
    st.builds(leaf, st.just("account"), st.just("in"), st.lists(st.integers(1, 3), min_size=1, max_size=3)),
    st.builds(leaf, st.just("direction"), st.just("is"), st.sampled_from(["in", "out"])),
    st.integers(1, 40).flatmap(lambda low: st.integers(low, 50).map(
        lambda high: leaf("amount", "between", {"min": f"{low}.00", "max": f"{high}.00"}))),
    st.builds(leaf, st.just("text"), st.sampled_from(["contains", "regex"]), st.sampled_from(WORDS)),
    st.builds(leaf, st.just("party"), st.sampled_from(["is", "contains"]), st.sampled_from(WORDS)),
    st.builds(leaf, st.just("document"), st.just("in"), st.lists(st.sampled_from(["52998224725", "11144477735"]), min_size=1)),
)  # fmt: skip


def depth(tree: Any) -> int:
    """Return how deep a tree is."""
    return 1 + max((depth(part) for part in tree.get("all", tree.get("any", []))), default=0)


TREE = st.recursive(
    LEAF,
    lambda node: st.builds(
        lambda join, parts: {join: parts},
        st.sampled_from(["all", "any"]),
        st.lists(node, min_size=1, max_size=3),
    ),
    max_leaves=6,
).filter(lambda tree: depth(tree) <= DEPTH)
LINES = st.builds(
    lambda account, cents, words, name, document: replace(
        LINE, account=str(account), amount=Decimal(cents).scaleb(-2), description=" ".join(words), name=name, document=document
    ),
    st.integers(1, 4),
    st.integers(-6_000, 6_000).filter(bool),
    st.lists(st.sampled_from(WORDS), max_size=3),
    st.sampled_from(["", *WORDS]),
    st.sampled_from(["", "52998224725", "111.444.777-35", "***444777**"]),
)  # fmt: skip
RULES = st.lists(
    st.tuples(
        TREE,
        st.sampled_from(["settle", "categorise", "ignore", "ask"]),
        st.sampled_from(["Aluguel", "Tarifas"]),
    ),
    min_size=1,
    max_size=5,
)


def naive(tree: Any, line: Line) -> bool:
    """Return whether the condition holds, said as plainly as possible."""
    if "all" in tree:
        return all(naive(part, line) for part in tree["all"])
    if "any" in tree:
        return any(naive(part, line) for part in tree["any"])
    value = tree["value"]
    text = fold(f"{line.description} {line.name} {line.reference}")
    if tree["field"] == "account":
        return int(line.account) in value
    if tree["field"] == "direction":
        return (line.amount > 0) == (value == "in")
    if tree["field"] == "amount":
        return Decimal(value["min"]) <= abs(line.amount) <= Decimal(value["max"])
    if tree["field"] == "text":
        return re.search(re.escape(fold(value)), text) is not None
    if tree["field"] == "party":
        return fold(line.name) == fold(value) if tree["op"] == "is" else fold(value) in fold(line.name)
    return "*" not in line.document and re.sub(r"\D", "", line.document) in value


@given(tree=TREE, line=LINES)
@hypothesis(max_examples=300, deadline=None, database=None, derandomize=True)
def test_a_tree_equals_its_plain_evaluation(tree: Any, line: Line) -> None:
    node = parse(tree)
    assert node.holds(Subject.of(line)) == naive(tree, line)
    assert parse(node.as_json()) == node


@given(
    drawn=RULES,
    line=LINES,
    category=st.sampled_from(["", "Aluguel", "Tarifas"]),
    flags=st.tuples(st.booleans(), st.booleans(), st.booleans(), st.sampled_from([None, 3])),
)
@hypothesis(max_examples=300, deadline=None, database=None, derandomize=True)
def test_only_the_first_rule_that_holds_acts(drawn: Any, line: Line, category: str, flags: Any) -> None:
    ignored, settled, asked, match = flags
    state = State(category, ignored, settled, asked, match)
    rules = []
    for number, (tree, action, given_category) in enumerate(drawn, start=1):
        rules.append(Rule(number, parse(tree), action, given_category if action == "categorise" else ""))
    subject = Subject.of(line)
    outcomes = [decide(rules[:place], rule, subject, state) for place, rule in enumerate(rules)]
    holding = [number for number, (tree, *_rest) in enumerate(drawn, start=1) if naive(tree, line)]
    assert [one.winner is not None for one in outcomes] == [
        number in holding for number in range(1, len(rules) + 1)
    ]
    acting = [
        rule.id
        for rule, one in zip(rules, outcomes, strict=True)
        if one.verdict in {"act", "person", "nothing_clear"}
    ]
    assert set(acting) <= set(holding[:1]), "whoever is not first does nothing"
    for rule, one in zip(rules, outcomes, strict=True):
        if rule.id in holding[1:]:
            first = rules[holding[0] - 1]
            same = (first.action, first.category) == (rule.action, rule.category)
            assert one == Outcome("same" if same else "earlier", first.id)
    assert all(
        one.verdict == "no" for rule, one in zip(rules, outcomes, strict=True) if rule.id not in holding
    )
    assert all(low <= high for low, high in pairwise(holding))


ALWAYS = parse({"any": [leaf("direction", "is", "in"), leaf("direction", "is", "out")]})


@pytest.mark.parametrize(
    ("action", "state", "verdict"),
    [
        ("categorise", State(), "act"),
        ("categorise", State(category="Aluguel"), "same"),
        ("categorise", State(category="Tarifas"), "person"),
        ("categorise", State(category="Tarifas", by_rules=frozenset({("categorise", "Tarifas")})), "earlier"),
        ("categorise", State(undone_by_hand=frozenset({("categorise", "Aluguel")})), "person"),
        ("categorise", State(settled=True), "act"),
        ("ignore", State(), "act"),
        ("ignore", State(ignored=True), "same"),
        ("ignore", State(settled=True), "person"),
        ("ignore", State(undone_by_hand=frozenset({("ignore", "")})), "person"),
        ("ask", State(), "act"),
        ("ask", State(asked=True), "same"),
        ("ask", State(settled=True), "person"),
        ("ask", State(ignored=True), "person"),
        ("settle", State(clear_match=3), "act"),
        ("settle", State(), "nothing_clear"),
        ("settle", State(settled=True), "same"),
        ("settle", State(ignored=True, clear_match=3), "person"),
        ("settle", State(clear_match=3, undone_by_hand=frozenset({("settle", "")})), "person"),
    ],
)
def test_what_was_decided_is_not_overruled(action: engine.Action, state: State, verdict: str) -> None:
    rule = Rule(1, ALWAYS, action, "Aluguel" if action == "categorise" else "")
    assert decide([], rule, Subject.of(LINE), state) == Outcome(verdict, 1)
    assert engine.tally({1: decide([], rule, Subject.of(LINE), state)})[verdict] == 1
