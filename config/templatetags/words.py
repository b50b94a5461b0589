"""What people call the codes that rows keep: resources, scopes, a bank's status, what was done."""

from functools import lru_cache
from typing import Final

from django import template
from django.apps import apps
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants.models import Capability

register = template.Library()

_RESOURCES: Final = {
    "customers": _("Customers"), "products": _("Products"), "sales": _("Sales"), "receivables": _("Receivables"),
    "payables": _("Payables"), "transactions": _("Transactions"), "items": _("Banks"), "accounts": _("Accounts"), "bills": _("Card bills"),
    "customer": _("Customer"), "product": _("Product"), "sale": _("Sale"), "receivable": _("Receivable"), "payable": _("Payable"),
    "transaction": _("Transaction"), "item": _("Bank"), "account": _("Account"), "bill": _("Card bill"),
}  # fmt: skip
_PARTS: Final = {
    "upstream": _("Reading from the source"), "waiting": _("Waiting for another reading"), "landing": _("Keeping what came"),
    "mapping": _("Understanding it"), "ledger": _("Writing the changes"),
}  # fmt: skip
_BANKS: Final = {
    "UPDATED": _("up to date"), "UPDATING": _("being read"), "WAITING_USER_INPUT": _("waits for you"), "WAITING_USER_ACTION": _("waits for you"),
    "LOGIN_ERROR": _("access refused"), "OUTDATED": _("could not be read"),
}  # fmt: skip
_DONE: Final = {
    "create": _("created"), "add": _("added"), "change": _("changed by a person"), "edit": _("corrected"), "revoke": _("revoked by a person"), "undo": _("taken back"),
    "remove": _("removed by a person"), "open": _("opened"), "close": _("closed"), "change_role": _("role changed"),
    "clear_cache": _("cache cleared"), "bank.consent_started": _("consent at a bank begun"), "bank.connected": _("bank connected"),
    "sync.requested": _("synchronisation asked for"), "connection.created": _("connection made"),
    "connection.credentials": _("new credentials stored"), "connection.paused": _("connection paused"),
    "connection.resumed": _("connection resumed"), "connection.tested": _("connection tested"),
    "connection.disconnected": _("connection ended"), "file.imported": _("file imported"),
    "connection.renamed": _("connection renamed"), "connection.removed": _("connection removed"),
    "file.undone": _("import taken back"), "file.discarded": _("preview thrown away"),
    "account.renamed": _("account renamed"), "account.removed": _("account removed"), "account.merged": _("accounts made one"),
    "mute_alert": _("alert silenced"), "change_alert_rule": _("limit of an alert changed"), "match.held": _("match kept, the period is closed"),
    "rule.create": _("rule made"), "rule.change": _("rule changed"), "rule.move": _("rule put elsewhere in the order"),
    "rule.remove": _("rule removed"), "rule.run": _("rule run"), "rule.undo": _("run of a rule taken back"),
    "match.confirm": _("match confirmed"), "match.link": _("linked by hand"), "match.reject": _("suggestion rejected"),
    "match.undo": _("match taken back"), "match.reopen": _("match opened again"), "mapping.create": _("payer made known"),
    "mapping.end": _("payer forgotten"), "segments.edges": _("edges of segments moved"), "books.closed": _("books closed"), "books.opened": _("books opened again"),
}  # fmt: skip
# Tables that the log of changes names and that have no name of their own.
_ROWS: Final = {
    "ledger_account": _("account"), "ledger_bankconnection": _("bank connection"), "ledger_export": _("file"),
    "sync_statementformat": _("form of a statement"), "live_eventsubscription": _("notification choice"),
    "kpi_segmentstate": _("customer segments"),
}  # fmt: skip
_SCOPES: Final = {scope.value: scope.label for scope in Capability}
WORDS: Final[dict[str, str | Promise]] = {**_RESOURCES, **_PARTS, **_BANKS, **_DONE, **_ROWS, **_SCOPES}


@lru_cache(maxsize=1)
def _tables() -> dict[str, str | Promise]:
    return {model._meta.db_table: model._meta.verbose_name or "" for model in apps.get_models()}


@register.filter
def word(code: object) -> str:
    """Return what people call a code or a table; one without a word comes back as it is."""
    text = str(code)
    return str(WORDS.get(text) or _tables().get(text) or text)


@register.filter
def words(codes: list[str]) -> str:
    """Return several codes in words, with commas: `ler os dados, iniciar sincronizações`."""
    return ", ".join(word(code) for code in codes)
