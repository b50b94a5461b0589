"""Conditions as a form has them: groups of comparisons, joined by AND or OR at both levels. No rule is decided here."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lib import documents, money
from reconciliation.rules import conditions
from reconciliation.rules.conditions import Group, Leaf, Node, Op

# What a person chooses, and the comparison that it is.
KINDS: Final[dict[str, tuple[str, Op, str | Promise]]] = {
    "text_contains": ("text", "contains", gettext_lazy("Text contains")),
    "text_regex": ("text", "regex", gettext_lazy("Text fits the pattern")),
    "party_contains": ("party", "contains", gettext_lazy("Name contains")),
    "party_is": ("party", "is", gettext_lazy("Name is")),
    "document_in": ("document", "in", gettext_lazy("CPF/CNPJ is one of")),
    "amount_between": ("amount", "between", gettext_lazy("Amount between")),
    "direction_is": ("direction", "is", gettext_lazy("Direction is")),
    "account_in": ("account", "in", gettext_lazy("Account is one of")),
}
_NAMES: Final = {(where, op): kind for kind, (where, op, _label) in KINDS.items()}
MOST: Final = 999  # the largest number that a name has room for
_PART: Final = re.compile(r"g(\d{1,3})-(?:join|c(\d{1,3})-kind)")


@dataclass(slots=True)
class Row:
    """One comparison as it is typed: of the values only those of its kind count."""

    kind: str = "text_contains"
    text: str = ""
    low: str = ""
    high: str = ""
    direction: str = "out"
    accounts: list[str] = field(default_factory=list)
    number: int = field(default=-1, compare=False)

    def as_json(self) -> dict[str, Any]:
        """Return the comparison. Raises ValidationError for an amount that is none; the rest is checked by `conditions`."""
        where, op, _label = KINDS[self.kind]
        return {"field": where, "op": op, "value": self._value(where)}

    def _value(self, where: str) -> Any:
        if where == "amount":
            return {"min": _amount(self.low), "max": _amount(self.high)}
        if where == "account":
            return [int(pk) for pk in self.accounts if pk.isascii() and pk.isdigit() and len(pk) < 19]
        if where == "direction":
            return self.direction
        return _several(self.text) if where == "document" else self.text


@dataclass(slots=True)
class Rows:
    """Comparisons of which all, or any one, must hold."""

    join: str = "all"
    rows: list[Row] = field(default_factory=lambda: [Row()])
    number: int = field(default=-1, compare=False)

    def as_json(self) -> dict[str, Any]:
        """Return the group; of a single comparison the comparison itself."""
        parts = [row.as_json() for row in self.rows]
        return parts[0] if len(parts) == 1 else {self.join: parts}


@dataclass(slots=True)
class Draft:
    """Groups of which all, or any one, must hold."""

    join: str = "any"
    groups: list[Rows] = field(default_factory=lambda: [Rows()])

    def as_json(self) -> dict[str, Any]:
        """Return the condition in its shortest form. Raises ValidationError."""
        parts = [group.as_json() for group in self.groups]
        return parts[0] if len(parts) == 1 else {self.join: parts}


def posted(data: QueryDict) -> Draft:
    """Return what the form holds, in the order of its numbers. A form that says nothing has one empty comparison."""
    found: dict[int, set[int]] = {}
    for name in data:
        part = _PART.fullmatch(name)
        if part:
            rows = found.setdefault(int(part[1]), set())
            rows |= {int(part[2])} if part[2] else set()
    groups = [
        Rows(_join(data.get(f"g{group}-join")), [_row(data, group, row) for row in sorted(rows)], group)
        for group, rows in sorted(found.items())
        if rows
    ]
    return Draft(_join(data.get("join"), "any"), groups) if groups else Draft()


def like(*, name: str, document: str, text: str, direction: str) -> Draft:
    """Return the draft of a rule for lines like one: of the same document, else name, else the words of its text; and of its direction."""
    plain = documents.normalize(document)
    words = " ".join(word for word in text.split() if not re.search(r"[\d*]", word))
    if documents.is_cpf(plain) or documents.is_cnpj(plain):
        who = Row("document_in", documents.pretty(plain))
    elif name.strip():
        who = Row("party_contains", name.strip()[: conditions.TEXT])
    else:
        who = Row("text_contains", (words or text)[: conditions.TEXT])
    return Draft("any", [Rows("all", [who, Row("direction_is", direction=direction)])])


def changed(draft: Draft, do: str) -> Draft:
    """Return the draft after a button of the form: `row-0` adds a comparison to the first group, `drop-0-1` takes one off, `group` adds a group."""
    word, *places = do.split("-")
    at = [int(place) for place in places if place.isascii() and place.isdigit() and len(place) < 4]
    named = [group for group in numbered(draft).groups if at and group.number == at[0]]
    if word == "group":
        draft.groups.append(Rows())
    elif word == "row" and len(at) == 1 and named:
        named[0].rows.append(Row())
    elif word == "drop" and len(at) == 2 and named:
        named[0].rows = [row for row in named[0].rows if row.number != at[1]]
        draft.groups = [group for group in draft.groups if group.rows] or [Rows()]
    return draft


def numbered(draft: Draft) -> Draft:
    """Return the draft with a number for each group and comparison that has none. A number stays with what it names whatever is taken off
    before it, so that a form that is drawn anew puts what was typed meanwhile where it belongs.
    """
    _count(draft.groups)
    for group in draft.groups:
        _count(group.rows)
    return draft


def _count(parts: Sequence[Row | Rows]) -> None:
    last = max((part.number for part in parts), default=-1)
    afresh = last + sum(part.number < 0 for part in parts) > MOST
    last = -1 if afresh else last
    for part in parts:
        if afresh or part.number < 0:
            last += 1
            part.number = last


def of(node: Node) -> Draft | None:
    """Return the draft of a condition, None when it is nested deeper than the form."""
    if isinstance(node, Leaf):
        return Draft("any", [Rows("all", [_typed(node)])])
    if all(isinstance(part, Leaf) for part in node.parts):
        return Draft(
            "any", [Rows(node.join, [_typed(part) for part in node.parts if isinstance(part, Leaf)])]
        )
    groups = []
    for part in node.parts:
        leaves = [part] if isinstance(part, Leaf) else [one for one in part.parts if isinstance(one, Leaf)]
        if isinstance(part, Group) and len(leaves) < len(part.parts):
            return None
        join = part.join if isinstance(part, Group) else "all"
        groups.append(Rows(join, [_typed(leaf) for leaf in leaves]))
    return Draft(node.join, groups)


def same(draft: Draft, stored: Any) -> bool:
    """Return whether the draft says what is stored, however that is written. Raises ValidationError, Unusable."""
    known = of(conditions.parse(stored))
    return known is not None and known.as_json() == conditions.parse(draft.as_json()).as_json()


def _join(value: str | None, default: str = "all") -> str:
    return value if value in ("all", "any") else default


def _row(data: Mapping[str, Any] | QueryDict, group: int, number: int) -> Row:
    prefix = f"g{group}-c{number}-"

    def text(name: str) -> str:
        return str(data.get(f"{prefix}{name}", "")).replace("\x00", "")

    kind = text("kind")
    accounts = data.getlist(f"{prefix}account") if isinstance(data, QueryDict) else []
    return Row(
        kind=kind if kind in KINDS else "text_contains",
        text=text("text"),
        low=text("min"),
        high=text("max"),
        direction="in" if text("direction") == "in" else "out",
        accounts=list(accounts),
        number=number,
    )


def _typed(leaf: Leaf) -> Row:
    """Return a comparison as a person would type it."""
    row, value = Row(_NAMES[leaf.field, leaf.op]), leaf.value
    if leaf.field == "amount":
        row.low, row.high = (_written(value[end]) for end in ("min", "max"))
    elif leaf.field == "account":
        row.accounts = [str(pk) for pk in value]
    elif leaf.field == "direction":
        row.direction = value
    else:
        row.text = ", ".join(documents.pretty(one) for one in value) if leaf.field == "document" else value
    return row


def _written(amount: str | None) -> str:
    if amount is None:
        return ""
    return formats.number_format(amount, decimal_pos=2, use_l10n=True, force_grouping=True)


def _amount(text: str) -> str | None:
    if not text.strip():
        return None
    try:
        return str(money.parse(text))
    except money.MoneyError as error:
        raise ValidationError(_("“%(value)s” is not an amount.") % {"value": text[:40]}) from error


def _several(text: str) -> list[str]:
    return [one for one in re.split(r"[,;\s]+", text) if one]
