"""Learning who pays for whom from what people decide."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ledger.models import Customer
from lib import documents, pg
from live import events
from reconciliation.matching.normal import borne, normal
from reconciliation.models import ClientMapping
from tenants import audit
from tenants.access import Access
from tenants.models import Tenant

_PAIRS: Final = """
SELECT DISTINCT l.match_id, t.counterparty_document, t.counterparty_name, o.customer_id, c.document, o.counterparty_document, c.name, o.counterparty_name
  FROM reconciliation_match m
  JOIN reconciliation_matchline l ON l.tenant_id = m.tenant_id AND l.match_id = m.id
  JOIN ledger_transaction t ON t.id = l.transaction_id
  JOIN reconciliation_matchitem i ON i.tenant_id = m.tenant_id AND i.match_id = m.id
  JOIN ledger_openitem o ON o.id = i.open_item_id
  JOIN ledger_customer c ON c.id = o.customer_id
 WHERE m.tenant_id = %s AND m.id = ANY(%s) AND m.kind NOT IN ('payout', 'cnab', 'transfer', 'refund')
"""
_RIGHT: Final = """
INSERT INTO reconciliation_clientmapping AS m (tenant_id, payer_document, name_key, payer_name, customer_id, "right")
VALUES (%s, %s, %s, %s, %s, 1)
    ON CONFLICT (tenant_id, payer_document, name_key, customer_id) DO UPDATE
   SET "right" = m."right" + 1, payer_name = excluded.payer_name, updated_at = now()
"""
_WRONG: Final = """
UPDATE reconciliation_clientmapping SET wrong = wrong + 1, "right" = greatest("right" - %s, 0), updated_at = now()
 WHERE tenant_id = %s AND payer_document = %s AND name_key = %s AND customer_id = %s
"""


@dataclass(frozen=True, slots=True)
class Payer:
    """How a payer is known: by an unmasked document, else by the normal form of a name of more than one word."""

    document: str
    name_key: str
    name: str


def payer(document: str, name: str) -> Payer | None:
    """Return the key under which a payer is remembered, None when nothing names somebody."""
    plain = documents.normalize(document)
    if documents.is_cpf(plain) or documents.is_cnpj(plain):
        return Payer(plain, "", name)
    key = normal(name)[:160]
    return Payer("", key, name) if " " in key else None


def learn(tenant: Tenant, matches: Sequence[int]) -> None:
    """Remember the payers of confirmed matches, each right once more. One statement a payer who is not the customer."""
    for found, customer in _strangers(tenant, matches):
        pg.execute(_RIGHT, [tenant.pk, found.document, found.name_key, found.name, customer])


def doubt(tenant: Tenant, matches: Sequence[int]) -> None:
    """Count rejected matches against the mappings that they fit."""
    for found, customer in _strangers(tenant, matches):
        pg.execute(_WRONG, [0, tenant.pk, found.document, found.name_key, customer])


def unlearn(tenant: Tenant, matches: Sequence[int]) -> None:
    """Count confirmations that were taken back as wrong, and no longer as right."""
    for found, customer in _strangers(tenant, matches):
        pg.execute(_WRONG, [1, tenant.pk, found.document, found.name_key, customer])


def _strangers(tenant: Tenant, matches: Sequence[int]) -> list[tuple[Payer, int]]:
    """Return (payer, customer) of each match in which somebody pays for one customer and is not that customer."""
    customers: dict[int, set[int]] = defaultdict(set)
    pairs: dict[tuple[int, int], Payer] = {}
    for match, document, name, customer, *theirs in pg.fetch(_PAIRS, [tenant.pk, list(matches)]):
        customers[match].add(customer)
        found = payer(document, name)
        if found and not _is(found, document, *theirs):
            pairs[match, customer] = found
    return [(found, customer) for (match, customer), found in pairs.items() if len(customers[match]) == 1]


def _is(found: Payer, shown: str, document: str, on_the_item: str, *names: str) -> bool:
    """Return whether the payer is the customer: by document, by what a masked one shows, or by a name as banks cut and abbreviate it."""
    if found.document:
        return found.document in {document, on_the_item}
    if any(_fits(documents.normalize(shown), theirs) for theirs in (document, on_the_item)):
        return True
    return any(borne(found.name_key, normal(name)) for name in names)


def _fits(shown: str, document: str) -> bool:
    """Return whether a masked document may be this one, by at least four digits."""
    if "*" not in shown or len(shown) != len(document):
        return False
    seen = [ours == theirs for ours, theirs in zip(shown, document, strict=True) if ours != "*"]
    return len(seen) >= 4 and all(seen)


@transaction.atomic
def map_payer(*, access: Access, customer: Customer, document: str = "", name: str = "") -> ClientMapping:
    """Return the mapping by which a person says who pays for the customer. Raises ValidationError when nothing names the payer."""
    found = payer(document, name)
    if found is None:
        raise ValidationError(_("Name the payer by CPF or CNPJ, or by a name of at least two words."))
    row, _made = ClientMapping.objects.update_or_create(
        tenant=access.tenant,
        payer_document=found.document,
        name_key=found.name_key,
        customer=customer,
        defaults={
            "payer_name": found.name, "is_active": True, "by_person": True, "wrong": 0, "updated_at": pg.started(),
        },
    )  # fmt: skip
    ClientMapping.objects.filter(pk=row.pk, right=0).update(right=1)
    _tell(access, row, "mapping.create", after={"payer_name": row.payer_name, "customer": customer.pk})
    row.refresh_from_db()
    return row


@transaction.atomic
def change_payer(
    *, access: Access, mapping: ClientMapping, customer: Customer, document: str = "", name: str = ""
) -> ClientMapping:
    """Return the mapping that now holds. Another payer or customer is another mapping: the old one rests with its history.

    Raises ValidationError when nothing names the payer.
    """
    row = map_payer(access=access, customer=customer, document=document, name=name)
    if row.pk != mapping.pk:
        forget_payer(access=access, mapping=mapping)
    return row


@transaction.atomic
def forget_payer(*, access: Access, mapping: ClientMapping) -> None:
    """Let the mapping rest: it stays with its history and is used no more."""
    done = ClientMapping.objects.filter(tenant=access.tenant, pk=mapping.pk, is_active=True)
    if done.update(is_active=False, updated_at=pg.started()):
        _tell(access, mapping, "mapping.end", after={"is_active": False})


def _tell(access: Access, row: ClientMapping, action: str, after: dict[str, object]) -> None:
    audit.record(tenant=access.tenant, action=action, row=row, actor=access, after=after)
    events.publish("reconciliation_changed", tenant_id=access.tenant.pk, action="mapping", mappings=[row.pk])
