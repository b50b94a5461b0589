"""How a bank connection is doing, and whether a person has to act. A bank that is in trouble does not stop the others."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from ledger.drafts import BankConnectionDraft, Draft
from sync.providers import payload as read
from sync.providers.base import Context, Record
from sync.providers.payload import Payload
from sync.providers.statement import Sentence

RENEW_AHEAD: Final = timedelta(days=15)
# Upstream tries these again by itself; every other error code waits for a person.
PASSING: Final = frozenset(
    {"SITE_NOT_AVAILABLE", "CONNECTION_ERROR", "UNEXPECTED_ERROR", "ALREADY_LOGGED_IN"}
)
PENDING_AUTHORIZATION: Final = "PENDING_AUTHORIZATION"
PARTIAL: Final = "PARTIAL_SUCCESS"
_WAITING: Final = frozenset({"WAITING_USER_INPUT", "WAITING_USER_ACTION"})
_FAILED: Final = frozenset({"LOGIN_ERROR", "OUTDATED"})
_ERROR_LIMIT: Final = 500


def _(text: str) -> str:
    """Mark a text for translation; whoever shows it translates it."""
    return text


@dataclass(frozen=True, slots=True)
class BankState:
    """What to say about a bank. `needs_person`: show the way to reconnect. No sentence: all is well."""

    needs_person: bool = False
    sentence: Sentence | None = None


def bank_state(
    *, bank: str, status: str, error_code: str, consent_expires_at: datetime | None, now: datetime
) -> BankState:
    """Return how a bank is doing, from what the ledger keeps of it; `bank` is its name. Words that upstream invents later are no trouble."""
    trouble = _trouble(status, error_code, consent_expires_at, now)
    if trouble is None:
        return BankState()
    needs_person, template = trouble
    days = max((consent_expires_at - now).days, 0) if consent_expires_at else 0
    return BankState(needs_person, Sentence(template, bank=bank, days=days))


def _trouble(status: str, code: str, consent_ends: datetime | None, now: datetime) -> tuple[bool, str] | None:
    """Return whether a person has to act, and the sentence. Where several things are wrong, the one that stops most comes first."""
    if consent_ends is not None and consent_ends <= now:
        return True, _(
            "The consent at %(bank)s has ended. What had arrived is kept; reconnect the bank to go on."
        )
    if status in _WAITING:
        return True, _("%(bank)s waits for a code or a confirmation from you. Reconnect the bank to give it.")
    if status in _FAILED and code in PASSING:
        return False, _("%(bank)s does not answer at the moment. It is tried again by itself.")
    if status in _FAILED:
        return True, _(
            "%(bank)s asks you to sign in again. What had arrived is kept; reconnect the bank to go on."
        )
    if code == PENDING_AUTHORIZATION:
        return True, _("Somebody still has to approve the access in the app of %(bank)s.")
    if consent_ends is not None and consent_ends - now <= RENEW_AHEAD:
        return True, _("The consent at %(bank)s ends in %(days)s days. Renew it to keep receiving its lines.")
    if code == PARTIAL:
        return False, _("%(bank)s gave only a part of its data. It is tried again by itself.")
    return None


def map_item(record: Record, context: Context) -> tuple[Draft, ...]:
    """Return the bank connection. The bank's name lives here, not on its accounts."""
    row = record.payload
    code, message = _error(row)
    return (
        BankConnectionDraft(
            external_id=record.external_id,
            institution=read.text(read.part(row, "connector"), "name", 120),
            status=read.text(row, "status", 30),
            error_code=code[:60],
            error_message=message[:_ERROR_LIMIT],
            consent_expires_at=read.utc_instant(row, "consentExpiresAt"),
            refreshed_at=read.utc_instant(row, "lastUpdatedAt"),
            next_refresh_at=read.utc_instant(row, "nextAutoSyncAt"),
        ),
    )


def _error(row: Payload) -> tuple[str, str]:
    error = read.part(row, "error")
    code = read.text(error, "code", 60)
    if code:
        return code, read.text(error, "providerMessage", _ERROR_LIMIT) or read.text(
            error, "message", _ERROR_LIMIT
        )
    instructions = read.text(read.part(row, "userAction"), "instructions", _ERROR_LIMIT)
    if instructions:
        return "USER_ACTION", instructions
    if row.get("hasResourcesPendingAuthorization") is True:
        return PENDING_AUTHORIZATION, ""
    if read.text(row, "executionStatus", 60) == PARTIAL:
        return PARTIAL, "; ".join(dict.fromkeys(_warnings(row)))
    return "", ""


def _warnings(row: Payload) -> list[str]:
    products: list[Any] = list(read.part(row, "statusDetail").values())
    lists = [product.get("warnings") for product in products if isinstance(product, dict)]
    warnings = [
        warning
        for group in lists
        if isinstance(group, list)
        for warning in group
        if isinstance(warning, dict)
    ]
    texts = [read.text(each, "providerMessage", 200) or read.text(each, "message", 200) for each in warnings]
    return [text for text in texts if text]
