"""What is unknown as null: the live service was seen to answer null where its published schema only says that a field is optional.

By default the sandbox leaves such fields out and so obeys the schema to the letter; the fault `nulls` switches to this form.
"""

from typing import Any, Final

_TRANSACTION: Final = (
    "descriptionRaw", "amountInAccountCurrency", "balance", "category", "categoryId", "providerCode", "providerId", "operationType",
    "operationTypeAdditionalInfo", "paymentData", "creditCardMetadata", "merchant", "order",
)  # fmt: skip
_ACCOUNT: Final = ("marketingName", "owner", "taxNumber", "bankData", "creditData")
_ITEM: Final = (
    "error",
    "statusDetail",
    "parameter",
    "userAction",
    "webhookUrl",
    "clientUserId",
    "nextAutoSyncAt",
    "consentExpiresAt",
)
_PAYMENT: Final = (
    "payer",
    "receiver",
    "reason",
    "referenceNumber",
    "receiverReferenceId",
    "paymentMethod",
    "authenticationCode",
    "boletoMetadata",
)


def fill_blanks(value: Any) -> Any:
    """Return an answer of Pluggy with null for every known optional field that it does not hold. Other answers come back unchanged."""
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("results"), list):
        return value | {"results": [fill_blanks(row) for row in value["results"]]}
    if "accountId" in value and "date" in value:
        filled = dict.fromkeys(_TRANSACTION) | value
        if filled["paymentData"]:
            filled["paymentData"] = dict.fromkeys(_PAYMENT) | filled["paymentData"]
        return filled
    if "subtype" in value:
        return dict.fromkeys(_ACCOUNT) | value
    return dict.fromkeys(_ITEM) | value if "executionStatus" in value else value
