"""Facts as the matcher takes them: open lines, open items, learned payers, weights."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import orjson

from ledger.models import Account
from lib import pg
from reconciliation.matching.records import Boleto, CollectionEntry, Item, Line, Own, Tolerance, Weights
from reconciliation.matching.records import Collection as Credited
from reconciliation.matching.records import Mapping as Payer
from reconciliation.models import ClientMapping, Rejection
from tenants.models import Tenant, TenantSettings

_LINES: Final = """
SELECT t.id, t.date, t.amount, coalesce(nullif(t.name_override, ''), t.counterparty_name), t.counterparty_document, t.description,
       t.description_raw, t.reference, t.account_id, t.currency, t.status = 'pending', t.details::text
  FROM ledger_transaction t
 WHERE t.tenant_id = %(tenant)s AND t.id = ANY(%(lines)s) AND t.void_at IS NULL AND NOT t.ignored AND t.amount <> 0
"""
# What is left of an item: the smaller of what the ERP shows open and face − confirmed settlements.
_ITEMS: Final = """
SELECT o.id, o.due_date, sign(o.amount) * least(abs(o.open_amount), abs(o.amount) - abs(coalesce(s.settled, 0))) AS left_open,
       coalesce(nullif(c.name_override, ''), nullif(o.counterparty_name, ''), c.name, ''),
       coalesce(nullif(o.counterparty_document, ''), c.document, ''), o.number, coalesce(v.number, ''), o.description,
       coalesce(c.phone, ''), coalesce(c.email, ''), o.customer_id, o.currency, o.payment_method, o.details::text
  FROM ledger_openitem o
  LEFT JOIN ledger_customer c ON c.id = o.customer_id AND c.tenant_id = o.tenant_id
  LEFT JOIN ledger_sale v ON v.id = o.sale_id AND v.tenant_id = o.tenant_id
  LEFT JOIN (SELECT open_item_id, sum(amount) AS settled FROM reconciliation_matchitem
              WHERE tenant_id = %(tenant)s AND confirmed GROUP BY open_item_id) s ON s.open_item_id = o.id
 WHERE o.tenant_id = %(tenant)s AND o.status IN ('open', 'partial') AND o.void_at IS NULL AND NOT o.ignored
   AND least(abs(o.open_amount), abs(o.amount) - abs(coalesce(s.settled, 0))) > 0
"""
# Each entry once, in whichever stored files it stands. `net` is what the bank posts for it.
_RETURNED: Final = """
SELECT DISTINCT ON (r.digest) r.id, r.file_import_id, r.account_id, r.credited_on, r.nosso_numero, r.document_number, r.company_use,
       r.face, coalesce(r.net, r.paid), coalesce(r.interest, 0), coalesce(r.fine, 0),
       coalesce(r.discount, 0) + coalesce(r.rebate, 0), coalesce(r.paid, r.net)
  FROM reconciliation_returnentry r
 WHERE r.tenant_id = %(tenant)s AND r.meaning = 'settled' AND r.face > 0 AND coalesce(r.net, r.paid) > 0
   AND r.credited_on IN (
       SELECT DISTINCT t.date + n FROM ledger_transaction t, generate_series(-4, 1) n
        WHERE t.tenant_id = %(tenant)s AND t.id = ANY(%(lines)s) AND t.amount > 0)
 ORDER BY r.digest, r.id
"""
# The rate that most of the last confirmed payouts of a contract paid.
_PAYOUTS: Final = """
SELECT d ->> 'acquirer', d ->> 'brand', d ->> 'mode', d ->> 'percent' FROM (
    SELECT r -> 'detail' AS d FROM (
        SELECT reasons FROM reconciliation_match WHERE tenant_id = %s AND status = 'confirmed' AND kind = 'payout' AND decided_at IS NOT NULL
         ORDER BY decided_at DESC, id DESC LIMIT 500) m, jsonb_array_elements(m.reasons) r) found
 WHERE d ? 'percent' AND d ? 'brand' GROUP BY 1, 2, 3, 4 ORDER BY count(*) DESC, 4
