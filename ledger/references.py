"""From upstream's ids to rows of the ledger, always inside one source of one company."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

from ledger.models import OpenItem, Sale
from ledger.models.source import Fact
from ledger.upsert import Changes, upsert
from lib import pg

KEY: Final = ("external_id",)
# In an open item's details: which sale it names, while that sale is not known yet.
AWAITS: Final = "awaits_sale"


@dataclass(frozen=True, slots=True)
class Origin:
    """The company and the source that facts belong to."""

    tenant_id: int
    source_id: int

    @property
    def fixed(self) -> dict[str, int]:
        """Return the two as columns."""
        return {"tenant_id": self.tenant_id, "source_id": self.source_id}


def ids_of(model: type[Fact], origin: Origin, external_ids: Collection[str]) -> dict[str, int]:
    """Return the primary keys of the facts that are known, by upstream's id. One query."""
    if not external_ids:
        return {}
    table = connection.ops.quote_name(model._meta.db_table)
    rows = pg.fetch(
        f"SELECT external_id, id FROM {table}"  # noqa: S608 - the table comes from the model
        " WHERE tenant_id = %s AND source_id = %s AND external_id = ANY(%s)",
        [origin.tenant_id, origin.source_id, list(external_ids)],
    )
    return dict(rows)


def known_or_made(
    model: type[Fact],
    origin: Origin,
    bare: Mapping[str, Sequence[Any]],
    columns: Sequence[str] = (),
) -> tuple[dict[str, int], Changes]:
    """Return the primary key of every fact that `bare` names, and what was made: one that is unknown becomes a row of what is known of it.

    `bare` is by upstream's id; its values stand in `columns`. A known fact is not touched.
    """
    found = ids_of(model, origin, bare.keys())
    rows = [(external_id, *values) for external_id, values in bare.items() if external_id not in found]
    if not rows:
        return found, Changes()
    made = upsert(model, rows, fixed=origin.fixed, columns=(*KEY, *columns), key=KEY, update=())
    return found | ids_of(model, origin, [row[0] for row in rows]), made


@dataclass(frozen=True, slots=True)
class SaleName:
    """How an open item names its sale: by upstream's id, or only by the number that its text mentions."""

    external_id: str | None = None
    number: str = ""

    def __bool__(self) -> bool:
        return bool(self.external_id or self.number)

    def as_json(self) -> dict[str, str]:
        """Return what the waiting open item keeps."""
        return {"external_id": self.external_id} if self.external_id else {"number": self.number}


class Sales:
    """The sales that some open items may name, read at once."""

    def __init__(self, origin: Origin, names: Iterable[SaleName]) -> None:
        wanted = set(names)
        self._by_id = ids_of(Sale, origin, {name.external_id for name in wanted if name.external_id})
        self._by_number: dict[str, list[tuple[int, int | None]]] = defaultdict(list)
        numbers = {name.number for name in wanted if name.number and not name.external_id}
        if numbers:
            rows = Sale.objects.filter(**origin.fixed, number__in=numbers).values_list(
                "number", "id", "customer_id"
            )
            for number, pk, customer_id in rows:
                self._by_number[number].append((pk, customer_id))

    def find(self, name: SaleName, customer_id: int | None) -> int | None:
        """Return the sale that is meant, or None. Of several with one number none is guessed; a sale to somebody else is not it."""
        if name.external_id:
            return self._by_id.get(name.external_id)
        meant = [
            pk
            for pk, buyer_id in self._by_number[name.number]
            if buyer_id is None or customer_id is None or buyer_id == customer_id
        ]
        return meant[0] if len(meant) == 1 else None


def settle_waiting(origin: Origin) -> int:
    """Give open items that arrived before their sale the sale that is known by now. Return how many found theirs."""
    waiting = list(OpenItem.objects.filter(**origin.fixed, sale=None, details__has_key=AWAITS))
    names = {item.pk: SaleName(**item.details[AWAITS]) for item in waiting}
    sales = Sales(origin, names.values())
    found = [(item.pk, sales.find(names[item.pk], item.customer_id)) for item in waiting]
    pairs = [(pk, sale_id) for pk, sale_id in found if sale_id is not None]
    if not pairs:
        return 0
    return pg.execute(
        "UPDATE ledger_openitem o SET sale_id = s.sale_id, details = o.details - %s, updated_at = now()"
        " FROM unnest(%s::bigint[], %s::bigint[]) AS s (id, sale_id) WHERE o.id = s.id AND o.tenant_id = %s",
        [AWAITS, [pk for pk, _ in pairs], [sale_id for _, sale_id in pairs], origin.tenant_id],
    )
