"""Items and accounts as Pluggy writes them. A field that the published schema does not let be null is left out while it is unknown."""

from datetime import date, timedelta
from typing import Any

from sync.sandbox.clock import local_instant
from sync.sandbox.companies import AccountSpec, Company
from sync.sandbox.generator.documents import punctuate
from sync.sandbox.pluggy.connectors import BY_ID

PRODUCTS = ["ACCOUNTS", "CREDIT_CARDS", "TRANSACTIONS", "PAYMENT_DATA"]


def make_item(item_id: str, connector_id: int, *, stamp: str, next_sync: str, client_user_id: str | None, webhook_url: str | None,
              consent: str | None) -> dict[str, Any]:  # fmt: skip
    """Return an item that was updated without trouble. `consent` is the day (text) when an Open Finance consent ends."""
    item: dict[str, Any] = {
        "id": item_id, "connector": BY_ID[connector_id], "status": "UPDATED", "executionStatus": "SUCCESS", "createdAt": stamp, "updatedAt": stamp,
        "lastUpdatedAt": stamp, "nextAutoSyncAt": next_sync, "consecutiveFailedLoginAttempts": 0, "products": PRODUCTS,
    }  # fmt: skip
    if client_user_id:
        item["clientUserId"] = client_user_id
    if webhook_url:
        item["webhookUrl"] = webhook_url
    if consent:
        item |= {
            "consentExpiresAt": consent,
            "hasResourcesPendingAuthorization": False,
            "resourcesCollectedAt": stamp,
        }
    return item


def make_account(
    account_id: str,
    item_id: str,
    spec: AccountSpec,
    company: Company,
    cents: int,
    stamp: str,
    today: date,
    scale: float,
) -> dict[str, Any]:
    """Return an account or card. `cents` is its balance; on a card what is owed."""
    account: dict[str, Any] = {
        "id": account_id, "itemId": item_id, "type": "CREDIT" if spec.kind == "card" else "BANK",
        "subtype": "CREDIT_CARD" if spec.kind == "card" else "CHECKING_ACCOUNT", "number": spec.number, "name": spec.name,
        "owner": company.legal_name, "taxNumber": punctuate(company.document), "balance": cents / 100, "currencyCode": "BRL",
        "createdAt": stamp, "updatedAt": stamp,
    }  # fmt: skip
    if spec.kind == "card":
        limit = max(500_000, int(6_000_000 * scale))
        closes = (
            (today.replace(day=1) + timedelta(days=24))
            if today.day <= 25
            else (today.replace(day=28) + timedelta(days=4)).replace(day=25)
        )
        due = (closes.replace(day=28) + timedelta(days=4)).replace(day=5)
        account |= {"marketingName": spec.name, "creditData": {
            "level": "BUSINESS", "brand": "VISA", "balanceCloseDate": local_instant(closes, 0), "balanceDueDate": local_instant(due, 0),
            "availableCreditLimit": (limit - cents) / 100, "creditLimit": limit / 100, "minimumPayment": round(max(0, cents) * 0.15) / 100,
            "balanceForeignCurrency": 0, "isLimitFlexible": False, "status": "ACTIVE", "holderType": "MAIN",
        }}  # fmt: skip
    else:
        account["bankData"] = {
            "transferNumber": f"{spec.bank}/{spec.branch}/{spec.number}", "closingBalance": cents / 100, "automaticallyInvestedBalance": 0,
            "overdraftContractedLimit": 20_000, "overdraftUsedLimit": 0, "unarrangedOverdraftAmount": 0,
        }  # fmt: skip
    return account
