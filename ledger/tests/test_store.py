"""Drafts become facts: links kept, lines replaced, nothing lost and nothing doubled."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DataError, IntegrityError

from ledger import drafts as d
from ledger import storing
from ledger.models import (
    Account,
    BankConnection,
    Customer,
    OpenItem,
    Product,
    Sale,
    SaleItem,
    Source,
    Transaction,
)
from ledger.services import Stored, store, void
from tests.cast import Cast
from tests.factories import DAY, make_account, make_source

Store = Callable[..., Stored]


@pytest.fixture
def source(cast: Cast) -> Source:
    """Aurora's ERP."""
    return make_source(cast.aurora)


@pytest.fixture
def put(source: Source) -> Store:
    """Store drafts of Aurora's ERP."""
    return lambda *drafts: store(tenant_id=source.tenant_id, source_id=source.pk, drafts=drafts)


def sale(external_id: str = "1042", **changes: Any) -> d.SaleDraft:
    """Return a sale to Maria with two lines."""
    values: dict[str, Any] = {
        "external_id": external_id,
        "number": external_id,
        "date": DAY,
        "customer_external_id": "33",
        "customer_name": "Maria Souza",
        "total": Decimal("150.00"),
        "items": (
            item("Banho", "100.00", product="s:1", kind="service"),
            item("Ração", "50.00", product="p:7"),
        ),
    }
    return d.SaleDraft(**(values | changes))


def item(name: str, total: str, *, product: str | None = None, kind: str = "goods") -> d.SaleItemDraft:
    """Return one line of quantity 1."""
    return d.SaleItemDraft(
        product_external_id=product,
        kind=kind,
        name=name,
        quantity=Decimal(1),
        unit_price=Decimal(total),
        total=Decimal(total),
    )


def receivable(external_id: str = "9001", **changes: Any) -> d.OpenItemDraft:
    """Return a receivable of Maria that names its sale by number."""
    values: dict[str, Any] = {
        "external_id": external_id,
        "direction": "receivable",
        "customer_external_id": "33",
        "counterparty_name": "Maria Souza",
        "sale_number": "1042",
        "due_date": DAY,
        "amount": Decimal("150.00"),
        "open_amount": Decimal("150.00"),
    }
    return d.OpenItemDraft(**(values | changes))


def bank_line(external_id: str = "t1", amount: str = "10.00", **changes: Any) -> d.TransactionDraft:
    """Return a bank line of account a1."""
    values: dict[str, Any] = {
        "external_id": external_id,
        "account_external_id": "a1",
        "date": DAY,
        "amount": Decimal(amount),
    }
    return d.TransactionDraft(**(values | changes))


def test_every_field_of_a_draft_is_a_column_or_a_reference() -> None:
    pairs = [
        (BankConnection, storing.BANK_CONNECTION),
        (Account, storing.ACCOUNT),
        (Customer, storing.CUSTOMER),
        (Product, storing.PRODUCT),
        (Sale, storing.SALE),
        (SaleItem, storing.SALE_ITEM),
        (Transaction, storing.TRANSACTION),
        (OpenItem, storing.OPEN_ITEM),
    ]
    for model, columns in pairs:
        assert {field.column for field in model._meta.concrete_fields} >= set(columns), model


def test_no_column_that_a_person_edits_is_written() -> None:
    own = {"note", "ignored", "edited_at", "name_override", "category_override"}
    written = {
        *storing.ACCOUNT,
        *storing.CUSTOMER,
        *storing.PRODUCT,
        *storing.SALE,
        *storing.TRANSACTION,
        *storing.OPEN_ITEM,
    }
    assert own & written == set()


def test_everything_of_a_page_at_once_in_any_order(put: Store, django_assert_max_num_queries: Any) -> None:
    drafts = (
        receivable(),
        bank_line(),
        sale(),
        d.AccountDraft(
            external_id="a1", bank_connection_external_id="b1", name="Conta", balance=Decimal("5.00")
        ),
        d.ProductDraft(external_id="p:7", name="Ração Premium", price=Decimal(50)),
        d.CustomerDraft(external_id="33", name="Maria Souza", document="52998224725"),
        d.BankConnectionDraft(external_id="b1", institution="Banco Azul", status="UPDATED"),
    )
    with django_assert_max_num_queries(32):
        stored = put(*drafts)
    assert {table: changes.inserted for table, changes in stored.by_table.items()} == {
        "bank_connections": 1,
        "accounts": 1,
        "customers": 1,
        "products": 2,  # Ração from the catalogue, Banho known from the sale only
        "sales": 1,
        "transactions": 1,
        "open_items": 1,
    }
    line = Transaction.objects.select_related("account__bank_connection").get()
    assert line.account.bank_connection is not None
    assert line.account.bank_connection.institution == "Banco Azul"
    due = OpenItem.objects.select_related("sale__customer").get()
    assert due.sale is not None and due.sale.customer == Customer.objects.get()  # noqa: PT018
    assert due.customer == due.sale.customer
    assert list(SaleItem.objects.order_by("position").values_list("product__name", "product__is_stub")) == [
        ("Banho", True),
        ("Ração Premium", False),
    ]


