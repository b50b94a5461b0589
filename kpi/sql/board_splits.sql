-- What two spans amount to by key, for several (type, dimension) at once: the largest of each, the largest changes, and the whole.
-- With %(curves)s also the curve of who carries the sales. Base: the facts of one value of a dimension (board_base.sql), split by other ones. Whole months come from the month's rows, the days at their edges from the day's.
WITH asked AS (SELECT * FROM unnest(%(types)s::text[], %(dimensions)s::text[]) AS a (type, dimension)),
span (before, start, stop) AS (VALUES (false, %(start)s::date, %(end)s::date), (true, %(b_start)s::date, %(b_end)s::date)),
base AS MATERIALIZED ({base}),
-- Each span by itself, its bounds as constants: joined to a table of spans, the whole history would be read and thrown away.
part AS (
    SELECT false AS before, m.type, m.dimension, m.key, m.n, m.total FROM asked JOIN kpi_dimension_monthly m USING (type, dimension)
     WHERE m.tenant_id = %(tenant)s AND m.currency = %(currency)s AND m.month >= %(first)s AND m.month < %(last)s
     UNION ALL
    SELECT true, m.type, m.dimension, m.key, m.n, m.total FROM asked JOIN kpi_dimension_monthly m USING (type, dimension)
     WHERE m.tenant_id = %(tenant)s AND m.currency = %(currency)s AND m.month >= %(b_first)s AND m.month < %(b_last)s
     UNION ALL
    SELECT false, d.type, d.dimension, d.key, d.n, d.total FROM asked JOIN kpi_dimension_daily d USING (type, dimension)
     WHERE d.tenant_id = %(tenant)s AND d.currency = %(currency)s AND d.day >= %(start)s AND d.day < %(head)s
     UNION ALL
    SELECT true, d.type, d.dimension, d.key, d.n, d.total FROM asked JOIN kpi_dimension_daily d USING (type, dimension)
     WHERE d.tenant_id = %(tenant)s AND d.currency = %(currency)s AND d.day >= %(b_start)s AND d.day < %(b_head)s
     UNION ALL
    SELECT false, d.type, d.dimension, d.key, d.n, d.total FROM asked JOIN kpi_dimension_daily d USING (type, dimension)
     WHERE d.tenant_id = %(tenant)s AND d.currency = %(currency)s AND d.day >= %(tail)s AND d.day < %(end)s
     UNION ALL
    SELECT true, d.type, d.dimension, d.key, d.n, d.total FROM asked JOIN kpi_dimension_daily d USING (type, dimension)
     WHERE d.tenant_id = %(tenant)s AND d.currency = %(currency)s AND d.day >= %(b_tail)s AND d.day < %(b_end)s
     UNION ALL
    SELECT before, type, d.dimension, d.key, count(*), sum(total)
      FROM base CROSS JOIN LATERAL (VALUES ('store', store), ('seller', seller), ('channel', channel), ('payment', payment), ('customer', customer),
                                           ('category', category), ('account', account)) AS d (dimension, key)
     WHERE d.dimension = ANY (%(others)s::text[]) AND d.key IS NOT NULL GROUP BY before, type, d.dimension, d.key
     UNION ALL
    SELECT b.before, b.type, 'product', coalesce(i.product_id::text, ''), count(*), sum(i.total)
      FROM base b JOIN ledger_saleitem i ON i.tenant_id = %(tenant)s AND i.sale_id = b.id
     WHERE 'product' = ANY (%(others)s::text[]) AND b.type = 'SALE' GROUP BY b.before, b.type, coalesce(i.product_id::text, '')),
summed AS MATERIALIZED (
    SELECT type, dimension, key, coalesce(sum(n) FILTER (WHERE NOT before), 0)::bigint AS n,
           coalesce(sum(total) FILTER (WHERE NOT before), 0) AS total, coalesce(sum(total) FILTER (WHERE before), 0) AS earlier
      FROM part GROUP BY type, dimension, key HAVING sum(abs(n)) <> 0),
placed AS (
    SELECT *, row_number() OVER (PARTITION BY type, dimension ORDER BY abs(total) DESC, key) AS place,
           row_number() OVER (PARTITION BY type, dimension ORDER BY abs(total - earlier) DESC, key) AS moved,
           sum(total) OVER each AS whole, sum(earlier) OVER each AS whole_earlier, count(*) OVER each AS keys,
           sum(abs(total - earlier)) OVER each AS gross
      FROM summed WINDOW each AS (PARTITION BY type, dimension)),
largest AS (
    SELECT * FROM placed WHERE place <= %(most)s OR moved <= 8 OR (dimension = %(dimension)s AND key = %(key)s)),
carried AS (
    SELECT dimension, key, total, sum(total) OVER each AS whole, count(*) OVER each AS keys,
           row_number() OVER ranked AS place, sum(total) OVER ranked AS reached
      FROM summed
     WHERE type = 'SALE' AND dimension = ANY (%(curves)s::text[]) AND total > 0 AND key <> ''
       AND NOT (dimension = 'customer' AND key IN (
           SELECT id::text FROM ledger_customer WHERE tenant_id = %(tenant)s AND name_folded ~ %(walk_in)s))
    WINDOW each AS (PARTITION BY dimension), ranked AS (PARTITION BY dimension ORDER BY total DESC, key ROWS UNBOUNDED PRECEDING)),
classed AS (
    SELECT *, count(*) FILTER (WHERE reached - total < 0.80 * whole) OVER each AS a,
           count(*) FILTER (WHERE reached - total >= 0.80 * whole AND reached - total < 0.95 * whole) OVER each AS b
      FROM carried WINDOW each AS (PARTITION BY dimension))
SELECT 'split', l.type, l.dimension, l.key, l.n, l.total, l.earlier, l.place, l.moved, l.whole, l.whole_earlier, l.keys,
       coalesce(nullif(p.name_override, ''), p.name, nullif(c.name_override, ''), c.name, nullif(a.name_override, ''), a.name),
       coalesce(c.name_folded ~ %(walk_in)s, false), l.gross
  FROM largest l
  LEFT JOIN ledger_product p ON l.dimension = 'product' AND p.tenant_id = %(tenant)s AND p.id = CASE WHEN l.dimension = 'product' AND l.key ~ '^\d{1,18}$' THEN l.key::bigint END
  LEFT JOIN ledger_customer c ON l.dimension = 'customer' AND c.tenant_id = %(tenant)s AND c.id = CASE WHEN l.dimension = 'customer' AND l.key ~ '^\d{1,18}$' THEN l.key::bigint END
  LEFT JOIN ledger_account a ON l.dimension = 'account' AND a.tenant_id = %(tenant)s AND a.id = CASE WHEN l.dimension = 'account' AND l.key ~ '^\d{1,18}$' THEN l.key::bigint END
 UNION ALL
SELECT 'curve', '', dimension, '', a, reached, b, place, 0, whole, 0, keys, '', false, 0
  FROM classed
 WHERE place IN (1, keys)
    OR place %% (ARRAY[1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000])
                [least(1 + width_bucket((keys + 99) / 100 - 1, ARRAY[1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000]), 16)] = 0
