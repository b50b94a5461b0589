"""The truth again, from the facts, beside what is stored: derived data drifts, and the question is who notices first."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from kpi import dimensions, sql
from lib import pg
from tenants.models import Tenant

SUMS: Final = ("n", "total", "active_n", "active_total", "flow_n", "flow_total")
VIEW: Final = ("tx_count", "total_amount", "avg_amount", "active_tx_count", "active_total_amount")


@dataclass(frozen=True, slots=True)
class Difference:
    """One number that is not what the facts say. `stored` or `truth` is None where there is no such row."""

    tenant: str  # slug
    table: str
    key: str  # day or month, type, currency
    column: str
    stored: Decimal | int | None
    truth: Decimal | int | None

    def __str__(self) -> str:
        return (
            f"{self.tenant} {self.table} {self.key} {self.column}: stored {self.stored}, facts {self.truth}"
        )


_TRUTH = f"WITH truth AS (\n{sql.read('truth.sql')})"
_OF = "(%(tenant)s::bigint IS NULL OR tenant_id = %(tenant)s)"
_NAMES = ", ".join(SUMS)

# An emptied rollup row may stay behind; it means the same as none.
_ROLLUP = """
{truth}, expected AS ({expected}),
stored AS (SELECT tenant_id, {day} AS day, type, currency, {names} FROM {table} WHERE {of} AND ({names}) <> (0, 0, 0, 0, 0, 0))
SELECT t.slug, concat_ws(' ', day, type, currency), {both}
  FROM expected e FULL JOIN stored s USING (tenant_id, day, type, currency)
  JOIN (SELECT id AS tenant_id, slug FROM tenants_tenant) t USING (tenant_id)
 WHERE ({expected_names}) IS DISTINCT FROM ({stored_names}) ORDER BY tenant_id, day, type, currency
"""
_BY_MONTH = f"""
SELECT tenant_id, date_trunc('month', day)::date AS day, type, currency, {", ".join(f"sum({name}) AS {name}" for name in SUMS)}
  FROM truth GROUP BY 1, 2, 3, 4
"""  # noqa: S608 - column names of ours
# A company whose view is behind is not compared: it waits for its refresh (`behind`).
_BEHIND = f"""
SELECT t.id, t.slug FROM tenants_tenant t
  LEFT JOIN live_generation g ON g.tenant_id = t.id LEFT JOIN kpi_viewstate s ON s.tenant_id = t.id
 WHERE {_OF.replace("tenant_id", "t.id")}
   AND (s.built_version IS DISTINCT FROM g.facts OR EXISTS (
        SELECT FROM sync_syncrun r WHERE r.tenant_id = t.id AND r.status = 'running'))
 ORDER BY t.slug
"""  # noqa: S608 - texts of ours
_VIEW = f"""
{_TRUTH}, expected AS (
    SELECT x.tenant_id, date_trunc('month', day)::date AS month, x.type, sum(n)::int AS tx_count, sum(total) AS total_amount,
           sum(total) / sum(n) AS avg_amount, sum(active_n)::int AS active_tx_count,
           CASE WHEN sum(active_n) > 0 THEN sum(active_total) END AS active_total_amount
      FROM truth x JOIN tenants_tenant t ON t.id = x.tenant_id AND t.currency = x.currency
     WHERE x.type IN ('CREDIT', 'DEBIT') GROUP BY 1, 2, 3),
stored AS (SELECT * FROM mv_tenant_kpis WHERE {_OF}),
behind AS ({_BEHIND})
SELECT t.slug, concat_ws(' ', month, type), {", ".join(f"s.{name}, e.{name}" for name in VIEW)}
  FROM expected e FULL JOIN stored s USING (tenant_id, month, type)
  JOIN (SELECT id AS tenant_id, slug FROM tenants_tenant) t USING (tenant_id)
 WHERE ({", ".join(f"e.{name}" for name in VIEW)}) IS DISTINCT FROM ({", ".join(f"s.{name}" for name in VIEW)})
   AND tenant_id NOT IN (SELECT id FROM behind)
 ORDER BY tenant_id, month, type