"""
# Where mappers keep further names of a payment or an item.
_NUMBERS: Final = re.compile(
    r"\S*[\d*@]\S*"
)  # of a line that names nobody, its own words may: "Pagamento de salário Daniela Mendes"
_LINE_IDS: Final = ("txid", "end_to_end_id", "reference_number", "reason")
_BOLETO_IDS: Final = ("digitable_line", "barcode")
_ITEM_IDS: Final = (
    "txid", "our_number", "nosso_numero", "digitable_line", "barcode", "process_number", "protocol_number",
)  # fmt: skip


def lines(tenant_id: int, ids: Collection[int]) -> list[Line]:
    """Return these bank lines, those that still count, in the order of `ids`."""
    rows = {row[0]: row for row in pg.fetch(_LINES, {"tenant": tenant_id, "lines": list(ids)})}
    return [_line(*rows[pk]) for pk in ids if pk in rows]


def _line(
    pk: int, day: Any, amount: Decimal, name: str, document: str, description: str, raw: str, reference: str,
    account: int, currency: str, pending: bool, kept: str,
) -> Line:  # fmt: skip
    details: dict[str, Any] = orjson.loads(kept)
    paper: dict[str, Any] = details.get("boleto") or {}
    ids = [reference, *(_texts(details, _LINE_IDS)), *(_texts(paper, _BOLETO_IDS))]
    return Line(
        id=str(pk),
        date=day,
        amount=amount,
        name=name or _NUMBERS.sub(" ", description),
        document=document,
        description=_joined([description, raw]),
        reference=_joined(ids),
        account=str(account),
        currency=currency,
        pending=pending,
        boleto=_boleto(paper),
    )


def _boleto(paper: Mapping[str, Any]) -> Boleto | None:
    """Return how the bank splits a boleto, None when it does not say the base amount, or says it in a way that is no amount."""
    try:
        base = Decimal(str(paper["base_amount"]))
        interest, fine, discount = (
            Decimal(str(paper.get(name) or 0)) for name in ("interest", "penalty", "discount")
        )
    except (KeyError, InvalidOperation):
        return None
    return Boleto(abs(base), abs(interest), abs(fine), abs(discount))


def _texts(kept: Mapping[str, Any], names: Collection[str]) -> Iterator[str]:
    yield from (str(kept[name]) for name in names if kept.get(name))


def _joined(texts: Collection[str]) -> str:
    return " ".join(dict.fromkeys(text for text in texts if text))


def items(tenant_id: int) -> list[Item]:
    """Return every open item of the company with what is left of it."""
    return [_item(*row) for row in pg.fetch(_ITEMS, {"tenant": tenant_id})]


def _item(
    pk: int, due: Any, left: Decimal, name: str, document: str, number: str, sale: str, description: str, phone: str, email: str,
    customer: int | None, currency: str, method: str, kept: str,
) -> Item:  # fmt: skip
    ids = [number, sale, *_texts(orjson.loads(kept), _ITEM_IDS)]
    return Item(
        id=str(pk),
        due_date=due,
        amount=left,
        name=name,
        document=document,
        reference=_joined(ids),
        phone=phone,
        email=email,
        party=None if customer is None else str(customer),
        currency=currency,
        method=method,
        text=description,
    )


def collections(tenant_id: int, ids: Collection[int]) -> list[Credited]:
    """Return what return files say is credited around the days of these lines: by account and day, by file and day, and title by title.

    Whichever of these sums a line shows is settled; then its items are no longer free for the others.
    """
    rows = pg.fetch(_RETURNED, {"tenant": tenant_id, "lines": list(ids)})
    groups: dict[tuple[str, str, date], list[CollectionEntry]] = defaultdict(list)
    for pk, file, account, day, nosso, number, use, face, net, interest, fine, discount, paid in rows:
        entry = CollectionEntry(
            _joined([nosso, number, use]), face, net, interest, fine, discount, max(paid - net, Decimal(0))
        )
        home = "" if account is None else str(account)
        for name in (f"1 account {home or f'of file {file}'}", f"2 file {file}", f"3 title {pk}"):
            groups[name, home, day].append(entry)
    return [
        Credited(f"{name} {day}", day, tuple(entries), home) for (name, home, day), entries in groups.items()
    ]


def payers(tenant_id: int) -> list[Payer]:
    """Return who is known to pay for whom."""
    rows = ClientMapping.objects.filter(tenant=tenant_id, is_active=True)
    return [
        Payer(document, name_key, str(customer), right, wrong)
        for document, name_key, customer, right, wrong in rows.values_list(
            "payer_document", "name_key", "customer_id", "right", "wrong"
        )
    ]


def rates(tenant_id: int) -> dict[tuple[str, str, str], float]:
    """Return what share each contract with a card acquirer takes, by acquirer, brand and kind of sale: that of its last payouts."""
    found: dict[tuple[str, str, str], float] = {}
    for detail in pg.fetch(_PAYOUTS, [tenant_id]):
        acquirer, brand, mode, percent = detail
        found.setdefault((acquirer, brand, mode), float(percent) / 100)
    return found


def rejected(tenant_id: int, ids: Collection[int]) -> frozenset[tuple[str, str]]:
    """Return the pairs of these lines and items that somebody rejected."""
    rows = Rejection.objects.filter(tenant=tenant_id, withdrawn_at=None, transaction__in=ids)
    return frozenset(
        (str(line), str(item)) for line, item in rows.values_list("transaction_id", "open_item_id")
    )


def weights(tenant_id: int) -> tuple[Weights, Tolerance]:
    """Return what the company's settings say about evidence and tolerance."""
    row = TenantSettings.objects.get(tenant=tenant_id)
    return (
        Weights(
            document=row.weight_document,
            name=row.weight_name,
            amount=row.weight_amount,
            date=row.weight_date,
            contact=row.weight_contact,
        ),
        Tolerance(amount=row.amount_tolerance, days=row.date_tolerance_days),
    )


def own(tenant: Tenant) -> Own:
    """Return who the company is: the documents and names under which its accounts stand on the other side of a transfer."""
    accounts = list(Account.objects.filter(tenant=tenant).values_list("document", "owner").distinct())
    return Own(
        documents=frozenset({tenant.document, *(document for document, _owner in accounts)} - {""}),
        names=frozenset({tenant.name, *(owner for _document, owner in accounts)} - {""}),
    )
