DROP TRIGGER kpi_touch_inserted ON ledger_transaction;
DROP TRIGGER kpi_touch_updated ON ledger_transaction;
DROP TRIGGER kpi_touch_deleted ON ledger_transaction;
DROP TRIGGER kpi_touch_truncated ON ledger_transaction;
DROP TRIGGER kpi_touch_inserted ON ledger_sale;
DROP TRIGGER kpi_touch_updated ON ledger_sale;
DROP TRIGGER kpi_touch_deleted ON ledger_sale;
DROP TRIGGER kpi_touch_truncated ON ledger_sale;
DROP TRIGGER kpi_touch_inserted ON ledger_saleitem;
DROP TRIGGER kpi_touch_updated ON ledger_saleitem;
DROP TRIGGER kpi_touch_deleted ON ledger_saleitem;
DROP FUNCTION kpi_touch_inserted(), kpi_touch_deleted(), kpi_touch_lines_updated(), kpi_touch_sales_updated(), kpi_touch_items(),
    kpi_dimensions_truncated();
