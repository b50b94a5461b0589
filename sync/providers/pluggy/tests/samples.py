"""Records as Pluggy answers them, with invented people. Each function takes what a test wants to be different."""

from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sync.providers.base import Context

OWN = "11222333000181"
CONTEXT = Context(zone=ZoneInfo("America/Sao_Paulo"), own_documents=frozenset({OWN}))
ITEM, ACCOUNT, CARD = "b2c6f1d0-0001", "6f0f7a52-0001", "6f0f7a52-0002"


def item(**changes: Any) -> dict[str, Any]:
    return {
        "id": ITEM, "connector": {"id": 601, "name": "Itaú", "type": "BUSINESS_BANK", "isOpenFinance": True}, "status": "UPDATED",
        "executionStatus": "SUCCESS", "error": None, "statusDetail": None, "parameter": None, "userAction": None, "clientUserId": "tenant-42",
        "createdAt": "2026-05-02T13:00:11.120Z", "updatedAt": "2026-07-14T09:02:40.981Z", "lastUpdatedAt": "2026-07-14T09:02:40.981Z",
        "nextAutoSyncAt": "2026-07-15T09:00:00.000Z", "consentExpiresAt": "2027-05-02T13:00:11.120Z", "consecutiveFailedLoginAttempts": 0, **changes,
    }  # fmt: skip


def account(**changes: Any) -> dict[str, Any]:
    return {
        "id": ACCOUNT, "itemId": ITEM, "type": "BANK", "subtype": "CHECKING_ACCOUNT", "number": "12345-6", "name": "Conta Corrente", "marketingName": None,
        "owner": "EMPRESA EXEMPLO LTDA", "taxNumber": "11.222.333/0001-81", "balance": Decimal("18432.77"), "currencyCode": "BRL",
        "bankData": {"transferNumber": "341/0123/12345-6", "closingBalance": Decimal("18432.77")}, "creditData": None,
        "createdAt": "2026-05-02T13:00:11.120Z", "updatedAt": "2026-07-14T09:02:40.981Z", **changes,
    }  # fmt: skip


def card(**changes: Any) -> dict[str, Any]:
    return account(
        **{
            "id": CARD, "type": "CREDIT", "subtype": "CREDIT_CARD", "number": "7312", "name": "Visa Empresas", "balance": Decimal("2310.40"), "bankData": None,
            "creditData": {"brand": "VISA", "balanceDueDate": "2026-08-05T03:00:00.000Z", "creditLimit": 30000, "status": "ACTIVE"}, **changes,
        }
    )  # fmt: skip


def person(name: str, document: str | None, **changes: Any) -> dict[str, Any]:
    number = (
        None if document is None else {"type": "CPF" if len(document) < 18 else "CNPJ", "value": document}
    )
    return {
        "documentNumber": number,
        "name": name,
        "branchNumber": "0001",
        "accountNumber": "998877-1",
        "routingNumber": "260",
        **changes,
    }


COMPANY = person("EMPRESA EXEMPLO LTDA", "11.222.333/0001-81", routingNumber="341", accountNumber="12345-6")
MARIA = person("MARIA SOUZA", "111.444.777-35")


def payment(**changes: Any) -> dict[str, Any]:
    return {
        "payer": MARIA, "receiver": COMPANY, "paymentMethod": "PIX", "reason": "pedido 123", "referenceNumber": None, "receiverReferenceId": None,
        "authenticationCode": None, "boletoMetadata": None, **changes,
    }  # fmt: skip


def line(**changes: Any) -> dict[str, Any]:
    return {
        "id": "0d9d6a7e-0001", "accountId": ACCOUNT, "date": "2026-07-14T03:00:00.000Z", "description": "Pix recebido Maria Souza",
        "descriptionRaw": "PIX RECEBIDO MARIA SOUZA", "amount": Decimal("1250.00"), "amountInAccountCurrency": None, "currencyCode": "BRL",
        "type": "CREDIT", "status": "POSTED", "balance": Decimal("18432.77"), "category": "Transfer - PIX", "categoryId": "05070000", "providerCode": None,
        "providerId": "f81c2b7a90", "operationType": "PIX", "operationTypeAdditionalInfo": None, "order": 3, "paymentData": payment(),
        "creditCardMetadata": None, "merchant": None, "createdAt": "2026-07-14T15:32:10.000Z", "updatedAt": "2026-07-14T15:32:10.000Z",
        "_account": {"type": "BANK", "subtype": "CHECKING_ACCOUNT", "currencyCode": "BRL"}, **changes,
    }  # fmt: skip


def card_line(**changes: Any) -> dict[str, Any]:
    return line(
        **{
            "accountId": CARD, "description": "Posto Centro", "descriptionRaw": "POSTO CENTRO", "amount": Decimal("210.00"), "type": "DEBIT", "balance": None,
            "category": "Gas stations", "categoryId": "19050000", "operationType": "COMPRA", "paymentData": None,
            "_account": {"type": "CREDIT", "subtype": "CREDIT_CARD", "currencyCode": "BRL"}, **changes,
        }
    )  # fmt: skip
