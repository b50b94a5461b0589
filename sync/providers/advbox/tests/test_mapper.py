"""What Advbox's records mean, quirk by quirk."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from ledger.drafts import CustomerDraft, OpenItemDraft
from sync.providers.advbox import mapper
from sync.providers.advbox.tests import samples
from sync.providers.base import Record, Unreadable

D = Decimal


def to_customer(**changes: Any) -> CustomerDraft:
    row = samples.customer(**changes)
    (draft,) = mapper.map_customer(Record("customer", mapper.customer_key(row), row), samples.CONTEXT)
    assert isinstance(draft, CustomerDraft)
    return draft


def to_title(**changes: Any) -> OpenItemDraft:
    (draft,) = mapper.map_transaction(
        Record("transaction", "771903", samples.entry(**changes)), samples.CONTEXT
    )
    assert isinstance(draft, OpenItemDraft)
    return draft


def test_income_is_a_receivable() -> None:
    draft = to_title()
    assert (draft.external_id, draft.direction, draft.status, draft.due_date) == (
        "771903",
        "receivable",
        "open",
        date(2026, 7, 14),
    )
    assert (draft.amount, draft.open_amount, draft.paid_amount, draft.paid_date) == (
        D("1250.00"),
        D("1250.00"),
        D(0),
        None,
    )
    assert (draft.description, draft.instalment, draft.instalments) == ("HONORÁRIOS PARCELA 2/6", 2, 6)
    assert (draft.customer_external_id, draft.counterparty_name, draft.counterparty_document) == (
        "doc:11144477735",
        "Maria Souza",
        "11144477735",
    )
    assert (draft.category, draft.cost_center, draft.account_name) == ("HONORÁRIOS", "ESCRITÓRIO", "ITAÚ")
    assert draft.details == {
        "accrual_month": "2026-07", "lawsuit_id": "90133", "process_number": "5001234-56.2026.4.04.7000", "responsible": "ANA LIMA",
    }  # fmt: skip


def test_expense_is_a_payable_and_its_customer_is_not_who_is_paid() -> None:
    draft = to_title(entry_type="expense", description="CUSTAS INICIAIS", date_payment="2026-07-15")
    assert (draft.direction, draft.status, draft.paid_date) == ("payable", "paid", date(2026, 7, 15))
    assert (draft.amount, draft.paid_amount, draft.open_amount) == (D("-1250.00"), D("-1250.00"), D(0))
    assert draft.customer_external_id is None


def test_the_direction_stands_under_either_of_two_names() -> None:
    row = samples.entry(type="expense")
    del row["entry_type"]
    (draft,) = mapper.map_transaction(Record("transaction", "1", row), samples.CONTEXT)
    assert isinstance(draft, OpenItemDraft)
    assert draft.direction == "payable"


@pytest.mark.parametrize("word", ["", None, "transfer"])
def test_an_entry_without_a_known_direction_is_unreadable(word: Any) -> None:
    with pytest.raises(Unreadable, match="entry_type"):
        to_title(entry_type=word)


@pytest.mark.parametrize(
    ("written", "amount"),
    [(D("1234.5"), "1234.50"), (1234, "1234.00"), ("1234.5", "1234.50"), ("1.234,50", "1234.50"), ("1234,50", "1234.50"), ("R$ 1.234,50", "1234.50"), ("0", "0.00")],
)  # fmt: skip
def test_amounts_are_numbers_or_text_in_either_style(written: Any, amount: str) -> None:
    assert to_title(amount=written).amount == D(amount)


@pytest.mark.parametrize("written", [None, "", " ", "a combinar", "-10,00", D("-1"), "NaN", True, [1]])
def test_an_amount_that_cannot_be_read_is_unreadable_and_never_zero(written: Any) -> None:
    with pytest.raises(Unreadable, match="amount"):
        to_title(amount=written)


@pytest.mark.parametrize("value", [None, "", "14/07/2026"])
def test_an_entry_without_a_readable_due_date_is_unreadable(value: Any) -> None:
    with pytest.raises(Unreadable, match="date_due"):
        to_title(date_due=value)


@pytest.mark.parametrize("value", [None, ""])
def test_an_empty_payment_date_is_open(value: Any) -> None:
    assert to_title(date_payment=value).status == "open"


def test_a_customer_is_known_by_document_here_and_on_entries() -> None:
    assert (
        to_customer().external_id
        == to_title(identification="11144477735").customer_external_id
        == "doc:11144477735"
    )


def test_a_customer_without_a_right_document_is_known_by_id_and_an_entry_by_name() -> None:
    assert to_customer(identification="").external_id == "48211"
    assert to_customer(identification="000.000.000-00").external_id == "48211"
    draft = to_title(identification=None, name="Maria  SOUZA")
    assert (draft.customer_external_id, draft.counterparty_document) == ("name:maria souza", "")
    assert to_title(identification=None, name=None).customer_external_id is None


def test_a_masked_document_is_kept_but_identifies_nobody() -> None:
    draft = to_title(identification="***.444.777-**")
    assert (draft.counterparty_document, draft.customer_external_id) == ("***444777**", "name:maria souza")


def test_a_customer() -> None:
    draft = to_customer(created_at="2026-02-03", city="Curitiba", state="pr")
    assert (draft.kind, draft.name, draft.document, draft.email, draft.phone) == (
        "person", "Maria Souza", "11144477735", "maria@exemplo.com.br", "(41) 99999-0000",
    )  # fmt: skip
    assert (draft.city, draft.state, draft.registered_at) == (
        "Curitiba",
        "PR",
        datetime(2026, 2, 3, 3, tzinfo=UTC),
    )


def test_a_company_and_a_customer_with_nothing_but_a_name() -> None:
    assert to_customer(identification="11222333000181").kind == "company"
    bare = to_customer(
        identification=None, email=None, cellphone=None, phone="(11) 3333-0000", state="Paraná"
    )
    assert (bare.kind, bare.document, bare.email, bare.phone, bare.state, bare.registered_at) == (
        "person",
        "",
        "",
        "(11) 3333-0000",
        "",
        None,
    )


def test_a_nameless_customer_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="name"):
        to_customer(name="")


def test_texts_are_cut_to_their_columns() -> None:
    draft = to_title(description="D" * 999, name="N" * 999, category="C" * 999, identification=None)
    assert (len(draft.description), len(draft.counterparty_name), len(draft.category)) == (255, 160, 120)
    assert draft.customer_external_id is not None
    assert len(draft.customer_external_id) <= 160
