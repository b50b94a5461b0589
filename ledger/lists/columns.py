"""The columns of each list that a person may hide; those that say what a row is always stay."""

from collections.abc import Mapping, Sequence
from typing import Final

from django.utils.translation import gettext_lazy as _

from ledger.lists.filters import Text

# (key in `data-column`, name), in the order of the table.
HIDEABLE: Final[Mapping[str, Sequence[tuple[str, Text]]]] = {
    "transactions": (("category", _("Category")), ("account", _("Account"))),
    "sales": (
        ("number", _("Number")),
        ("status", _("Status")),
        ("seller", _("Seller")),
        ("payment", _("Payment")),
    ),
    "customers": (
        ("document", "CPF/CNPJ"),
        ("phone", _("Phone")),
        ("email", _("E-mail")),
        ("city", _("City")),
    ),
    "products": (("code", _("Code")), ("group", _("Group")), ("stock", _("Stock")), ("cost", _("Cost"))),
    "open_items": (("description", _("Description")), ("status", _("Status")), ("amount", _("Amount"))),
}
