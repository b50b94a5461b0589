"""The five lists."""

import re
from functools import reduce
from operator import or_
from typing import Final

from django.db.models import Case, CharField, Exists, F, OuterRef, Q, When
from django.db.models.expressions import Combinable
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ledger.lists.filters import Choice, ListSpec
from ledger.models import Customer, OpenItem, Product, Sale, SaleItem, Transaction
from lib import documents, money
from lib.text import fold

SEEN = Q(void_at=None)
NOTHING: Final = Q(pk__in=[])
WORDS: Final = 6  # of a search; more only cost time


def _either(override: str, column: str) -> Combinable:
    """Return what a person wrote, or else what upstream says."""
    return Case(When(**{override: ""}, then=F(column)), default=F(override), output_field=CharField())


def _choices(name: str, label: object, values: object) -> Choice:
    """Return a filter over a column's own choices."""
    return Choice(name, label, {value: (text, Q(**{name: value})) for value, text in values})  # type: ignore[arg-type, attr-defined]


def _everywhere(text: str, *columns: str) -> Q:
    """Return that every word stands in one of the columns, in any order: people remember a name and a surname, not the text."""
    found = Q()
    for word in text.split()[:WORDS]:
        found &= reduce(or_, (Q(**{f"{column}__icontains": word}) for column in columns))
    return found


def _amount(text: str, *columns: str) -> Q:
    """Return that an amount is this one, in or out; nothing when the text is no amount with cents."""
    if not re.search(r"[.,]\d{2}$", text):
        return NOTHING
    try:
        value = money.parse(text)
    except money.MoneyError:
        return NOTHING
    return reduce(or_, (Q(**{f"{column}__in": [value, -value]}) for column in columns))


def _document(text: str, column: str) -> Q:
    """Return that a CPF or CNPJ holds these digits; nothing for fewer than five, which would match by chance."""
    digits = documents.normalize(text)
    return Q(**{f"{column}__contains": digits}) if len(digits) >= 5 and digits[:3].isdigit() else NOTHING


def _in_transactions(text: str) -> Q:
    words = _everywhere(text, "description", "counterparty_name", "name_override", "shown_category", "note")
    return words | _amount(text, "amount") | _document(text, "counterparty_document") | Q(reference=text)


def _in_sales(text: str) -> Q:
    return Q(number=text) | _everywhere(text, "customer_name", "note") | _amount(text, "total")


def _in_customers(text: str) -> Q:
    return (
        _everywhere(fold(text), "name_folded")
        | _everywhere(text, "name_override", "note")
        | Q(email__icontains=text)
        | _document(text, "document")
    )


def _in_products(text: str) -> Q:
    named = _everywhere(fold(text), "name_folded") | _everywhere(text, "name_override", "note")
    return named | Q(code=text) | Q(barcode=text)


def _in_open_items(text: str) -> Q:
    words = _everywhere(text, "description", "counterparty_name", "shown_category", "note")
    return (
        Q(number=text)
        | words
        | _amount(text, "amount", "open_amount")
        | _document(text, "counterparty_document")
    )


def _with_product(pk: int) -> Exists:
    lines = SaleItem.objects.filter(tenant_id=OuterRef("tenant_id"), sale_id=OuterRef("pk"), product_id=pk)
    return Exists(lines)


NEWEST: Final = (_("newest first"), ("-date", "-id"))
OLDEST: Final = (_("oldest first"), ("date", "id"))
BY_NAME: Final = {
    "name": (_("A to Z"), ("name_folded", "id")),
    "-name": (_("Z to A"), ("-name_folded", "-id")),
    "-id": (_("newest first"), ("-id",)),
}
IN_USE: Final = Choice(
    "status",
    _("Status"),
    {
        "active": (_("active"), SEEN & Q(is_active=True)),
        "inactive": (_("inactive"), SEEN & Q(is_active=False)),
        "all": (_("all"), SEEN),
    },
    default="all",
)


def _by_amount(column: str) -> dict[str, tuple[Promise, tuple[str, ...]]]:
    """Return both orders by an amount; `column` is also their name in the URL."""
    return {
        f"-{column}": (_("largest first"), (f"-{column}", "-id")),
        column: (_("smallest first"), (column, "id")),
    }


TRANSACTIONS: Final = ListSpec(
    name="transactions",
    label=_("Transactions"),
    about=_(
        "Every line of your bank accounts and cards stands here. They come by themselves once a bank is connected, or from a statement that you import."
    ),
    model=Transaction,
    values=(
        "id",
        "date",
        "account_id",
        "account_name",
        "type",
        "amount",
        "currency",
        "status",
        "nature",
        "operation",
        "description",
        "shown_category",
        "shown_name",
        "counterparty_document",
        "ignored",
        "note",
        "void_at",
    ),
    annotations={
        "shown_category": _either("category_override", "category"),
        "shown_name": _either("name_override", "counterparty_name"),
        "account_name": Case(
            When(account__name_override="", then=F("account__name")),
            default=F("account__name_override"),
            output_field=CharField(),
        ),
    },
    orders={
        "-date": NEWEST,
        "date": OLDEST,
        **_by_amount("amount"),
    },
    default_order="-date",
    date_column="date",
    default_period="30d",
    amount_column="amount",
    choices=(
        _choices("type", _("Direction"), Transaction.Type.choices),
        Choice(
            "status",
            _("Status"),
            {
                "counted": (_("posted and counted"), SEEN & Q(status="posted", ignored=False)),
                "posted": (_("posted"), SEEN & Q(status="posted")),
                "pending": (_("pending"), SEEN & Q(status="pending")),
                "ignored": (_("ignored"), SEEN & Q(ignored=True)),
                "void": (_("void"), Q(void_at__isnull=False)),
                "all": (_("all"), SEEN),
            },
            default="all",
        ),
        _choices("operation", _("Operation"), Transaction.Operation.choices),
        _choices("nature", _("Nature"), Transaction.Nature.choices),
        Choice(
            "flow",
            _("Totals"),
            {"1": (_("counts as in or out"), SEEN & Q(status="posted", ignored=False, nature="regular"))},
        ),
    ),
    ids={"account": lambda pk: Q(account_id=pk)},
    words={"category": "shown_category"},
    search=_in_transactions,
)

