"""Records by a word, for the command palette."""

from collections.abc import Iterator
from typing import Final

from django.urls import reverse

from ledger import lists
from lib import documents
from tenants.models import Tenant

EACH: Final = 5
# Newest first where time matters, so that the search stops early.
_ORDER: Final = {
    "customers": "name", "products": "name", "sales": "-date", "open_items": "-due", "transactions": "-date"
}  # fmt: skip


def search(tenant: Tenant, text: str) -> list[dict[str, str]]:
    """Return up to five records of each list that match, as {label, url, group}. Five queries; shorter words than two letters find nothing."""
    words = text.replace("\x00", "").strip()[:100]
    if len(words) < 2:
        return []
    return [hit for name in _ORDER for hit in _hits(tenant, name, words)]


def _hits(tenant: Tenant, name: str, words: str) -> Iterator[dict[str, str]]:
    spec = lists.LISTS[name]
    assert spec.search is not None, "every list of the palette can be searched"
    order = spec.orders[_ORDER[name]][1]
    rows = (
        spec.base(tenant.pk)
        .filter(spec.search(words), void_at=None)
        .order_by(*order)
        .values(*spec.values)[:EACH]
    )
    for row in rows:
        url = reverse("ledger:detail", kwargs={"slug": tenant.slug, "name": name, "pk": row["id"]})
        yield {"label": _label(name, row), "url": url, "group": str(spec.label)}


def _label(name: str, row: dict[str, object]) -> str:
    if name in {"customers", "products"}:
        extra = documents.pretty(str(row.get("document") or row.get("code") or ""))
        return " · ".join(filter(None, [str(row["shown_name"]), extra]))
    if name == "sales":
        return f"{row['number']} · {row['customer_name']} · {row['date']:%d/%m/%Y}"
    if name == "open_items":
        return f"{row['counterparty_name'] or row['description']} · {row['due_date']:%d/%m/%Y}"
    return f"{row['shown_name'] or row['description']} · {row['date']:%d/%m/%Y}"