def test_the_same_again_writes_nothing(put: Store) -> None:
    drafts = (sale(), receivable(), bank_line())
    put(*drafts)
    stamps = list(Sale.objects.values_list("updated_at", flat=True))
    assert put(*drafts).changed == 0
    assert list(Sale.objects.values_list("updated_at", flat=True)) == stamps


def test_a_customer_known_from_a_sale_becomes_whole(put: Store) -> None:
    put(sale())
    stub = Customer.objects.get()
    assert (stub.name, stub.name_folded, stub.is_stub) == ("Maria Souza", "maria souza", True)
    put(d.CustomerDraft(external_id="33", name="Maria de Souza", city="Olinda"))
    stub.refresh_from_db()
    assert (stub.name, stub.city, stub.is_stub) == ("Maria de Souza", "Olinda", False)
    assert Sale.objects.get().customer == stub
    put(sale("1043", customer_name="Outra Grafia"))
    stub.refresh_from_db()
    assert stub.name == "Maria de Souza"


def test_a_name_is_not_lost_to_a_blank(put: Store) -> None:
    put(sale("1", customer_name=""), sale("2", customer_name="Maria Souza"))
    assert Customer.objects.get().name == "Maria Souza"


def test_a_line_of_an_account_not_told_of_yet_keeps_its_account(put: Store) -> None:
    put(bank_line())
    put(d.AccountDraft(external_id="a1", name="Conta corrente", currency="BRL"))
    assert Transaction.objects.get().account.name == "Conta corrente"
    assert Account.objects.count() == 1


class TestItems:
    def test_a_changed_line_is_written_and_the_others_are_not(self, put: Store):
        put(sale())
        before = dict(SaleItem.objects.values_list("position", "id"))
        lines = (item("Banho", "110.00", product="s:1", kind="service"), sale().items[1])
        put(sale(items=lines, total=Decimal("160.00")))
        assert dict(SaleItem.objects.values_list("position", "id")) == before
        assert SaleItem.objects.get(position=1).total == Decimal("110.00")

    def test_surplus_lines_go(self, put: Store):
        put(sale(), sale("1043"))
        stored = put(sale(items=sale().items[:1]))
        assert list(SaleItem.objects.filter(sale__number="1042").values_list("name", flat=True)) == ["Banho"]
        assert SaleItem.objects.filter(sale__number="1043").count() == 2
        assert stored.updated == 1

    def test_a_sale_whose_lines_alone_changed_counts_as_changed(self, put: Store):
        put(sale())
        Sale.objects.update(updated_at="2020-06-01T00:00Z")
        stored = put(sale(items=(*sale().items, item("Brinde", "0.00"))))
        assert stored.by_table["sales"].updated_ids == (Sale.objects.get().pk,)
        assert Sale.objects.get().updated_at.year > 2020

    def test_of_two_drafts_of_one_sale_the_last_one_brings_its_lines(self, put: Store):
        put(sale(), replace(sale(), items=sale().items[1:]))
        assert list(SaleItem.objects.values_list("position", "name")) == [(1, "Ração")]

    def test_a_line_without_a_product_stands_alone(self, put: Store):
        put(sale(items=(item("Taxa", "5.00"),)))
        assert SaleItem.objects.get().product is None
        assert Product.objects.count() == 0


