"""What Pluggy's items and accounts mean."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ledger.drafts import AccountDraft, BankConnectionDraft
from sync.providers.base import Record, Unreadable
from sync.providers.pluggy import accounts, banks
from sync.providers.pluggy.tests import samples

D = Decimal
NOW = datetime(2026, 7, 14, 15, tzinfo=UTC)


def to_account(row: dict[str, Any]) -> AccountDraft:
    (draft,) = accounts.map_account(Record("account", row["id"], row), samples.CONTEXT)
    assert isinstance(draft, AccountDraft)
    return draft


def to_bank(**changes: Any) -> BankConnectionDraft:
    row = samples.item(**changes)
    (draft,) = banks.map_item(Record("item", row["id"], row), samples.CONTEXT)
    assert isinstance(draft, BankConnectionDraft)
    return draft


def state(draft: BankConnectionDraft) -> banks.BankState:
    return banks.bank_state(
        bank=draft.institution,
        status=draft.status,
        error_code=draft.error_code,
        consent_expires_at=draft.consent_expires_at,
        now=NOW,
    )


def test_a_checking_account() -> None:
    draft = to_account(samples.account(_connector={"name": "Itaú", "type": "BUSINESS_BANK"}))
    assert (draft.external_id, draft.bank_connection_external_id, draft.kind) == (
        samples.ACCOUNT,
        samples.ITEM,
        "checking",
    )
    assert (draft.bank_code, draft.branch, draft.number) == ("341", "0123", "12345-6")
    assert (draft.name, draft.institution, draft.owner, draft.document) == (
        "Conta Corrente",
        "Itaú",
        "EMPRESA EXEMPLO LTDA",
        samples.OWN,
    )
    assert (draft.balance, draft.currency) == (D("18432.77"), "BRL")
    assert draft.balance_at == datetime(2026, 7, 14, 9, 2, 40, 981000, tzinfo=UTC)


def test_what_a_card_owes_is_negative() -> None:
    draft = to_account(samples.card())
    assert (draft.kind, draft.number, draft.bank_code, draft.balance) == ("card", "7312", "", D("-2310.40"))
    assert (draft.credit_limit, draft.bill_due_date) == (D("30000.00"), date(2026, 8, 5))


@pytest.mark.parametrize(
    ("transfer", "number", "expected"),
    [("0341/0123/12345-6", "", ("341", "0123", "12345-6")), ("77/0001/1820467-2", "", ("077", "0001", "1820467-2")),
     ("0123/12345-6", "", ("", "0123", "12345-6")), (None, "0001/12345-0", ("", "0001", "12345-0")), ("", "12345-6", ("", "", "12345-6")),
     ("///", "", ("", "", "")), ("XYZ/1/2", "", ("", "1", "2"))],
)  # fmt: skip
def test_bank_branch_and_number_come_from_the_transfer_number(
    transfer: Any, number: str, expected: tuple[str, str, str]
) -> None:
    draft = to_account(samples.account(bankData={"transferNumber": transfer}, number=number))
    assert (draft.bank_code, draft.branch, draft.number) == expected


@pytest.mark.parametrize(
    ("changes", "kind"),
    [({"subtype": "SAVINGS_ACCOUNT"}, "savings"), ({"_connector": {"name": "X", "type": "PAYMENT_ACCOUNT"}}, "payment"),
     ({"type": "SOMETHING", "subtype": "NEW"}, "checking"), ({"subtype": "CREDIT_CARD"}, "card")],
)  # fmt: skip
def test_kinds_are_read_leniently(changes: dict[str, Any], kind: str) -> None:
    assert to_account(samples.account(**changes)).kind == kind


def test_what_a_bank_does_not_say_is_unknown() -> None:
    draft = to_account({"id": "a", "itemId": samples.ITEM, "type": "BANK", "subtype": "CHECKING_ACCOUNT"})
    assert (draft.balance, draft.balance_at, draft.document, draft.number, draft.currency) == (
        None,
        None,
        "",
        "",
        "BRL",
    )
    assert to_account(samples.account(taxNumber="***.444.777-**")).document == "***444777**"
    assert to_account(samples.account(taxNumber="12345")).document == ""
    assert to_account(samples.card(creditData={"balanceDueDate": "soon"})).bill_due_date is None


def test_a_balance_that_cannot_be_read_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="balance"):
        to_account(samples.account(balance="muito"))


def test_a_healthy_bank() -> None:
    draft = to_bank()
    assert (draft.external_id, draft.institution, draft.status, draft.error_code) == (
        samples.ITEM,
        "Itaú",
        "UPDATED",
        "",
    )
    assert draft.refreshed_at == datetime(2026, 7, 14, 9, 2, 40, 981000, tzinfo=UTC)
    assert draft.next_refresh_at == datetime(2026, 7, 15, 9, tzinfo=UTC)
    assert state(draft) == banks.BankState()


@pytest.mark.parametrize(
    ("changes", "needs_person"),
    [
        ({"status": "LOGIN_ERROR", "error": {"code": "INVALID_CREDENTIALS", "message": "Wrong"}}, True),
        ({"status": "LOGIN_ERROR", "error": {"code": "ACCOUNT_LOCKED", "message": "Locked"}}, True),
        ({"status": "LOGIN_ERROR", "error": None}, True),
        ({"status": "LOGIN_ERROR", "error": {"code": "A_CODE_OF_TOMORROW", "message": "?"}}, True),
        ({"status": "WAITING_USER_INPUT", "parameter": {"name": "token"}}, True),
        ({"status": "WAITING_USER_ACTION", "userAction": {"instructions": "Leia o QR", "type": "qr"}}, True),
        ({"status": "OUTDATED", "error": {"code": "USER_AUTHORIZATION_NOT_GRANTED", "message": "No"}}, True),
        ({"status": "OUTDATED", "error": None}, True),
        ({"status": "OUTDATED", "error": {"code": "SITE_NOT_AVAILABLE", "message": "Down"}}, False),
        ({"status": "LOGIN_ERROR", "error": {"code": "ALREADY_LOGGED_IN", "message": "Busy"}}, False),
        ({"consentExpiresAt": "2026-07-20T00:00:00.000Z"}, True),
        ({"consentExpiresAt": "2026-07-14T14:59:59.000Z"}, True),
        ({"consentExpiresAt": None}, False),
        ({"hasResourcesPendingAuthorization": True}, True),
        ({"status": "UPDATING"}, False),
        ({"status": "MERGING"}, False),
        ({"status": "A_STATUS_OF_TOMORROW"}, False),
    ],
)
def test_who_has_to_act(changes: dict[str, Any], needs_person: bool) -> None:
    assert state(to_bank(**changes)).needs_person is needs_person


def test_the_sentence_says_the_way_out() -> None:
    sentence = state(to_bank(consentExpiresAt=(NOW + timedelta(days=6, hours=1)).isoformat())).sentence
    assert str(sentence) == "The consent at Itaú ends in 6 days. Renew it to keep receiving its lines."


def test_what_the_bank_says_goes_before_what_pluggy_says() -> None:
    draft = to_bank(
        status="LOGIN_ERROR",
        error={"code": "INVALID_CREDENTIALS", "message": "Wrong", "providerMessage": "Senha bloqueada"},
    )
    assert (draft.error_code, draft.error_message) == ("INVALID_CREDENTIALS", "Senha bloqueada")
    draft = to_bank(status="WAITING_USER_ACTION", userAction={"instructions": "Leia o QR"})
    assert (draft.error_code, draft.error_message) == ("USER_ACTION", "Leia o QR")


def test_a_partial_success_names_its_warnings() -> None:
    detail = {
        "accounts": {"isUpdated": True, "warnings": []},
        "paymentData": {"isUpdated": False, "warnings": [{"code": "1", "message": "No payer data"}]},
        "loans": None,
    }
    draft = to_bank(executionStatus="PARTIAL_SUCCESS", statusDetail=detail)
    assert (draft.error_code, draft.error_message) == ("PARTIAL_SUCCESS", "No payer data")
    assert not state(draft).needs_person
    assert state(draft).sentence is not None


def test_texts_are_cut_to_their_columns() -> None:
    draft = to_bank(
        status="S" * 99, connector={"name": "N" * 999}, error={"code": "C" * 99, "message": "M" * 9999}
    )
    assert (len(draft.status), len(draft.institution), len(draft.error_code), len(draft.error_message)) == (
        30,
        120,
        60,
        500,
    )
