"""From kept records to facts: mapped by the provider, stored by the ledger, voided when upstream took them back.

One record that cannot be read, or that the database refuses, must not stop its page for ever: it is set aside with the reason.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog
from django.db import DataError, IntegrityError, transaction

from ledger import drafts as d
from ledger import services as ledger
from ledger.models import Account, BankConnection, Customer, OpenItem, Product, Sale, Transaction
from ledger.models.source import Fact
from sync.landing import Key, Landed
from sync.models import Connection
from sync.providers.base import Context, Provider, Record, Unreadable
from sync.providers.statement import Sentence
from sync.words import say
from tenants.models import Tenant

log = structlog.get_logger(__name__)

MODELS: Final[dict[type, type[Fact]]] = {
    d.BankConnectionDraft: BankConnection,
    d.AccountDraft: Account,
    d.TransactionDraft: Transaction,
    d.CustomerDraft: Customer,
    d.ProductDraft: Product,
    d.SaleDraft: Sale,
    d.OpenItemDraft: OpenItem,
}
# What a mapper raises when a record has a shape that nobody foresaw. Reported as a fault of ours, and kept aside like any unreadable one.
_SURPRISES: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)

Mapped = dict[Key, tuple[d.Draft, ...]]


@dataclass(slots=True)
class Applied:
    """What became of records: how many facts were written or voided, and why some records could not be used ("" clears a note)."""

    changed: int = 0
    reasons: dict[Key, str] = field(default_factory=dict)

    @property
    def unreadable(self) -> int:
        """Return how many records could not be used."""
        return sum(bool(reason) for reason in self.reasons.values())


def context_of(tenant: Tenant) -> Context:
    """Return what mappers may know of the company. Its own documents tell transfers between own accounts."""
    accounts = Account.objects.filter(tenant=tenant).exclude(document="").values_list("document", flat=True)
    own = frozenset({tenant.document, *accounts.distinct()} - {""})
    return Context(zone=tenant.zone, currency=tenant.currency, own_documents=own)


def map_records(
    provider: Provider, context: Context, records: Iterable[Record]
) -> tuple[Mapped, dict[Key, str]]:
    """Return the drafts of the records that can be read, and the reasons of those that cannot."""
    mapped: Mapped = {}
    reasons: dict[Key, str] = {}
    for record in records:
        key = record.kind, record.external_id
        try:
            mapped[key] = provider.map(record, context)
        except Unreadable as error:
            reasons[key] = say(error.args[0] if error.args else error)
        except _SURPRISES as error:
            log.exception("mapper_surprised", provider=provider.kind, kind=record.kind, id=record.external_id)
            reasons[key] = say(Sentence("It has an unexpected form (%(error)s).", error=type(error).__name__))
    return mapped, reasons


def apply(connection: Connection, mapped: Mapped) -> Applied:
    """Store the drafts in one go; where the database refuses something, find the records that it refuses and set them aside."""
    return _store(connection, list(mapped.items()))


def _store(connection: Connection, mapped: Sequence[tuple[Key, tuple[d.Draft, ...]]]) -> Applied:
    drafts = [draft for _key, found in mapped for draft in found]
    try:
        with transaction.atomic():
            stored = ledger.store(
                tenant_id=connection.tenant_id, source_id=connection.source_id, drafts=drafts
            )
        return Applied(stored.changed)
    except (DataError, IntegrityError) as error:
        if len(mapped) == 1:
            detail = str(error).partition("\n")[0][:200]
            log.warning("record_refused", connection=connection.pk, record=mapped[0][0], error=detail)
            return Applied(
                0, {mapped[0][0]: say(Sentence("The database refuses it: %(detail)s", detail=detail))}
            )
        middle = len(mapped) // 2
        first, second = _store(connection, mapped[:middle]), _store(connection, mapped[middle:])
        return Applied(first.changed + second.changed, first.reasons | second.reasons)


def void(connection: Connection, provider: Provider, context: Context, records: Sequence[Record]) -> int:
    """Void the facts that these records meant; return how many were voided now."""
    mapped, _unreadable = map_records(provider, context, records)
    return void_ids(connection, identities(mapped.values()))


def void_replaced(
    connection: Connection, provider: Provider, context: Context, landed: Landed, mapped: Mapped
) -> int:
    """Void facts that a changed record meant before and means no more (a title that became a draft, say); return how many."""
    before, _unreadable = map_records(
        provider, context, [record for key, record in landed.before.items() if key in mapped]
    )
    left = identities(before.values()) - identities(mapped.values())
    return void_ids(connection, left)


def void_ids(connection: Connection, identities: set[tuple[type[Fact], str]]) -> int:
    """Void the facts of this source; return how many were voided now."""
    by_model: dict[type[Fact], list[str]] = {}
    for model, external_id in identities:
        by_model.setdefault(model, []).append(external_id)
    source: dict[str, int] = {"tenant_id": connection.tenant_id, "source_id": connection.source_id}
    return sum(ledger.void(model=model, external_ids=ids, **source) for model, ids in by_model.items())


def identities(drafts: Iterable[tuple[d.Draft, ...]]) -> set[tuple[type[Fact], str]]:
    """Return which facts the drafts name: table and upstream's id."""
    return {(MODELS[type(draft)], draft.external_id) for found in drafts for draft in found}
