-- Recency, frequency and value of every customer before a day, with scores and segment, as of one month: rows that differ are written.
-- Scores as in kpi/segments/scores.py, in whole numbers: rank() gives equal values equal places, which NTILE would tear apart.
WITH all_bought AS MATERIALIZED (
    SELECT customer_id, max(date) AS last_day, count(*)::integer AS frequency, sum(total) AS monetary
      FROM ledger_sale
     WHERE tenant_id = %(tenant)s AND date < %(as_of)s AND customer_id IS NOT NULL AND currency = %(currency)s
       AND void_at IS NULL AND NOT is_cancelled AND NOT ignored
     GROUP BY customer_id),
bought AS (
    SELECT a.* FROM all_bought a JOIN ledger_customer c ON c.tenant_id = %(tenant)s AND c.id = a.customer_id
     WHERE c.name_folded !~ %(walk_in)s),
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
       AND s.customer_id IN (SELECT customer_id FROM had EXCEPT SELECT customer_id FROM scored))
SELECT count(*) FROM scored