SALES: Final = ListSpec(
    name="sales",
    label=_("Sales"),
    about=_(
        "What you sold stands here, as your ERP has it. No connection of this company has brought a sale yet."
    ),
    model=Sale,
    values=(
        "id",
        "date",
        "number",
        "kind",
        "customer_id",
        "customer_name",
        "status",
        "is_cancelled",
        "total",
        "discount",
        "currency",
        "seller",
        "store",
        "channel",
        "payment",
        "instalments",
        "ignored",
        "note",
        "void_at",
    ),
    orders={
        "-date": NEWEST,
        "date": OLDEST,
        **_by_amount("total"),
    },
    default_order="-date",
    date_column="date",
    default_period="30d",
    amount_column="total",
    choices=(
        _choices("kind", _("Kind"), Sale.Kind.choices),
        Choice(
            "status",
            _("Status"),
            {
                "counted": (_("counted"), SEEN & Q(is_cancelled=False, ignored=False)),
                "cancelled": (pgettext_lazy("sale", "cancelled"), SEEN & Q(is_cancelled=True)),
                "ignored": (pgettext_lazy("sale", "ignored"), SEEN & Q(ignored=True)),
                "void": (pgettext_lazy("sale", "void"), Q(void_at__isnull=False)),
                "all": (_("all"), SEEN),
            },
            default="all",
        ),
    ),
    ids={"customer": lambda pk: Q(customer_id=pk), "product": _with_product},
    words={"seller": "seller", "store": "store", "channel": "channel"},
    search=_in_sales,
)

CUSTOMERS: Final = ListSpec(
    name="customers",
    label=_("Customers"),
    about=_(
        "Who buys from you stands here, as your ERP has them. No connection of this company has brought a customer yet."
    ),
    model=Customer,
    values=(
        "id",
        "shown_name",
        "name_folded",
        "kind",
        "document",
        "email",
        "phone",
        "city",
        "state",
        "is_active",
        "is_stub",
        "note",
    ),
    annotations={"shown_name": _either("name_override", "name")},
    orders=BY_NAME,
    default_order="name",
    choices=(
        _choices("kind", _("Kind"), Customer.Kind.choices),
        IN_USE,
    ),
    words={"state": "state"},
    search=_in_customers,
)

PRODUCTS: Final = ListSpec(
    name="products",
    label=_("Products"),
    about=_(
        "The goods and services that you sell stand here, as your ERP has them. No connection of this company has brought a product yet."
    ),
    model=Product,
    values=(
        "id",
        "shown_name",
        "name_folded",
        "kind",
        "code",
        "group",
        "unit",
        "price",
        "cost",
        "stock",
        "is_active",
        "is_stub",
        "note",
    ),
    annotations={"shown_name": _either("name_override", "name")},
    orders=BY_NAME,
    default_order="name",
    choices=(
        _choices("kind", _("Kind"), Product.Kind.choices),
        IN_USE,
    ),
    words={"group": "group"},
    search=_in_products,
)

UNSETTLED: Final = Q(status__in=["open", "partial"])
OPEN_ITEMS: Final = ListSpec(
    name="open_items",
    label=_("Open items"),
    about=_(
        "What you have to receive and to pay stands here, as your ERP has it. No connection of this company has brought an open item yet."
    ),
    model=OpenItem,
    values=(
        "id",
        "direction",
        "status",
        "number",
        "description",
        "customer_id",
        "counterparty_name",
        "counterparty_document",
        "due_date",
        "paid_date",
        "amount",
        "paid_amount",
        "open_amount",
        "currency",
        "instalment",
        "instalments",
        "payment_method",
        "shown_category",
        "ignored",
        "note",
        "void_at",
    ),
    annotations={"shown_category": _either("category_override", "category")},
    orders={
        "due": (_("due first"), ("due_date", "id")),
        "-due": (_("due last"), ("-due_date", "-id")),
        **_by_amount("amount"),
    },
    default_order="due",
    date_column="due_date",
    amount_column="open_amount",
    choices=(
        _choices("direction", _("Direction"), OpenItem.Direction.choices),
        Choice(
            "status",
            _("Status"),
            {
                "unsettled": (_("open"), SEEN & UNSETTLED & Q(ignored=False)),
                "overdue": (
                    _("overdue"),
                    lambda today: SEEN & UNSETTLED & Q(ignored=False, due_date__lt=today),
                ),
                "partial": (_("partially paid"), SEEN & Q(status="partial")),
                "paid": (_("paid"), SEEN & Q(status="paid")),
                "cancelled": (_("cancelled"), SEEN & Q(status="cancelled")),
                "ignored": (_("ignored"), SEEN & Q(ignored=True)),
                "void": (_("void"), Q(void_at__isnull=False)),
                "all": (_("all"), SEEN),
            },
            default="unsettled",
        ),
    ),
    ids={"customer": lambda pk: Q(customer_id=pk)},
    words={"category": "shown_category", "payment": "payment_method"},
    search=_in_open_items,
)

LISTS: Final = {spec.name: spec for spec in (TRANSACTIONS, SALES, CUSTOMERS, PRODUCTS, OPEN_ITEMS)}
