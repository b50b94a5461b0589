"""kpi: numbers. Rollups kept exact by triggers, the materialized view, the catalog and the pages that show them."""
