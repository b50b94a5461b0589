-- What every company's bank lines sum to, by month and type, in the company's own currency. Built over the month rollup, so that a
-- refresh costs the groups and not the facts. Readers: kpi.queries; refreshed by kpi.services only.
--
-- as_of is when the company was last built. It comes from kpi_viewstate, which a refresh writes only for companies that changed: a
-- now() here would make every row differ at every refresh, and CONCURRENTLY would rewrite them all.

CREATE MATERIALIZED VIEW mv_tenant_kpis AS
SELECT m.tenant_id,
       m.month,
       m.type,
       m.n::int AS tx_count,
       m.total AS total_amount,
       m.total / m.n AS avg_amount,
       m.active_n::int AS active_tx_count,
       CASE WHEN m.active_n > 0 THEN m.active_total END AS active_total_amount,
       coalesce(s.built_at, now()) AS as_of
  FROM kpi_monthly m
  JOIN tenants_tenant t ON t.id = m.tenant_id AND t.currency = m.currency
  LEFT JOIN kpi_viewstate s ON s.tenant_id = m.tenant_id
 WHERE m.type IN ('CREDIT', 'DEBIT') AND m.n > 0;

-- REFRESH … CONCURRENTLY needs it.
CREATE UNIQUE INDEX mv_tenant_kpis_tenant_month_type ON mv_tenant_kpis (tenant_id, month, type);
