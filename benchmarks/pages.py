"""A page of the list of transactions, read as the page reads it: the first one, and the one that begins at depth 90,000."""

from collections.abc import Callable
from datetime import date
from typing import Final

from benchmarks.database import LARGE, timed, typical, use
from benchmarks.results import Result, Settings
from lib import keyset

DEPTH: Final = 90_000
ROUNDS: Final = 200
LIMIT: Final = 50


def deep_page_against_first(settings: Settings) -> list[Result]:
    """The two take turns; the offset that a numbered page would need is measured beside them."""
    use(LARGE, settings.rows)
    from ledger.lists import LISTS, listing, parse
    from tenants.models import Tenant

    tenant, spec = Tenant.objects.get(slug="bench-1"), LISTS["transactions"]
    filters = parse(spec, {"period": "all"}, today=date(2026, 11, 30))
    order = spec.orders[filters.order][1]
    queryset = spec.base(tenant.pk).filter(filters.condition).values(*spec.values)
    names = [name.lstrip("-") for name in order]
    edge = queryset.order_by(*order)[DEPTH - 1 : DEPTH].get()
    cursor = keyset._encode(edge, names, backwards=False)

    def page(at: str | None) -> Callable[[], object]:
        return lambda: listing(spec, tenant, filters, limit=LIMIT, cursor=at)

    def offset() -> object:
        return list(queryset.order_by(*order)[DEPTH : DEPTH + LIMIT])

    keys = [row["id"] for row in listing(spec, tenant, filters, limit=LIMIT, cursor=cursor).rows]
    assert keys == [row["id"] for row in queryset.order_by(*order)[DEPTH : DEPTH + LIMIT]]
    first, deep = list[float](), list[float]()
    for _round in range(ROUNDS):
        first.append(timed(page(None)))
        deep.append(timed(page(cursor)))
    numbered = [timed(offset) for _ in range(5)]
    figures = {
        "first_ms": 1000 * typical(first),
        "deep_ms": 1000 * typical(deep),
        "offset_ms": 1000 * typical(numbered),
    }
    return [
        Result(
            f"page of transactions at depth {DEPTH:,}, against the first",
            typical(deep) / typical(first),
            "×",
            "<=",
            1.5,
            figures,
        )
    ]