"""  # noqa: S608 - texts of ours


# A day that waits to be summed is not compared.
_DIMENSIONS = """
WITH {fresh}, expected AS (SELECT * FROM fresh UNION ALL SELECT type, dimension, currency, date_trunc('month', day)::date, 'month of ' || key,
                                  sum(n), sum(quantity), sum(total) FROM fresh GROUP BY 1, 2, 3, 4, 5),
stored AS (
    SELECT type, dimension, currency, day, key, n, quantity, total FROM kpi_dimension_daily
     WHERE tenant_id = %(tenant)s AND type = ANY (%(types)s)
     UNION ALL
    SELECT type, dimension, currency, month, 'month of ' || key, n, quantity, total FROM kpi_dimension_monthly
     WHERE tenant_id = %(tenant)s AND type = ANY (%(types)s))
SELECT %(slug)s, concat_ws(' ', day, type, dimension, currency, key), s.n, e.n, s.quantity, e.quantity, s.total, e.total
  FROM expected e FULL JOIN stored s USING (type, dimension, currency, day, key)
 WHERE (e.n, e.quantity, e.total) IS DISTINCT FROM (s.n, s.quantity, s.total)
   AND NOT EXISTS (SELECT FROM kpi_touched m WHERE m.tenant_id = %(tenant)s AND m.kind = %(kind)s AND (m.day = day OR key LIKE 'month of %%'))
 ORDER BY day, type, dimension, currency, key
"""


def compare(tenant: Tenant | None = None) -> list[Difference]:
    """Return every number of the rollups and of the view that differs from the facts, of one company or of all. Reads all their facts.

    Each table is compared in one statement, so a sync that runs meanwhile makes no difference. A view that is behind its facts is not
    wrong but late: see `behind`.
    """
    params = {"tenant": tenant.pk if tenant else None}
    daily = _rollup_statement("kpi_daily", "day", "SELECT * FROM truth")
    monthly = _rollup_statement("kpi_monthly", "month", _BY_MONTH)
    return [
        *_differences("kpi_daily", SUMS, pg.fetch(daily, params)),
        *_differences("kpi_monthly", SUMS, pg.fetch(monthly, params)),
        *_differences("mv_tenant_kpis", VIEW, pg.fetch(_VIEW, params)),
        *_by_dimension([tenant] if tenant else Tenant.objects.order_by("slug")),
    ]


def _by_dimension(companies: Iterable[Tenant]) -> Iterator[Difference]:
    for company in companies:
        for kind, fresh in dimensions.FRESH.items():
            asked = {
                "tenant": company.pk,
                "slug": company.slug,
                "kind": kind.value,
                "types": list(dimensions.KINDS[kind]),
                "days": None,
            }
            yield from _differences(
                "kpi_dimension", ("n", "quantity", "total"), pg.fetch(_DIMENSIONS.format(fresh=fresh), asked)
            )


def behind(tenant: Tenant | None = None) -> list[str]:
    """Return the slugs of the companies whose view waits for a refresh or for a sync that is running."""
    return [slug for _, slug in pg.fetch(_BEHIND, {"tenant": tenant.pk if tenant else None})]


def _rollup_statement(table: str, day: str, expected: str) -> str:
    return _ROLLUP.format(
        truth=_TRUTH,
        expected=expected,
        table=table,
        day=day,
        names=_NAMES,
        of=_OF,
        both=", ".join(f"s.{name}, e.{name}" for name in SUMS),
        expected_names=", ".join(f"e.{name}" for name in SUMS),
        stored_names=", ".join(f"s.{name}" for name in SUMS),
    )


def _differences(table: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Iterator[Difference]:
    for slug, key, *values in rows:
        pairs = zip(values[::2], values[1::2], strict=True)
        for column, (stored, truth) in zip(columns, pairs, strict=True):
            if stored != truth:
                yield Difference(slug, table, key, column, stored, truth)
