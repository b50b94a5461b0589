-- What the day rollup has to hold, recomputed from the facts; of one company (%(tenant)s) or, with NULL, of all.
SELECT tenant_id, date AS day, type, currency, count(*) AS n, sum(amount) AS total,
       count(*) FILTER (WHERE NOT ignored) AS active_n,
       coalesce(sum(amount) FILTER (WHERE NOT ignored), 0) AS active_total,
       count(*) FILTER (WHERE NOT ignored AND nature = 'regular') AS flow_n,
       coalesce(sum(amount) FILTER (WHERE NOT ignored AND nature = 'regular'), 0) AS flow_total
  FROM ledger_transaction
 WHERE status = 'posted' AND void_at IS NULL AND (%(tenant)s::bigint IS NULL OR tenant_id = %(tenant)s)
 GROUP BY tenant_id, date, type, currency
 UNION ALL
SELECT tenant_id, date, 'SALE', currency, count(*), sum(total),
       count(*) FILTER (WHERE NOT ignored AND NOT is_cancelled),
       coalesce(sum(total) FILTER (WHERE NOT ignored AND NOT is_cancelled), 0),
       count(*) FILTER (WHERE NOT ignored AND NOT is_cancelled),
       coalesce(sum(total) FILTER (WHERE NOT ignored AND NOT is_cancelled), 0)
  FROM ledger_sale
 WHERE void_at IS NULL AND (%(tenant)s::bigint IS NULL OR tenant_id = %(tenant)s)
 GROUP BY tenant_id, date, currency
