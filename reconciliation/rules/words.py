"""Why a condition cannot be used, as people read it."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from reconciliation.rules.conditions import Code, Unusable

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
    "band": _("Give amounts without a sign as text, such as “10.00”; the lower one first, or only one of them."),
    "documents": _("Give 1 to %(detail)s CPFs or CNPJs, or the first 8 characters of a CNPJ for all its branches."),
}  # fmt: skip


def sentence(error: Unusable) -> str:
    """Return the sentence in the language of the request."""
    return str(_WORDS[error.code]) % {"detail": error.detail}
