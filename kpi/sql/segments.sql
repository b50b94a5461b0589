-- Recency, frequency and value of every customer before a day, with scores and segment, as of one month: rows that differ are written.
-- Scores as in kpi/segments/scores.py, in whole numbers: rank() gives equal values equal places, which NTILE would tear apart.
WITH all_bought AS MATERIALIZED (
    SELECT customer_id, max(date) AS last_day, count(*)::integer AS frequency, sum(total) AS monetary
      FROM ledger_sale
     WHERE tenant_id = %(tenant)s AND date < %(as_of)s AND customer_id IS NOT NULL AND currency = %(currency)s
       AND void_at IS NULL AND NOT is_cancelled AND NOT ignored
     GROUP BY customer_id),
-- Placeholders are few: looked up among them, not among all customers.
bought AS (
    SELECT * FROM all_bought
     WHERE customer_id NOT IN (SELECT id FROM ledger_customer WHERE tenant_id = %(tenant)s AND name_folded ~ %(walk_in)s)),
placed AS (
    SELECT bought.*, count(*) OVER () AS n, rank() OVER (ORDER BY last_day DESC) - 1 AS newer,
           rank() OVER (ORDER BY frequency) - 1 AS rarer, rank() OVER (ORDER BY monetary) - 1 AS smaller
      FROM bought),
scored AS MATERIALIZED (
    SELECT customer_id, last_day, frequency, monetary, r, f, m, (%(segments)s::text[])[(r - 1) * 25 + (f - 1) * 5 + m] AS segment
      FROM (SELECT customer_id, last_day, frequency, monetary, ((5 * (n - newer) + n - 1) / n)::smallint AS r,
                   (1 + 5 * rarer / n)::smallint AS f, (1 + 5 * smaller / n)::smallint AS m
              FROM placed) AS marked),
had AS MATERIALIZED (SELECT * FROM kpi_segmentmember WHERE tenant_id = %(tenant)s AND month = %(month)s),
-- What stands already is left alone before it is tried: a conflict costs a look into the index for every row.
moved AS (
    SELECT scored.* FROM scored LEFT JOIN had USING (customer_id)
     WHERE (had.last_day, had.frequency, had.monetary, had.r, had.f, had.m, had.segment)
           IS DISTINCT FROM (scored.last_day, scored.frequency, scored.monetary, scored.r, scored.f, scored.m, scored.segment)),
written AS (
    INSERT INTO kpi_segmentmember AS s (tenant_id, month, customer_id, last_day, frequency, monetary, r, f, m, segment)
    SELECT %(tenant)s, %(month)s, customer_id, last_day, frequency, monetary, r, f, m, segment FROM moved
        ON CONFLICT (tenant_id, month, customer_id) DO UPDATE
       SET last_day = excluded.last_day, frequency = excluded.frequency, monetary = excluded.monetary,
           r = excluded.r, f = excluded.f, m = excluded.m, segment = excluded.segment),
gone AS (
    DELETE FROM kpi_segmentmember s
     WHERE s.tenant_id = %(tenant)s AND s.month = %(month)s
       AND NOT EXISTS (SELECT FROM scored WHERE scored.customer_id = s.customer_id))
SELECT count(*) FROM scored
