-- What happened by day in the spans that a board shows, by month, and what is forecast by day and, for sums of weeks, by week.
SELECT 'day', type, day, flow_n, flow_total, NULL::numeric, NULL::numeric, '', NULL::double precision, NULL::double precision
  FROM unnest(%(starts)s::date[], %(ends)s::date[]) AS span (first, after) JOIN kpi_daily ON day >= first AND day < after
 WHERE %(whole)s AND tenant_id = %(tenant)s AND currency = %(currency)s
 UNION ALL
SELECT 'day', type, day, n, total, NULL, NULL, '', NULL, NULL
  FROM unnest(%(starts)s::date[], %(ends)s::date[]) AS span (first, after) JOIN kpi_dimension_daily ON day >= first AND day < after
 WHERE NOT %(whole)s AND tenant_id = %(tenant)s AND type = ANY (%(types)s) AND dimension = %(dimension)s AND currency = %(currency)s AND key = %(key)s
 UNION ALL
SELECT 'month', type, month, flow_n, flow_total, NULL, NULL, '', NULL, NULL
  FROM kpi_monthly
 WHERE %(whole)s AND tenant_id = %(tenant)s AND currency = %(currency)s AND type <> 'SALE' AND month >= %(months)s AND month <= %(today)s
 UNION ALL
SELECT 'month', type, month, n, total, NULL, NULL, '', NULL, NULL
  FROM kpi_dimension_monthly
 WHERE NOT %(whole)s AND tenant_id = %(tenant)s AND type = ANY (%(types)s) AND type <> 'SALE' AND dimension = %(dimension)s
   AND currency = %(currency)s AND key = %(key)s AND month >= %(months)s AND month <= %(today)s
 UNION ALL
SELECT 'ahead', f.measure, p.start, NULL, p.mean, p.lo80, p.hi80, f.verdict, f.wape, f.covered80
  FROM kpi_forecast f LEFT JOIN kpi_forecastpoint p ON p.tenant_id = f.tenant_id AND p.forecast_id = f.id AND p.start >= %(today)s
 WHERE f.tenant_id = %(tenant)s AND f.grain = 'day' AND f.currency = %(currency)s AND f.measure = ANY (%(forecasts)s)
   AND f.about = %(about)s AND f.subject = %(key)s
 UNION ALL
SELECT 'week', f.measure, p.start, NULL, p.mean, NULL, NULL, '', NULL, NULL
  FROM kpi_forecast f JOIN kpi_forecastpoint p ON p.tenant_id = f.tenant_id AND p.forecast_id = f.id AND p.start >= %(today)s
 WHERE f.tenant_id = %(tenant)s AND f.grain = 'week' AND f.currency = %(currency)s AND f.measure = ANY (%(forecasts)s)
   AND f.about = %(about)s AND f.subject = %(key)s
