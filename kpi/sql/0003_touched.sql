-- Which days have to be summed by dimension again (kpi.dimensions). Rows are only added here: a writer waits for nobody, and whoever sums
-- a day sees, with the mark, the facts that were committed with it.

CREATE FUNCTION kpi_touch_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO kpi_touched (tenant_id, kind, day) SELECT DISTINCT tenant_id, TG_ARGV[0], date FROM new_rows;
    RETURN NULL;
END $$;

CREATE FUNCTION kpi_touch_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO kpi_touched (tenant_id, kind, day)
    SELECT DISTINCT tenant_id, TG_ARGV[0], date FROM old_rows WHERE EXISTS (SELECT FROM tenants_tenant t WHERE t.id = tenant_id);
    RETURN NULL;
END $$;

-- What no sum reads may change without a mark: notes, statuses of the ERP, links.
CREATE FUNCTION kpi_touch_lines_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO kpi_touched (tenant_id, kind, day)
    SELECT tenant_id, 'lines', date FROM (
        (SELECT id, tenant_id, date, type, currency, amount, status, ignored, nature, void_at IS NULL, account_id, category, category_override FROM new_rows
         EXCEPT SELECT id, tenant_id, date, type, currency, amount, status, ignored, nature, void_at IS NULL, account_id, category, category_override FROM old_rows)
         UNION ALL
        (SELECT id, tenant_id, date, type, currency, amount, status, ignored, nature, void_at IS NULL, account_id, category, category_override FROM old_rows
         EXCEPT SELECT id, tenant_id, date, type, currency, amount, status, ignored, nature, void_at IS NULL, account_id, category, category_override FROM new_rows)
    ) AS changed GROUP BY tenant_id, date;
    RETURN NULL;
END $$;

CREATE FUNCTION kpi_touch_sales_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO kpi_touched (tenant_id, kind, day)
    SELECT tenant_id, 'sales', date FROM (
        (SELECT id, tenant_id, date, currency, total, ignored, is_cancelled, void_at IS NULL, customer_id, store, seller, channel, payment FROM new_rows
         EXCEPT SELECT id, tenant_id, date, currency, total, ignored, is_cancelled, void_at IS NULL, customer_id, store, seller, channel, payment FROM old_rows)
         UNION ALL
        (SELECT id, tenant_id, date, currency, total, ignored, is_cancelled, void_at IS NULL, customer_id, store, seller, channel, payment FROM old_rows
         EXCEPT SELECT id, tenant_id, date, currency, total, ignored, is_cancelled, void_at IS NULL, customer_id, store, seller, channel, payment FROM new_rows)
    ) AS changed GROUP BY tenant_id, date;
    RETURN NULL;
END $$;

-- Lines of sales are replaced as a whole, in the transaction of their sale or after it. Sales are looked up by key: what the planner
-- does not know of the rows of a statement would make it read all of them.
CREATE FUNCTION kpi_touch_items() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO kpi_touched (tenant_id, kind, day)
    SELECT DISTINCT r.tenant_id, 'sales', s.date FROM (SELECT DISTINCT tenant_id, sale_id FROM rows) AS r
     CROSS JOIN LATERAL (SELECT date FROM ledger_sale WHERE id = r.sale_id AND tenant_id = r.tenant_id OFFSET 0) AS s;
    RETURN NULL;
END $$;

CREATE FUNCTION kpi_dimensions_truncated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM kpi_dimension_daily WHERE type = ANY (TG_ARGV);
    DELETE FROM kpi_dimension_monthly WHERE type = ANY (TG_ARGV);
    RETURN NULL;
END $$;

CREATE TRIGGER kpi_touch_inserted AFTER INSERT ON ledger_transaction
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION kpi_touch_inserted('lines');
CREATE TRIGGER kpi_touch_updated AFTER UPDATE ON ledger_transaction
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION kpi_touch_lines_updated();
CREATE TRIGGER kpi_touch_deleted AFTER DELETE ON ledger_transaction
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION kpi_touch_deleted('lines');
CREATE TRIGGER kpi_touch_truncated AFTER TRUNCATE ON ledger_transaction
    FOR EACH STATEMENT EXECUTE FUNCTION kpi_dimensions_truncated('CREDIT', 'DEBIT');

CREATE TRIGGER kpi_touch_inserted AFTER INSERT ON ledger_sale
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION kpi_touch_inserted('sales');
CREATE TRIGGER kpi_touch_updated AFTER UPDATE ON ledger_sale
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION kpi_touch_sales_updated();
CREATE TRIGGER kpi_touch_deleted AFTER DELETE ON ledger_sale
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION kpi_touch_deleted('sales');
CREATE TRIGGER kpi_touch_truncated AFTER TRUNCATE ON ledger_sale
    FOR EACH STATEMENT EXECUTE FUNCTION kpi_dimensions_truncated('SALE');

CREATE TRIGGER kpi_touch_inserted AFTER INSERT ON ledger_saleitem
    REFERENCING NEW TABLE AS rows FOR EACH STATEMENT EXECUTE FUNCTION kpi_touch_items();
CREATE TRIGGER kpi_touch_updated AFTER UPDATE ON ledger_saleitem
    REFERENCING NEW TABLE AS rows FOR EACH STATEMENT EXECUTE FUNCTION kpi_touch_items();
CREATE TRIGGER kpi_touch_deleted AFTER DELETE ON ledger_saleitem
    REFERENCING OLD TABLE AS rows FOR EACH STATEMENT EXECUTE FUNCTION kpi_touch_items();

-- What is stored already.
INSERT INTO kpi_touched (tenant_id, kind, day) SELECT DISTINCT tenant_id, 'lines', date FROM ledger_transaction;
INSERT INTO kpi_touched (tenant_id, kind, day) SELECT DISTINCT tenant_id, 'sales', date FROM ledger_sale;
