"""API of kpi."""
