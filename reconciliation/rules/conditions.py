"""When a rule holds: comparisons of one bank line, joined by AND and OR. Pure: JSON in, a checked tree or one sentence per fault out.

The JSON form: `{"all": […]}` (AND), `{"any": […]}` (OR), and leaves `{"field", "op", "value"}`:

| field | op | value | holds when |
|---|---|---|---|
| account | in | [ids] | the line is of one of these accounts |
| direction | is | "in", "out" | money came in, or left |
| amount | between | {"min": "10.00", "max": null} | the amount without its sign is within the band, ends included |
| text | contains, regex | text | description, other side's name or reference say it; accents and case do not count |
| party | is, contains | text | the other side's name |
| document | in | [CPF or CNPJ] | the other side's document; 8 digits stand for every branch of a company; a masked one is nobody's |

Patterns are RE2's: time grows with the text and nothing else, so no pattern can hold a worker up. What needs backtracking is refused.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any, Final, Literal

import re2

from lib.text import fold
from reconciliation.matching.records import Line

Op = Literal["in", "is", "between", "contains", "regex"]
DEPTH: Final = 5
LEAVES: Final = 50
TEXT: Final = 200  # characters of a text or a pattern
VALUES: Final = 100  # ids or documents of one comparison
LARGEST: Final = 2**63 - 1
FORMS: Final[dict[str, tuple[Op, ...]]] = {
    "account": ("in",),
    "direction": ("is",),
    "amount": ("between",),
    "text": ("contains", "regex"),
    "party": ("is", "contains"),
    "document": ("in",),
}
_MEMORY: Final = 1 << 20  # of a compiled pattern

# Why a condition cannot be used: a code and what its sentence needs. The sentences are elsewhere, in the reader's language.
Code = Literal[
    "not_a_node", "empty", "too_deep", "too_many", "field", "op", "text", "pattern", "accounts", "direction", "band", "documents",
]  # fmt: skip


class Unusable(Exception):
    """A condition that cannot be used: `code` says why, `detail` where or what."""

    def __init__(self, code: Code, detail: str = "") -> None:
        self.code, self.detail = code, detail
        super().__init__(code, detail)


@dataclass(frozen=True, slots=True)
class Subject:
    """A line as conditions see it. `text`: its texts folded once for all rules, one a row, so that `^` and `$` mean each of them."""

    line: Line
    text: str
    party: str
    document: str  # digits and letters; "" when it is unknown or masked

    @classmethod
    def of(cls, line: Line) -> "Subject":
        """Return the line made ready."""
        parts = (*line.description.split("\n"), line.name, line.reference)
        text = "\n".join(folded for part in parts if (folded := fold(part)))
        masked = "*" in line.document
        return cls(line, text, fold(line.name), "" if masked else _document(line.document))


Check = Callable[[Subject], bool]


@dataclass(frozen=True)
class Leaf:
    """One comparison. `value` is checked and has its JSON form."""

    field: str
    op: Op
    value: Any

    @cached_property
    def check(self) -> Check:
        """Return the comparison, made once."""
        return _CHECKS[self.field, self.op](self.value)

    def holds(self, subject: Subject) -> bool:
        """Return whether the line is like this."""
        return self.check(subject)

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"field": self.field, "op": self.op, "value": self.value}


@dataclass(frozen=True, slots=True)
class Group:
    """Several conditions of which all, or any one, must hold."""

    join: Literal["all", "any"]
    parts: tuple["Node", ...]

    def holds(self, subject: Subject) -> bool:
        """Return whether the line is like this."""
        found = (part.holds(subject) for part in self.parts)
        return all(found) if self.join == "all" else any(found)

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {self.join: [part.as_json() for part in self.parts]}


Node = Leaf | Group


def parse(value: Any) -> Node:
    """Return the condition that the JSON says, ready to be asked. Raises Unusable."""
    node = _node(value, 1)
    if sum(1 for _leaf in leaves(node)) > LEAVES:
        raise Unusable("too_many", str(LEAVES))
    return node


def leaves(node: Node) -> Iterator[Leaf]:
    """Yield every comparison of the condition."""
    if isinstance(node, Leaf):
        yield node
    else:
        for part in node.parts:
            yield from leaves(part)


def _node(value: Any, depth: int) -> Node:
    if depth > DEPTH:
        raise Unusable("too_deep", str(DEPTH))
    if not isinstance(value, Mapping):
        raise Unusable("not_a_node")
    for join in ("all", "any"):
        if set(value) == {join}:
            return _group(join, value[join], depth)
    if set(value) != {"field", "op", "value"}:
        raise Unusable("not_a_node")
    return _leaf(value["field"], value["op"], value["value"])


def _group(join: Literal["all", "any"], parts: Any, depth: int) -> Group:
    if not isinstance(parts, Sequence) or isinstance(parts, str) or not parts:
        raise Unusable("empty")
    if len(parts) > LEAVES:
        raise Unusable("too_many", str(LEAVES))
    return Group(join, tuple(_node(part, depth + 1) for part in parts))


def _leaf(field: Any, op: Any, value: Any) -> Leaf:
    if not isinstance(field, str) or field not in FORMS:
        raise Unusable("field", str(field)[:40])
    if op not in FORMS[field]:
        raise Unusable("op", field)
    leaf = Leaf(field, op, _VALUES[field, op](value))
    _ = leaf.check  # a pattern that cannot be compiled is known now, not in a run
    return leaf


# --- values --------------------------------------------------------------------------------------------------------------
def _accounts(value: Any) -> list[int]:
    good = isinstance(value, list) and 0 < len(value) <= VALUES
    if not good or not all(type(one) is int and 0 < one <= LARGEST for one in value):
        raise Unusable("accounts", str(VALUES))
    return sorted(set(value))


def _direction(value: Any) -> str:
    if value not in ("in", "out"):
        raise Unusable("direction")
    return str(value)


def _band(value: Any) -> dict[str, str | None]:
    if not isinstance(value, Mapping) or not value or set(value) - {"min", "max"}:
        raise Unusable("band")
    ends = {name: _amount(value.get(name)) for name in ("min", "max")}
    low, high = ends["min"], ends["max"]
    if (low is None and high is None) or (low is not None and high is not None and low > high):
        raise Unusable("band")
    return {name: None if end is None else str(end) for name, end in ends.items()}


def _amount(value: Any) -> Decimal | None:
    if value is None:
        return None
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,16}(\.[0-9]{1,2})?", value):
        raise Unusable("band")
    try:
        return Decimal(value).quantize(Decimal("0.01"))
    except InvalidOperation as error:
        raise Unusable("band") from error


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > TEXT or not fold(value) or "\x00" in value:
        raise Unusable("text", str(TEXT))
    if re.search("[\ud800-\udfff]", value):
        raise Unusable("text", str(TEXT))
    return value.strip()


def _pattern(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > TEXT or "\x00" in value:
        raise Unusable("text", str(TEXT))
    return value


def _documents(value: Any) -> list[str]:
    if not isinstance(value, list) or not 0 < len(value) <= VALUES:
        raise Unusable("documents", str(VALUES))
    if not all(isinstance(one, str) and len(one) <= 30 for one in value):
        raise Unusable("documents", str(VALUES))
    found = {_document(one) for one in value}
    if not all(re.fullmatch(r"[0-9A-Z]{8}|[0-9]{11}|[0-9A-Z]{12}[0-9]{2}", one) for one in found):
        raise Unusable("documents", str(VALUES))
    return sorted(found)


def _document(text: str) -> str:
    return re.sub(r"[^0-9A-Z]", "", text.upper())


_VALUES: Final[dict[tuple[str, Op], Callable[[Any], Any]]] = {
    ("account", "in"): _accounts,
    ("direction", "is"): _direction,
    ("amount", "between"): _band,
    ("text", "contains"): _text,
    ("text", "regex"): _pattern,
    ("party", "is"): _text,
    ("party", "contains"): _text,
    ("document", "in"): _documents,
}


# --- comparisons ---------------------------------------------------------------------------------------------------------
def _in_accounts(value: list[int]) -> Check:
    accounts = {str(one) for one in value}
    return lambda subject: subject.line.account in accounts


def _goes(value: str) -> Check:
    return lambda subject: subject.line.amount > 0 if value == "in" else subject.line.amount < 0


def _within(value: dict[str, str | None]) -> Check:
    low = Decimal(value["min"] or 0)
    high = None if value["max"] is None else Decimal(value["max"])
    return lambda subject: (
        low <= abs(subject.line.amount) and (high is None or abs(subject.line.amount) <= high)
    )


def _says(value: str) -> Check:
    wanted = fold(value)
    return lambda subject: wanted in subject.text


def _fits(value: str) -> Check:
    pattern = compiled(value)
    return lambda subject: pattern.search(subject.text) is not None


def _named(value: str) -> Check:
    wanted = fold(value)
    return lambda subject: subject.party == wanted


def _named_with(value: str) -> Check:
    wanted = fold(value)
    return lambda subject: wanted in subject.party


def _has_document(value: list[str]) -> Check:
    whole = {one for one in value if len(one) != 8}
    roots = {one for one in value if len(one) == 8}
    return lambda subject: (
        subject.document in whole or (len(subject.document) == 14 and subject.document[:8] in roots)
    )


def compiled(pattern: str) -> Any:
    """Return the pattern ready to search folded text. Raises Unusable, with RE2's words, when it has no such form."""
    options = re2.Options()
    options.case_sensitive = False
    options.never_capture = True
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        return re2.compile(f"(?m){_without_accents(pattern)}", options)
    except (re2.error, UnicodeEncodeError) as error:
        said = error.args[0] if error.args else ""
        words = said.decode(errors="replace") if isinstance(said, bytes) else ""
        raise Unusable("pattern", words[:100]) from error


def _without_accents(pattern: str) -> str:
    """Return the pattern as the folded text is written. Letters keep their case: `\\D` is not `\\d`."""
    return "".join(one if one.isascii() else fold(one) or one for one in pattern)


_CHECKS: Final[dict[tuple[str, Op], Callable[[Any], Check]]] = {
    ("account", "in"): _in_accounts,
    ("direction", "is"): _goes,
    ("amount", "between"): _within,
    ("text", "contains"): _says,
    ("text", "regex"): _fits,
    ("party", "is"): _named,
    ("party", "contains"): _named_with,
    ("document", "in"): _has_document,
}
