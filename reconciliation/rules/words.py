"""Conditions in words: what a rule says, and why a condition cannot be used."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lib import documents
from reconciliation.rules.conditions import Code, Leaf, Node, Unusable

_WORDS: Final[dict[Code, Promise]] = {
    "not_a_node": _("A condition is a comparison (field, op and value), or a list named “all” or “any”."),
    "empty": _("“all” and “any” need at least one condition."),
    "too_deep": _("Conditions may be nested %(detail)s deep at most."),
    "too_many": _("A rule may have %(detail)s comparisons at most."),
    "field": _("There is no field “%(detail)s” to compare."),
    "op": _("“%(detail)s” cannot be compared like this."),
    "text": _("Give a text of 1 to %(detail)s characters."),
    "pattern": _("This pattern cannot be used: %(detail)s"),
    "accounts": _("Give 1 to %(detail)s accounts."),
    "direction": _("The direction is “in” or “out”."),
    "band": _("Give amounts without a sign, such as 10.00; the lower one first, or only one of them."),
    "documents": _("Give 1 to %(detail)s CPFs or CNPJs, or the first 8 characters of a CNPJ for all its branches."),
}  # fmt: skip


# What RE2 says about a pattern, by how its message begins.
_PATTERNS: Final[tuple[tuple[str, Promise], ...]] = (
    (
        "invalid perl operator",
        _("looking ahead, looking behind and back-references do not exist here (%(part)s)."),
    ),
    ("invalid escape sequence", _("“%(part)s” means nothing here.")),
    ("missing )", _("a parenthesis is opened and not closed (%(part)s).")),
    ("missing closing )", _("a parenthesis is opened and not closed (%(part)s).")),
    ("unexpected )", _("a parenthesis is closed and was not opened (%(part)s).")),
    ("missing ]", _("a bracket is opened and not closed (%(part)s).")),
    ("missing closing ]", _("a bracket is opened and not closed (%(part)s).")),
    ("no argument for repetition", _("there is nothing to repeat before “%(part)s”.")),
    ("bad repetition", _("“%(part)s” repeats too often.")),
    ("invalid repetition", _("“%(part)s” repeats too often.")),
    ("invalid character class", _("“%(part)s” is no range of characters.")),
    ("trailing \\", _("it ends with a backslash that stands for nothing.")),
    ("pattern too large", _("it is too large. Split it into several rules.")),
)
_SAYS: Final[dict[tuple[str, str], Promise]] = {
    ("text", "contains"): _("text contains “%(value)s”"),
    ("text", "regex"): _("text fits the pattern “%(value)s”"),
    ("party", "contains"): _("name contains “%(value)s”"),
    ("party", "is"): _("name is “%(value)s”"),
    ("document", "in"): _("CPF/CNPJ is %(value)s"),
    ("account", "in"): _("account is %(value)s"),
}


def sentence(error: Unusable) -> str:
    """Return the sentence in the language of the request."""
    detail = _fault(error.detail) if error.code == "pattern" else error.detail
    return str(_WORDS[error.code]) % {"detail": detail}


def _fault(said: str) -> str:
    """Return what RE2 says about a pattern in our words; what has no words comes as it is."""
    for start, words in _PATTERNS:
        if said.startswith(start):
            return str(words) % {"part": said.partition(": ")[2].removeprefix("(?m)") or said}
    return said


def told(node: Node, accounts: Mapping[int, str], *, inside: bool = False) -> str:
    """Return the condition as a sentence without a capital: “text contains “tarifa” and (money out or …)”. `accounts`: names by id."""
    if isinstance(node, Leaf):
        return _leaf(node, accounts)
    joint = f" {gettext('and')} " if node.join == "all" else f" {gettext('or')} "
    text = joint.join(told(part, accounts, inside=True) for part in node.parts)
    return f"({text})" if inside and len(node.parts) > 1 else text


def _leaf(leaf: Leaf, accounts: Mapping[int, str]) -> str:
    value = leaf.value
    if leaf.field == "direction":
        return gettext("money comes in") if value == "in" else gettext("money goes out")
    if leaf.field == "amount":
        return _band(value["min"], value["max"])
    if leaf.field == "account":
        value = _either(accounts.get(pk, "?") for pk in value)
    elif leaf.field == "document":
        value = _either(documents.pretty(one) for one in value)
    return str(_SAYS[leaf.field, leaf.op]) % {"value": value}


def _either(values: Iterable[str]) -> str:
    return f" {gettext('or')} ".join(values)


def _band(low: str | None, high: str | None) -> str:
    said = {
        name: formats.number_format(Decimal(end), decimal_pos=2, use_l10n=True, force_grouping=True)
        for name, end in (("low", low), ("high", high))
        if end is not None
    }
    if low is None:
        return gettext("amount up to %(high)s") % said
    if high is None:
        return gettext("amount from %(low)s up") % said
    if low == high:
        return gettext("amount is %(low)s") % said
    return gettext("amount from %(low)s to %(high)s") % said
