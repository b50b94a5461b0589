"""Drafts: what a mapper makes of an upstream record, and what `ledger.services.store` takes. Pure data, no Django.

References are upstream's own ids (`*_external_id`), resolved inside the same source when stored. Amounts follow the ledger's sign
(positive is money in, negative money out); None is unknown. The names of the fields are the columns of the ledger.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BankConnectionDraft:
    external_id: str
    institution: str
    status: str
    error_code: str = ""
    error_message: str = ""
    consent_expires_at: datetime | None = None
    refreshed_at: datetime | None = None
    next_refresh_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDraft:
    external_id: str
    bank_connection_external_id: str | None = None
    kind: str = "checking"
    name: str = ""
    institution: str = ""
    bank_code: str = ""
    branch: str = ""
    number: str = ""
    owner: str = ""
    document: str = ""
    currency: str = "BRL"
    balance: Decimal | None = None
    balance_at: datetime | None = None
    credit_limit: Decimal | None = None
    bill_due_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionDraft:
    """`account_id` wins over `account_external_id`: files are imported into an account that a person chose."""

    external_id: str
    account_external_id: str = ""
    account_id: int | None = None
    date: date
    posted_at: datetime | None = None
    amount: Decimal
    currency: str = "BRL"
    status: str = "posted"
    nature: str = "regular"
    operation: str = "other"
    description: str = ""
    description_raw: str = ""
    category: str = ""
    counterparty_name: str = ""
    counterparty_document: str = ""
    reference: str = ""
    provider_id: str = ""
    balance_after: Decimal | None = None
    position: int | None = None
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerDraft:
    external_id: str
    kind: str = "person"
    name: str
    legal_name: str = ""
    document: str = ""
    email: str = ""
    phone: str = ""
    city: str = ""
    state: str = ""
    is_active: bool = True
    registered_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductDraft:
    external_id: str
    kind: str = "goods"
    code: str = ""
    barcode: str = ""
    name: str
    group: str = ""
    unit: str = ""
    price: Decimal | None = None
    cost: Decimal | None = None
    stock: Decimal | None = None
    is_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleItemDraft:
    """`kind` tells which catalogue the product id belongs to, for a product that is only known from this line."""

    product_external_id: str | None = None
    kind: str = "goods"
    name: str
    unit: str = ""
    quantity: Decimal
    unit_price: Decimal
    unit_cost: Decimal | None = None
    discount: Decimal = ZERO
    total: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleDraft:
    external_id: str
    kind: str = "product"
    number: str = ""
    date: date
    customer_external_id: str | None = None
    customer_name: str = ""
    status: str = ""
    is_cancelled: bool = False
    total: Decimal
    discount: Decimal = ZERO
    freight: Decimal = ZERO
    cost: Decimal | None = None
    currency: str = "BRL"
    seller: str = ""
    store: str = ""
    channel: str = ""
    payment: str = ""
    instalments: int = 1
    items: tuple[SaleItemDraft, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItemDraft:
    """`sale_number` finds the sale when upstream names it only in words; `sale_external_id` wins where it is known."""

    external_id: str
    direction: str
    status: str = "open"
    number: str = ""
    description: str = ""
    customer_external_id: str | None = None
    counterparty_name: str = ""
    counterparty_document: str = ""
    sale_external_id: str | None = None
    sale_number: str = ""
    instalment: int | None = None
    instalments: int | None = None
    issue_date: date | None = None
    due_date: date
    paid_date: date | None = None
    amount: Decimal
    interest: Decimal = ZERO
    discount: Decimal = ZERO
    fee: Decimal = ZERO
    paid_amount: Decimal = ZERO
    open_amount: Decimal
    currency: str = "BRL"
    payment_method: str = ""
    category: str = ""
    cost_center: str = ""
    account_name: str = ""
    store: str = ""
    details: dict[str, Any] = field(default_factory=dict)


Draft = (
    BankConnectionDraft
    | AccountDraft
    | TransactionDraft
    | CustomerDraft
    | ProductDraft
    | SaleDraft
    | OpenItemDraft
)