class TestSaleOfAnOpenItem:
    def test_by_number(self, put: Store):
        put(sale(), receivable())
        assert OpenItem.objects.get().sale == Sale.objects.get()

    def test_upstreams_id_wins_over_the_number(self, put: Store):
        put(sale("1"), sale("2"), receivable(sale_external_id="2", sale_number="1"))
        assert OpenItem.objects.get().sale == Sale.objects.get(number="2")

    def test_of_two_sales_with_one_number_the_customers_own_is_meant(self, put: Store):
        put(
            sale("a", number="7"),
            sale("b", number="7", customer_external_id="34"),
            receivable(sale_number="7"),
        )
        assert OpenItem.objects.get().sale == Sale.objects.get(external_id="a")

    def test_between_equals_none_is_guessed(self, put: Store):
        put(sale("a", number="7"), sale("b", number="7"), receivable(sale_number="7"))
        assert OpenItem.objects.get().sale is None

    def test_a_sale_that_comes_later_is_found(self, put: Store):
        put(receivable("by number"), receivable("by id", sale_external_id="1042", sale_number=""))
        assert set(OpenItem.objects.values_list("sale", flat=True)) == {None}
        put(sale())
        assert set(OpenItem.objects.values_list("sale__number", flat=True)) == {"1042"}
        assert [due.details for due in OpenItem.objects.all()] == [{}, {}]
        drafts = receivable("by number"), receivable("by id", sale_external_id="1042", sale_number="")
        assert put(*drafts).changed == 0

    def test_a_sale_of_another_source_is_not_it(self, put: Store, cast: Cast):
        other = make_source(cast.aurora)
        store(tenant_id=cast.aurora.pk, source_id=other.pk, drafts=[sale()])
        put(receivable())
        assert OpenItem.objects.get().sale is None


class TestVoid:
    def test_marks_once_and_lives_again(self, put: Store, source: Source):
        put(bank_line("t1"), bank_line("t2"))
        names: Any = {"model": Transaction, "tenant_id": source.tenant_id, "source_id": source.pk}
        assert void(**names, external_ids=["t1", "unknown"]) == 1
        assert void(**names, external_ids=["t1"]) == 0
        assert list(Transaction.objects.filter(void_at=None).values_list("external_id", flat=True)) == ["t2"]
        assert put(bank_line("t1")).updated == 1
        assert Transaction.objects.filter(void_at=None).count() == 2

    def test_another_company_is_not_touched(self, put: Store, source: Source, cast: Cast):
        put(bank_line("t1"))
        assert (
            void(model=Transaction, tenant_id=cast.boreal.pk, source_id=source.pk, external_ids=["t1"]) == 0
        )


def test_two_companies_with_the_same_ids_do_not_meet(put: Store, cast: Cast) -> None:
    theirs = make_source(cast.boreal)
    put(sale(), receivable(), bank_line())
    store(
        tenant_id=cast.boreal.pk,
        source_id=theirs.pk,
        drafts=[sale(customer_name="João"), receivable(counterparty_name="João"), bank_line(amount="-3")],
    )
    for tenant, name in ((cast.aurora, "Maria Souza"), (cast.boreal, "João")):
        due = OpenItem.objects.get(tenant=tenant)
        assert due.sale is not None
        assert (due.sale.tenant, due.customer) == (tenant, Customer.objects.get(tenant=tenant))
        assert due.customer is not None
        assert due.customer.name == name
        assert SaleItem.objects.filter(tenant=tenant, sale=due.sale, product__tenant=tenant).count() == 2


def test_an_account_of_another_company_is_refused(put: Store, cast: Cast) -> None:
    theirs = make_account(cast.boreal)
    with pytest.raises(ValueError, match="not this company's"):
        put(bank_line(account_id=theirs.pk))
    assert not Transaction.objects.exists()


def test_a_chosen_account_wins(put: Store, cast: Cast) -> None:
    chosen = make_account(cast.aurora)
    put(bank_line(account_id=chosen.pk))
    assert Transaction.objects.get().account == chosen
    assert Account.objects.count() == 1


@pytest.mark.parametrize(
    ("draft", "error"),
    [
        (bank_line(currency="REAIS"), DataError),
        (receivable(amount=Decimal(-1), open_amount=Decimal(-1)), IntegrityError),
        (bank_line(amount="1e17"), DataError),
    ],
)
def test_what_does_not_fit_stores_nothing_of_the_call(
    put: Store, draft: d.Draft, error: type[Exception]
) -> None:
    with pytest.raises(error):
        put(sale(), bank_line("t0"), draft)
    assert not Sale.objects.exists()
    assert not Transaction.objects.exists()


def test_a_whole_year_goes_the_other_way(put: Store) -> None:
    drafts = [
        bank_line(f"t{n}", f"{n % 97 - 48}.25", date=DAY + timedelta(days=n % 365), details={"n": n})
        for n in range(1_500)
    ]
    assert put(*drafts).inserted == 1_501  # and the account
    assert put(*drafts).changed == 0
    assert Transaction.objects.get(external_id="t1499").details == {"n": 1499}
