"""kpi: numbers. Rollups kept exact by triggers, the materialized view, the catalog, and what is made of them: boards, forecasts, alerts, reports."""
