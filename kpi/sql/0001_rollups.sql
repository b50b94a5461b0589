-- Rollups by day and by month, moved in the transaction of every change to a fact. What a row counts: kpi.models.Rollup.
--
-- Each trigger sees all rows of its statement at once (transition tables), sums them into a few deltas and adds those to the stored
-- sums. So a change costs what changed, not what is stored. Deltas are applied in the order of the key: two writers cannot take the
-- same two rows in opposite orders. A statement that moves no sum writes no row.

CREATE TYPE kpi_delta AS (
    tenant_id bigint, day date, type text, currency text,
    n bigint, total numeric, active_n bigint, active_total numeric, flow_n bigint, flow_total numeric
);

CREATE FUNCTION kpi_apply(deltas kpi_delta[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO kpi_daily AS r (tenant_id, day, type, currency, n, total, active_n, active_total, flow_n, flow_total)
    SELECT d.tenant_id, d.day, d.type, d.currency, d.n, d.total, d.active_n, d.active_total, d.flow_n, d.flow_total
      FROM unnest(deltas) AS d
     ORDER BY d.tenant_id, d.day, d.type, d.currency
        ON CONFLICT (tenant_id, day, type, currency) DO UPDATE SET
           n = r.n + excluded.n, total = r.total + excluded.total,
           active_n = r.active_n + excluded.active_n, active_total = r.active_total + excluded.active_total,
           flow_n = r.flow_n + excluded.flow_n, flow_total = r.flow_total + excluded.flow_total;

    INSERT INTO kpi_monthly AS r (tenant_id, month, type, currency, n, total, active_n, active_total, flow_n, flow_total)
    SELECT d.tenant_id, date_trunc('month', d.day)::date, d.type, d.currency,
           sum(d.n), sum(d.total), sum(d.active_n), sum(d.active_total), sum(d.flow_n), sum(d.flow_total)
      FROM unnest(deltas) AS d
     GROUP BY 1, 2, 3, 4
    HAVING (sum(d.n), sum(d.total), sum(d.active_n), sum(d.active_total), sum(d.flow_n), sum(d.flow_total)) <> (0, 0, 0, 0, 0, 0)
     ORDER BY 1, 2, 3, 4
        ON CONFLICT (tenant_id, month, type, currency) DO UPDATE SET
           n = r.n + excluded.n, total = r.total + excluded.total,
           active_n = r.active_n + excluded.active_n, active_total = r.active_total + excluded.active_total,
           flow_n = r.flow_n + excluded.flow_n, flow_total = r.flow_total + excluded.flow_total;
END $$;

-- Bank lines: posted and not void ones count; ignored ones are not active; card bill payments and own transfers are no flow.

CREATE FUNCTION kpi_transactions_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    deltas kpi_delta[];
BEGIN
    SELECT array_agg(delta) INTO deltas FROM (
        SELECT (tenant_id, date, type, currency, count(*), sum(amount),
                count(*) FILTER (WHERE NOT ignored), coalesce(sum(amount) FILTER (WHERE NOT ignored), 0),
                count(*) FILTER (WHERE NOT ignored AND nature = 'regular'),
                coalesce(sum(amount) FILTER (WHERE NOT ignored AND nature = 'regular'), 0))::kpi_delta AS delta
          FROM new_rows
         WHERE status = 'posted' AND void_at IS NULL
         GROUP BY tenant_id, date, type, currency) AS summed;
    PERFORM kpi_apply(deltas) WHERE deltas IS NOT NULL;
    RETURN NULL;
END $$;

CREATE FUNCTION kpi_transactions_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    deltas kpi_delta[];
BEGIN
    SELECT array_agg(delta) INTO deltas FROM (
        SELECT (tenant_id, date, type, currency, -count(*), -sum(amount),
                -count(*) FILTER (WHERE NOT ignored), -coalesce(sum(amount) FILTER (WHERE NOT ignored), 0),
                -count(*) FILTER (WHERE NOT ignored AND nature = 'regular'),
                -coalesce(sum(amount) FILTER (WHERE NOT ignored AND nature = 'regular'), 0))::kpi_delta AS delta
          FROM old_rows
         WHERE status = 'posted' AND void_at IS NULL
         GROUP BY tenant_id, date, type, currency) AS summed;
    PERFORM kpi_apply(deltas) WHERE deltas IS NOT NULL;
    RETURN NULL;
END $$;

CREATE FUNCTION kpi_transactions_updated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    deltas kpi_delta[];
BEGIN
    SELECT array_agg((tenant_id, date, type, currency, n, total, active_n, active_total, flow_n, flow_total)::kpi_delta) INTO deltas FROM (
        SELECT tenant_id, date, type, currency, sum(sign) AS n, sum(sign * amount) AS total,
               coalesce(sum(sign) FILTER (WHERE NOT ignored), 0) AS active_n,
               coalesce(sum(sign * amount) FILTER (WHERE NOT ignored), 0) AS active_total,
               coalesce(sum(sign) FILTER (WHERE NOT ignored AND nature = 'regular'), 0) AS flow_n,
               coalesce(sum(sign * amount) FILTER (WHERE NOT ignored AND nature = 'regular'), 0) AS flow_total
          FROM (SELECT 1 AS sign, tenant_id, date, type, currency, amount, ignored, nature
                  FROM new_rows WHERE status = 'posted' AND void_at IS NULL
                 UNION ALL
                SELECT -1, tenant_id, date, type, currency, amount, ignored, nature
                  FROM old_rows WHERE status = 'posted' AND void_at IS NULL) AS signed
         GROUP BY tenant_id, date, type, currency) AS summed
     WHERE (n, total, active_n, active_total, flow_n, flow_total) <> (0, 0, 0, 0, 0, 0);
    PERFORM kpi_apply(deltas) WHERE deltas IS NOT NULL;
    RETURN NULL;
END $$;

-- Sales: not void ones count, under the type SALE; cancelled and ignored ones are neither active nor flow.

CREATE FUNCTION kpi_sales_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    deltas kpi_delta[];
BEGIN
    SELECT array_agg((tenant_id, date, 'SALE', currency, n, total, active_n, active_total, active_n, active_total)::kpi_delta) INTO deltas FROM (
        SELECT tenant_id, date, currency, count(*) AS n, sum(sale.total) AS total,
               count(*) FILTER (WHERE NOT ignored AND NOT is_cancelled) AS active_n,
               coalesce(sum(sale.total) FILTER (WHERE NOT ignored AND NOT is_cancelled), 0) AS active_total
          FROM new_rows AS sale
         WHERE void_at IS NULL
         GROUP BY tenant_id, date, currency) AS summed;
    PERFORM kpi_apply(deltas) WHERE deltas IS NOT NULL;
    RETURN NULL;
END $$;

CREATE FUNCTION kpi_sales_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    deltas kpi_delta[];
BEGIN
    SELECT array_agg((tenant_id, date, 'SALE', currency, n, total, active_n, active_total, active_n, active_total)::kpi_delta) INTO deltas FROM (
        SELECT tenant_id, date, currency, -count(*) AS n, -sum(sale.total) AS total,
               -count(*) FILTER (WHERE NOT ignored AND NOT is_cancelled) AS active_n,
               -coalesce(sum(sale.total) FILTER (WHERE NOT ignored AND NOT is_cancelled), 0) AS active_total
          FROM old_rows AS sale
         WHERE void_at IS NULL
         GROUP BY tenant_id, date, currency) AS summed;
    PERFORM kpi_apply(deltas) WHERE deltas IS NOT NULL;
    RETURN NULL;
END $$;

CREATE FUNCTION kpi_sales_updated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    deltas kpi_delta[];
BEGIN
    SELECT array_agg((tenant_id, date, 'SALE', currency, n, total, active_n, active_total, active_n, active_total)::kpi_delta) INTO deltas FROM (
        SELECT tenant_id, date, currency, sum(sign) AS n, sum(sign * signed.total) AS total,
               coalesce(sum(sign) FILTER (WHERE NOT ignored AND NOT is_cancelled), 0) AS active_n,
               coalesce(sum(sign * signed.total) FILTER (WHERE NOT ignored AND NOT is_cancelled), 0) AS active_total
          FROM (SELECT 1 AS sign, tenant_id, date, currency, total, ignored, is_cancelled FROM new_rows WHERE void_at IS NULL
                 UNION ALL
                SELECT -1, tenant_id, date, currency, total, ignored, is_cancelled FROM old_rows WHERE void_at IS NULL) AS signed
         GROUP BY tenant_id, date, currency) AS summed
     WHERE (n, total, active_n, active_total) <> (0, 0, 0, 0);
    PERFORM kpi_apply(deltas) WHERE deltas IS NOT NULL;
    RETURN NULL;
END $$;

-- TRUNCATE tells no rows: whatever the table had counted is gone.

CREATE FUNCTION kpi_facts_truncated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM kpi_daily WHERE type = ANY (TG_ARGV);
    DELETE FROM kpi_monthly WHERE type = ANY (TG_ARGV);
    RETURN NULL;
END $$;

CREATE TRIGGER kpi_inserted AFTER INSERT ON ledger_transaction
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION kpi_transactions_inserted();
CREATE TRIGGER kpi_updated AFTER UPDATE ON ledger_transaction
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION kpi_transactions_updated();
CREATE TRIGGER kpi_deleted AFTER DELETE ON ledger_transaction
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION kpi_transactions_deleted();
CREATE TRIGGER kpi_truncated AFTER TRUNCATE ON ledger_transaction
    FOR EACH STATEMENT EXECUTE FUNCTION kpi_facts_truncated('CREDIT', 'DEBIT');

CREATE TRIGGER kpi_inserted AFTER INSERT ON ledger_sale
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION kpi_sales_inserted();
CREATE TRIGGER kpi_updated AFTER UPDATE ON ledger_sale
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION kpi_sales_updated();
CREATE TRIGGER kpi_deleted AFTER DELETE ON ledger_sale
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION kpi_sales_deleted();
CREATE TRIGGER kpi_truncated AFTER TRUNCATE ON ledger_sale
    FOR EACH STATEMENT EXECUTE FUNCTION kpi_facts_truncated('SALE');

-- Sums are updated in place: room on the page keeps those updates out of the indexes.
ALTER TABLE kpi_daily SET (fillfactor = 70);
ALTER TABLE kpi_monthly SET (fillfactor = 50);

-- What is stored already. CREATE TRIGGER keeps writers out of both tables until this transaction ends.
SELECT kpi_apply(array_agg((tenant_id, date, type, currency, n, total, active_n, active_total, flow_n, flow_total)::kpi_delta))
  FROM (SELECT tenant_id, date, type, currency, count(*) AS n, sum(amount) AS total,
               count(*) FILTER (WHERE NOT ignored) AS active_n, coalesce(sum(amount) FILTER (WHERE NOT ignored), 0) AS active_total,
               count(*) FILTER (WHERE NOT ignored AND nature = 'regular') AS flow_n,
               coalesce(sum(amount) FILTER (WHERE NOT ignored AND nature = 'regular'), 0) AS flow_total
          FROM ledger_transaction WHERE status = 'posted' AND void_at IS NULL
         GROUP BY tenant_id, date, type, currency) AS summed
HAVING count(*) > 0;
SELECT kpi_apply(array_agg((tenant_id, date, 'SALE', currency, n, total, active_n, active_total, active_n, active_total)::kpi_delta))
  FROM (SELECT tenant_id, date, currency, count(*) AS n, sum(sale.total) AS total,
               count(*) FILTER (WHERE NOT ignored AND NOT is_cancelled) AS active_n,
               coalesce(sum(sale.total) FILTER (WHERE NOT ignored AND NOT is_cancelled), 0) AS active_total
          FROM ledger_sale AS sale WHERE void_at IS NULL
         GROUP BY tenant_id, date, currency) AS summed
HAVING count(*) > 0;
