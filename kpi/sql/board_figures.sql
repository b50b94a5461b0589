-- What a board's numbers need besides sums by day: since when there is data, what stands now, who bought, what is settled; and with %(split_of)s how many
-- facts of these types both spans hold, which is what splitting one value by another dimension has to read; with %(recurring)s the recurring lines.
SELECT (SELECT day FROM kpi_daily WHERE tenant_id = %(tenant)s AND n > 0 AND type IN ('CREDIT', 'DEBIT') ORDER BY day LIMIT 1),
       (SELECT day FROM kpi_daily WHERE tenant_id = %(tenant)s AND n > 0 AND type = 'SALE' ORDER BY day LIMIT 1),
       (SELECT sum(balance) FROM ledger_account
         WHERE tenant_id = %(tenant)s AND currency = %(currency)s AND void_at IS NULL AND kind <> 'card'),
       EXISTS (SELECT FROM ledger_openitem WHERE tenant_id = %(tenant)s),
       EXISTS (SELECT FROM kpi_touched WHERE tenant_id = %(tenant)s),
       (SELECT as_of FROM kpi_segmentstate WHERE tenant_id = %(tenant)s),
       CASE WHEN %(customers)s THEN (
           SELECT array_agg(found ORDER BY before) FROM (
               SELECT before, ARRAY[count(key), count(key) FILTER (WHERE NOT EXISTS (
                          SELECT FROM ledger_sale e
                           WHERE e.tenant_id = %(tenant)s AND e.customer_id = key AND e.date < start
                             AND e.void_at IS NULL AND NOT e.is_cancelled AND NOT e.ignored))] AS found
                 FROM (VALUES (false, %(start)s::date, %(end)s::date), (true, %(b_start)s::date, %(b_end)s::date)) AS span (before, start, stop)
                 LEFT JOIN LATERAL (
                      SELECT DISTINCT customer_id AS key FROM ledger_sale
                       WHERE tenant_id = %(tenant)s AND date >= start AND date < stop
                         AND customer_id IS NOT NULL AND void_at IS NULL AND NOT is_cancelled AND NOT ignored) AS bought ON true
                GROUP BY before, start) AS each) END,
       CASE WHEN %(settled)s AND EXISTS (SELECT FROM reconciliation_progress WHERE tenant_id = %(tenant)s AND ran_at IS NOT NULL) THEN (
           SELECT array_agg(n ORDER BY before) FROM (
               SELECT before, (SELECT count(*) FROM ledger_transaction t
                                WHERE tenant_id = %(tenant)s AND date >= start AND date < stop AND currency = %(currency)s
                                  AND status = 'posted' AND void_at IS NULL AND NOT ignored AND nature = 'regular'
                                  AND EXISTS (SELECT FROM reconciliation_matchline l
                                               WHERE l.tenant_id = t.tenant_id AND l.transaction_id = t.id AND l.confirmed)) AS n
                 FROM (VALUES (false, %(start)s::date, %(end)s::date), (true, %(b_start)s::date, %(b_end)s::date)) AS span (before, start, stop)
               ) AS each) END,
       CASE WHEN %(split_of)s::text[] <> '{}' THEN (
           SELECT coalesce(sum(n), 0)::bigint FROM kpi_daily
            WHERE tenant_id = %(tenant)s AND type = ANY (%(split_of)s)
              AND (day >= %(start)s AND day < %(end)s OR day >= %(b_start)s AND day < %(b_end)s)) END,
       CASE WHEN %(recurring)s THEN (
           SELECT jsonb_agg(jsonb_build_array(id, code, party, name, rhythm, kind, number, back, unit, share::text, amount::text, paid))
             FROM kpi_recurringline WHERE tenant_id = %(tenant)s AND is_found AND denied_at IS NULL) END
