"""Facts. A column that a person edits (`*_override`, `ignored`, `note`) is written by no sync; what upstream says is edited by nobody."""

from ledger.models.account import Account, BankConnection
from ledger.models.customer import Customer
from ledger.models.export import Export
from ledger.models.open_item import OpenItem
from ledger.models.product import Product
from ledger.models.sale import Sale, SaleItem
from ledger.models.saved_view import SavedView
from ledger.models.source import Fact, Source
from ledger.models.transaction import Transaction

__all__ = [
    "Account",
    "BankConnection",
    "Customer",
    "Export",
    "Fact",
    "OpenItem",
    "Product",
    "Sale",
    "SaleItem",
    "SavedView",
    "Source",
    "Transaction",
]
