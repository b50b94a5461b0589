"""Who owes, and whom the company owes: open items added up by person, the largest first."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from lib import clock, pg
from tenants.models import Tenant

PAGE: Final = 50
SORTS: Final = {
    "open": "open",
    "overdue": "overdue",
    "days": "days",
}  # what `sort` names: a column, the largest first
_CURSOR: Final = re.compile(r"(-?\d{1,18}(?:\.\d{1,2})?)~(.{1,250})", re.DOTALL)
Row = dict[str, Any]

# A person is the ERP's customer, else a document, else a name. What is left is the KPI term: the smaller of what the ERP shows open and
# face − confirmed settlements. Amounts have no sign here: one page is about money in or out.
_PEOPLE: Final = """
WITH rests AS (
    SELECT o.customer_id, o.counterparty_document AS document, o.counterparty_name AS name, o.currency, o.due_date,
           greatest(0, least(abs(o.open_amount), abs(o.amount) - abs(coalesce(s.settled, 0)))) AS rest
      FROM ledger_openitem o
      LEFT JOIN (SELECT open_item_id, sum(amount) AS settled FROM reconciliation_matchitem
                  WHERE tenant_id = %(tenant)s AND confirmed GROUP BY open_item_id) s ON s.open_item_id = o.id
     WHERE o.tenant_id = %(tenant)s AND o.void_at IS NULL AND NOT o.ignored AND o.status IN ('open', 'partial') AND o.direction = %(direction)s),
people AS MATERIALIZED (
    SELECT CASE WHEN r.customer_id IS NOT NULL THEN 'c' || r.customer_id WHEN r.document <> '' THEN 'd' || r.document ELSE 'n' || lower(r.name) END
           || ' ' || r.currency AS key,
           r.customer_id, coalesce(max(nullif(c.name_override, '')), max(c.name), max(r.name)) AS name,
           coalesce(max(nullif(c.document, '')), max(r.document)) AS document, r.currency, count(*) AS items, sum(r.rest) AS open,
           coalesce(sum(r.rest) FILTER (WHERE r.due_date < %(today)s), 0) AS overdue,
           coalesce(max(%(today)s - r.due_date) FILTER (WHERE r.due_date < %(today)s), 0) AS days
      FROM rests r LEFT JOIN ledger_customer c ON c.tenant_id = %(tenant)s AND c.id = r.customer_id
     WHERE r.rest > 0 GROUP BY 1, r.customer_id, r.currency),
found AS (SELECT * FROM people WHERE %(text)s = '' OR name ILIKE %(like)s OR document LIKE %(like)s),
sums AS (SELECT currency, count(*) AS persons, sum(open) AS all_open, sum(overdue) AS all_overdue FROM found GROUP BY currency)
SELECT key, customer_id, name, document, currency, items, open, overdue, days, persons, all_open, all_overdue
  FROM found JOIN sums USING (currency)
"""
_AFTER: Final = " WHERE ({column}, key) < (%(value)s::numeric, %(key)s)"
_ORDER: Final = " ORDER BY {column} DESC, key DESC LIMIT %(limit)s"
_NAMES: Final = (
    "key", "customer_id", "name", "document", "currency", "items", "open", "overdue", "days", "persons", "all_open", "all_overdue",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Debts:
    """A page of people, and where the next one begins (None: this is the last). Every row carries the sums of its currency."""

    rows: list[Row]
    next: str | None
    previous: None = None  # one goes back with the browser


def people(tenant: Tenant, *, direction: str, sort: str, text: str = "", cursor: str = "") -> Debts:
    """Return who has open items of this direction (`receivable`, `payable`), by `sort`, the largest first. One statement over what is open.

    A cursor that makes no sense is the beginning.
    """
    column = SORTS[sort]
    place = _CURSOR.fullmatch(cursor)
    like = "%" + re.sub(r"([\\%_])", r"\\\1", text) + "%"
    params: dict[str, Any] = {
        "tenant": tenant.pk, "direction": direction, "today": clock.today(tenant.zone), "text": text, "like": like, "limit": PAGE + 1,
    }  # fmt: skip
    sql = _PEOPLE
    if place:
        sql += _AFTER.format(column=column)
        params |= {"value": Decimal(place[1]), "key": place[2]}
    found = [
        dict(zip(_NAMES, row, strict=True)) for row in pg.fetch(sql + _ORDER.format(column=column), params)
    ]
    shown = found[:PAGE]
    last = shown[-1] if len(found) > PAGE else None
    return Debts(shown, f"{last[column]}~{last['key']}" if last else None)
