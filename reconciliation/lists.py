"""The queue and what was decided as lists: their columns, orders and filters, in the words of `ledger.lists`."""

import re
from functools import reduce
from operator import or_
from typing import Final

from django.db.models import Case, CharField, F, Q, When
from django.utils.translation import gettext_lazy as _

from ledger.lists.filters import Choice, ListSpec
from lib import documents, money
from lib.text import fold
from reconciliation.models import ClientMapping, Match, OpenLine

WORDS: Final = 6  # of a search; more only cost time
# Lines that count, that were not posted under another id, and of which the facts still say so (the queue may be a moment behind them).
OPEN: Final = Q(posted_as=None, transaction__void_at=None, transaction__ignored=False)
_TEXTS: Final = ("transaction__description", "transaction__counterparty_name", "transaction__name_override")


def _search(text: str) -> Q:
    """Return that every word stands somewhere in the line; or its exact amount, document or reference."""
    found = Q()
    for word in text.split()[:WORDS]:
        found &= reduce(or_, (Q(**{f"{column}__icontains": word}) for column in _TEXTS))
    return found | _amount(text) | _document(text) | Q(transaction__reference=text)


def _amount(text: str) -> Q:
    if not re.search(r"[.,]\d{2}$", text):
        return Q(pk__in=[])
    try:
        value = money.parse(text)
    except money.MoneyError:
        return Q(pk__in=[])
    return Q(amount__in=[value, -value])


def _document(text: str) -> Q:
    digits = documents.normalize(text)
    if len(digits) < 5 or not digits[:3].isdigit():
        return Q(pk__in=[])
    return Q(transaction__counterparty_document__contains=digits)


QUEUE: Final = ListSpec(
    name="queue",
    label=_("Open lines"),
    about=_("Bank lines that nobody has settled yet stand here, each with what it may have paid."),
    model=OpenLine,
    values=(
        "id",
        "transaction_id",
        "date",
        "amount",
        "currency",
        "verdict",
        "score",
        "judged_at",
        "waits_since",
        "since",
        "account_id",
        "account_name",
        "name",
        "document",
        "description",
        "reference",
        "operation",
        "status",
    ),
    annotations={
        "account_id": F("transaction__account_id"),
        "account_name": Case(
            When(transaction__account__name_override="", then=F("transaction__account__name")),
            default=F("transaction__account__name_override"),
            output_field=CharField(),
        ),
        "name": Case(
            When(transaction__name_override="", then=F("transaction__counterparty_name")),
            default=F("transaction__name_override"),
            output_field=CharField(),
        ),
        "document": F("transaction__counterparty_document"),
        "description": F("transaction__description"),
        "reference": F("transaction__reference"),
        "operation": F("transaction__operation"),
        "status": F("transaction__status"),
    },
    orders={
        "-date": (_("newest first"), ("-date", "-transaction_id")),
        "date": (_("oldest first"), ("date", "transaction_id")),
        "-amount": (_("largest first"), ("-amount", "-transaction_id")),
        "amount": (_("smallest first"), ("amount", "transaction_id")),
    },
    default_order="-date",
    date_column="date",
    amount_column="amount",
    choices=(
        Choice(
            "verdict",
            _("Verdict"),
            {
                "clear": (_("clear"), Q(verdict="clear")),
                "ambiguous": (_("ambiguous"), Q(verdict="ambiguous")),
                "none": (_("nothing found"), Q(verdict="none")),
                "unjudged": (_("not looked at yet"), Q(verdict="")),
            },
        ),
        Choice(
            "direction",
            _("Direction"),
            {"in": (_("in"), Q(amount__gt=0)), "out": (_("out"), Q(amount__lt=0))},
        ),
    ),
    ids={"account": lambda pk: Q(transaction__account_id=pk)},
    search=_search,
)

DECIDED: Final = ListSpec(
    name="decided",
    label=_("Decided matches"),
    about=_("What was settled, rejected or taken back stands here, the latest decision first."),
    model=Match,
    values=("id", "decided_at"),
    orders={"-decided": (_("newest first"), ("-decided_at", "-id"))},
    default_order="-decided",
    amount_column="amount",
    choices=(
        Choice(
            "status",
            _("Status"),
            {
                value: (Match.Status(value).label, Q(status=value))
                for value in ("confirmed", "rejected", "undone")
            },
            default="confirmed",
        ),
        Choice("kind", _("Kind"), {value: (label, Q(kind=value)) for value, label in Match.Kind.choices}),
        Choice(
            "origin", _("Made by"), {value: (label, Q(origin=value)) for value, label in Match.Origin.choices}
        ),
    ),
    ids={"run": lambda pk: Q(run_id=pk)},
)


def _search_payers(text: str) -> Q:
    """Return that every word stands in the payer's or the customer's name; or that a CPF or CNPJ of either holds the digits."""
    found = Q()
    for word in text.split()[:WORDS]:
        found &= (
            Q(payer_name__icontains=word)
            | Q(customer__name_folded__contains=fold(word))
            | Q(customer__name_override__icontains=word)
        )
    digits = documents.normalize(text)
    if len(digits) >= 5 and digits[:3].isdigit():
        found |= Q(payer_document__contains=digits) | Q(customer__document__contains=digits)
    return found


PAYERS: Final = ListSpec(
    name="payers",
    label=_("Known payers"),
    about=_("Who pays for whom: learned from what people confirmed, or said by a person."),
    model=ClientMapping,
    values=(
        "id", "payer_name", "payer_document", "name_key", "customer_id", "customer_name", "right", "wrong", "is_active", "by_person",
        "updated_at",
    ),
    annotations={
        "customer_name": Case(
            When(customer__name_override="", then=F("customer__name")),
            default=F("customer__name_override"),
            output_field=CharField(),
        )
    },
    orders={
        "-used": (_("last used first"), ("-updated_at", "-id")),
        "-right": (_("most often right first"), ("-right", "-id")),
        "-wrong": (_("most often wrong first"), ("-wrong", "-id")),
        "name": (_("by name"), ("payer_name", "id")),
    },
    default_order="-used",
    choices=(
        Choice(
            "state",
            _("State"),
            {"used": (_("in use"), Q(is_active=True)), "resting": (_("no longer used"), Q(is_active=False))},
            default="used",
        ),
        Choice(
            "origin",
            _("Known from"),
            {"person": (_("said by a person"), Q(by_person=True)), "learned": (_("learned"), Q(by_person=False))},
        ),
    ),
    ids={"customer": lambda pk: Q(customer_id=pk)},
    search=_search_payers,
)  # fmt: skip
