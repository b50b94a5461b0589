"""What Pluggy's transactions mean: sign, day, kind, counterparty, and what totals leave out."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ledger.drafts import TransactionDraft
from sync.providers.base import Context, Record, Unreadable
from sync.providers.pluggy.tests import samples
from sync.providers.pluggy.transactions import map_transaction

D = Decimal
END_TO_END = "E18236120202607141432aB3dE6gH9kL"


def to_line(row: dict[str, Any], context: Context = samples.CONTEXT) -> TransactionDraft:
    (draft,) = map_transaction(Record("transaction", row["id"], row), context)
    assert isinstance(draft, TransactionDraft)
    return draft


def bank(**changes: Any) -> TransactionDraft:
    return to_line(samples.line(**changes))


def card(**changes: Any) -> TransactionDraft:
    return to_line(samples.card_line(**changes))


def out(**changes: Any) -> TransactionDraft:
    """A line that leaves the account: the company pays."""
    data = samples.payment(payer=samples.COMPANY, receiver=samples.MARIA)
    return bank(
        **{
            "type": "DEBIT",
            "amount": D("-90.00"),
            "paymentData": data,
            "description": "Pix enviado",
            "descriptionRaw": "PIX ENVIADO MARIA",
            **changes,
        }
    )


def test_a_pix_that_arrives() -> None:
    draft = bank()
    assert (draft.external_id, draft.account_external_id) == ("0d9d6a7e-0001", samples.ACCOUNT)
    assert (draft.amount, draft.currency, draft.status, draft.nature, draft.operation) == (
        D("1250.00"),
        "BRL",
        "posted",
        "regular",
        "pix",
    )
    assert (draft.counterparty_name, draft.counterparty_document) == ("MARIA SOUZA", "11144477735")
    assert (draft.description, draft.description_raw) == (
        "Pix recebido Maria Souza",
        "PIX RECEBIDO MARIA SOUZA",
    )
    assert (draft.provider_id, draft.balance_after, draft.position) == ("f81c2b7a90", D("18432.77"), 3)
    assert draft.details == {"reason": "pedido 123", "operation_type": "PIX"}


@pytest.mark.parametrize(
    ("kind", "type_", "amount", "signed"),
    [("bank", "CREDIT", "100", "100"), ("bank", "DEBIT", "-100", "-100"), ("card", "DEBIT", "100", "-100"), ("card", "CREDIT", "-100", "100"),
     ("bank", "DEBIT", "100", "-100"), ("card", "DEBIT", "-100", "-100")],
)  # fmt: skip
def test_type_alone_gives_the_sign_on_every_account(kind: str, type_: str, amount: str, signed: str) -> None:
    draft = {"bank": bank, "card": card}[kind](type=type_, amount=D(amount))
    assert draft.amount == D(signed)


def test_without_a_type_the_sign_depends_on_the_kind_of_account() -> None:
    assert bank(type=None, amount=D("-10")).amount == D("-10")
    assert card(type="NEW", amount=D("10")).amount == D("-10")
    with pytest.raises(Unreadable, match="type"):
        bank(type=None, _account=None)


@pytest.mark.parametrize("amount", [None, "", "dez"])
def test_an_amount_that_cannot_be_read_is_unreadable_and_never_zero(amount: Any) -> None:
    with pytest.raises(Unreadable, match="amount"):
        bank(amount=amount)


@pytest.mark.parametrize(
    ("moment", "day", "posted_at"),
    [
        ("2026-07-14T03:00:00.000Z", date(2026, 7, 14), None),  # midnight in Brasília: only a day
        (
            "2026-07-14T00:00:00.000Z",
            date(2026, 7, 14),
            None,
        ),  # a day sent as UTC midnight, not 21:00 of the 13th
        ("2026-07-14", date(2026, 7, 14), None),
        ("2026-07-14T00:00:00", date(2026, 7, 14), None),
        ("2026-07-15T01:30:00.000Z", date(2026, 7, 14), datetime(2026, 7, 15, 1, 30, tzinfo=UTC)),
        ("2026-07-14T00:00:00.001Z", date(2026, 7, 13), datetime(2026, 7, 14, 0, 0, 0, 1000, tzinfo=UTC)),
        ("2026-07-14T15:00:00-03:00", date(2026, 7, 14), datetime(2026, 7, 14, 18, tzinfo=UTC)),
    ],
)
def test_the_business_day_of_an_instant(moment: str, day: date, posted_at: datetime | None) -> None:
    draft = bank(date=moment)
    assert (draft.date, draft.posted_at) == (day, posted_at)


def test_banks_keep_their_days_in_brasilia_also_for_a_company_further_west() -> None:
    context = Context(zone=ZoneInfo("America/Manaus"))
    assert to_line(samples.line(date="2026-07-14T03:00:00.000Z"), context).date == date(2026, 7, 14)
    assert to_line(samples.line(date="2026-07-15T03:30:00.000Z"), context).date == date(2026, 7, 14)


@pytest.mark.parametrize("moment", [None, "", "ontem"])
def test_a_line_without_a_readable_date_is_unreadable(moment: Any) -> None:
    with pytest.raises(Unreadable, match="date"):
        bank(date=moment)


@pytest.mark.parametrize(
    ("status", "ours"),
    [("POSTED", "posted"), (None, "posted"), ("PENDING", "pending"), ("A_WORD_OF_TOMORROW", "pending")],
)
def test_status(status: Any, ours: str) -> None:
    assert bank(status=status).status == ours


def test_the_counterparty_depends_on_the_direction() -> None:
    assert out().counterparty_name == "MARIA SOUZA"
    assert bank(paymentData=samples.payment(payer=None)).counterparty_document == ""


def test_payment_data_is_often_missing_on_pix_too_and_then_the_text_is_asked() -> None:
    draft = bank(
        paymentData=None,
        operationType=None,
        categoryId=None,
        descriptionRaw="PIX RECEBIDO - Cp :18236120-JOANA PRADO",
    )
    assert (draft.operation, draft.counterparty_name, draft.counterparty_document) == (
        "pix",
        "JOANA PRADO",
        "",
    )
    assert bank(paymentData=None, descriptionRaw=None).counterparty_name == "Maria Souza"


@pytest.mark.parametrize(
    ("written", "kept"),
    [("111.444.777-35", "11144477735"), ("***.444.777-**", "***444777**"), ("12.ABC.345/01DE-35", "12ABC34501DE35"), ("111.111.111-11", ""), ("123", "")],
)  # fmt: skip
def test_documents_are_right_or_masked_or_left_out(written: str, kept: str) -> None:
    assert (
        bank(
            paymentData=samples.payment(payer=samples.person("X", written)), descriptionRaw="PIX"
        ).counterparty_document
        == kept
    )


def test_the_merchant_stands_in_on_a_card() -> None:
    draft = card(
        merchant={
            "name": "Posto",
            "businessName": "Posto Centro Combustíveis Ltda",
            "cnpj": "11.222.333/0001-81",
        }
    )
    assert (draft.counterparty_name, draft.counterparty_document) == (
        "Posto Centro Combustíveis Ltda",
        samples.OWN,
    )
    assert draft.nature == "regular"


@pytest.mark.parametrize(
    ("method", "kind", "raw", "operation"),
    [("PIX", None, "", "pix"), ("TED", None, "", "ted"), ("DOC", None, "", "doc"), ("TEV", None, "", "transfer"), ("BOLETO", None, "", "boleto"),
     ("A_METHOD_OF_TOMORROW", "PIX", "", "pix"), (None, "TARIFA_SERVICOS_AVULSOS", "", "fee"), (None, "CONVENIO_ARRECADACAO", "", "boleto"),
     (None, "RENDIMENTO_APLIC_FINANCEIRA", "", "interest"), (None, "DEPOSITO", "", "cash"), (None, "OUTROS", "TARIFA PACOTE DE SERVICOS", "fee"),
     (None, None, "PIX ENVIADO JOANA", "pix"), (None, None, "ALGO", "other")],
)  # fmt: skip
def test_operations(method: Any, kind: Any, raw: str, operation: str) -> None:
    data = samples.payment(paymentMethod=method) if method else None
    assert (
        bank(
            paymentData=data,
            operationType=kind,
            descriptionRaw=raw or None,
            description="Algo",
            categoryId=None,
        ).operation
        == operation
    )


def test_lines_of_a_card_are_card_lines_and_fees() -> None:
    assert card().operation == "card"
    assert card(operationType="TARIFA", creditCardMetadata={"feeType": "ANNUAL_FEE"}).operation == "fee"
    assert card(operationType="PAGAMENTO").operation == "card"


@pytest.mark.parametrize(
    ("changes", "nature"),
    [
        ({"operationType": "PAGAMENTO_FATURA"}, "bill_payment"),
        ({"operationType": None, "categoryId": "05100000"}, "bill_payment"),
        (
            {
                "operationType": None,
                "categoryId": None,
                "description": "Pagamento recebido",
                "descriptionRaw": None,
            },
            "bill_payment",
        ),
        ({"operationType": "PAGAMENTO"}, "bill_payment"),
        ({"operationType": "ESTORNO"}, "regular"),
    ],
)
def test_a_payment_that_arrives_on_the_card(changes: dict[str, Any], nature: str) -> None:
    draft = card(
        **{"type": "CREDIT", "amount": D("-2310.40"), "categoryId": "0", "descriptionRaw": "X", **changes}
    )
    assert (draft.nature, draft.amount) == (nature, D("2310.40"))


def test_a_purchase_is_no_bill_payment() -> None:
    assert card(operationType="PAGAMENTO").nature == "regular"


@pytest.mark.parametrize(
    ("raw", "nature"),
    [("FATURA CARTAO FINAL 7312", "bill_payment"), ("GASTOS CARTAO DE CREDITO 7312", "bill_payment"), ("Pagto cartão crédito FINAL 4420", "bill_payment"),
     ("PAGAMENTO CARTAO DE DEBITO", "regular"), ("PAGAMENTO FATURA ENERGIA", "regular"), ("COMPRA CARTAO POSTO", "regular")],
)  # fmt: skip
def test_a_bill_payment_that_leaves_the_account_is_told_by_its_words(raw: str, nature: str) -> None:
    assert out(paymentData=None, operationType=None, categoryId=None, descriptionRaw=raw).nature == nature


def test_both_legs_of_a_bill_payment_are_left_out_of_totals() -> None:
    assert out(operationType="PAGAMENTO_FATURA", paymentData=None).nature == "bill_payment"
    assert (
        bank(descriptionRaw="VENDAS CARTAO FATURA", operationType=None, categoryId=None).nature == "regular"
    ), "money that comes in pays no bill"


def test_a_transfer_between_own_accounts() -> None:
    partner = samples.person("EMPRESA EXEMPLO", "11.222.333/0001-81")
    assert bank(paymentData=samples.payment(payer=partner)).nature == "own_transfer"
    assert out(paymentData=samples.payment(payer=samples.COMPANY, receiver=partner)).nature == "own_transfer"
    assert bank(_own=True).nature == "own_transfer"
    assert bank(paymentData=None, categoryId="04000000").nature == "own_transfer"
    assert (
        bank(
            paymentData=None, categoryId=None, operationType="TED", descriptionRaw="TED MESMA TITULARIDADE"
        ).nature
        == "own_transfer"
    )


def test_two_equal_documents_are_the_same_holder_also_when_the_companys_own_are_unknown() -> None:
    other = samples.person("OUTRA LTDA", "52.998.224/7250-00") | {
        "documentNumber": {"type": "CPF", "value": "529.982.247-25"}
    }
    row = samples.line(paymentData=samples.payment(payer=other, receiver=other))
    assert to_line(row, Context(zone=samples.CONTEXT.zone)).nature == "own_transfer"
    masked = samples.person("A", "***.444.777-**")
    assert bank(paymentData=samples.payment(payer=masked, receiver=masked)).nature == "regular", (
        "a mask proves nothing"
    )


def test_a_boleto_with_the_holder_on_both_sides_is_no_own_transfer() -> None:
    assert (
        out(
            paymentData=samples.payment(
                payer=samples.COMPANY, receiver=samples.COMPANY, paymentMethod="BOLETO"
            )
        ).nature
        == "regular"
    )


def test_an_end_to_end_id_is_told_by_its_form() -> None:
    draft = bank(
        paymentData=samples.payment(
            referenceNumber=END_TO_END, receiverReferenceId="PED000123abcdefghijklmnopq01"
        )
    )
    assert draft.reference == END_TO_END
    assert (draft.details["end_to_end_id"], draft.details["txid"]) == (
        END_TO_END,
        "PED000123abcdefghijklmnopq01",
    )
    assert (
        bank(paymentData=samples.payment(receiverReferenceId="PED1", referenceNumber="000123")).reference
        == "PED1"
    )
    plain = bank(paymentData=samples.payment(referenceNumber="000123"))
    assert (plain.reference, "end_to_end_id" in plain.details) == ("000123", False)
    assert (
        bank(paymentData=samples.payment(referenceNumber=END_TO_END.lower())).details.get("end_to_end_id")
        is None
    )


def test_a_boleto_keeps_its_amounts_in_the_details() -> None:
    paper = {
        "digitableLine": "34191",
        "barcode": "341981",
        "baseAmount": D("1500.00"),
        "interestAmount": 0,
        "penaltyAmount": D("30.00"),
        "discountAmount": None,
    }
    draft = out(
        paymentData=samples.payment(
            paymentMethod="BOLETO", payer=samples.COMPANY, receiver=samples.MARIA, boletoMetadata=paper
        )
    )
    assert draft.details["boleto"] == {
        "digitable_line": "34191",
        "barcode": "341981",
        "base_amount": "1500.00",
        "interest": "0",
        "penalty": "30.00",
    }


def test_card_instalments_stand_in_the_details() -> None:
    data = {
        "installmentNumber": 2, "totalInstallments": 10, "totalAmount": D("2100.00"), "purchaseDate": "2026-06-14T03:00:00.000Z", "billId": "bill-1",
        "billForecastDate": "2026-08", "cardNumber": "7312", "payeeMCC": "5541",
    }  # fmt: skip
    details = card(creditCardMetadata=data).details
    assert (
        details["instalment"],
        details["instalments"],
        details["purchase_total"],
        details["purchase_date"],
    ) == (2, 10, "2100.00", "2026-06-14")
    assert (details["bill_id"], details["bill_month"], details["card"], details["mcc"]) == (
        "bill-1",
        "2026-08",
        "7312",
        "5541",
    )


def test_a_foreign_purchase_counts_in_the_accounts_currency_where_it_was_converted() -> None:
    draft = card(currencyCode="USD", amount=D("20.00"), amountInAccountCurrency=D("108.00"))
    assert (draft.amount, draft.currency, draft.details["original"]) == (
        D("-108.00"),
        "BRL",
        {"amount": "20.00", "currency": "USD"},
    )
    unknown = card(currencyCode="USD", amount=D("20.00"), amountInAccountCurrency=None)
    assert (unknown.amount, unknown.currency, "original" in unknown.details) == (D("-20.00"), "USD", False)


def test_the_category_is_named_in_portuguese_where_upstream_translates_it() -> None:
    assert bank(_category="Transferência - PIX").category == "Transferência - PIX"
    assert bank().category == "Transfer - PIX"
    assert bank(category=None).category == ""


def test_nulls_and_nonsense_in_what_only_one_screen_shows_cost_nobody_the_line() -> None:
    bare = {
        "id": "x",
        "accountId": samples.ACCOUNT,
        "date": "2026-07-14T03:00:00.000Z",
        "description": "A",
        "currencyCode": "BRL",
        "amount": D(1),
        "type": "CREDIT",
    }
    draft = to_line(bare)
    assert (draft.amount, draft.status, draft.balance_after, draft.position, draft.details) == (
        D("1.00"),
        "posted",
        None,
        None,
        {},
    )
    odd = card(
        creditCardMetadata={"installmentNumber": "two", "totalInstallments": -1},
        order="first",
        merchant="none",
        paymentData=[],
    )
    assert (odd.position, "instalment" in odd.details, odd.counterparty_name) == (None, False, "")


def test_texts_are_cut_to_their_columns() -> None:
    draft = bank(
        description="D" * 999, descriptionRaw="R" * 999, providerId="P" * 999, category="C" * 999,
        paymentData=samples.payment(payer=samples.person("N" * 999, None), referenceNumber="F" * 999),
    )  # fmt: skip
    assert [
        len(text) for text in (draft.description, draft.description_raw, draft.provider_id, draft.category)
    ] == [255, 500, 120, 80]
    assert (len(draft.counterparty_name), len(draft.reference)) == (160, 80)


def test_a_stored_record_maps_like_a_fresh_one() -> None:
    fresh = samples.line(amount=D("1250.00"), order=3)
    stored = samples.line(amount=1250, order=D("3"), balance=D("18432.770"))
    assert to_line(fresh) == to_line(stored)
