-- No value of a dimension: no facts.
SELECT false AS before, '' AS type, 0::bigint AS id, '' AS store, '' AS seller, '' AS channel, '' AS payment, '' AS customer, '' AS category,
       '' AS account, 0::numeric AS total WHERE false
--
-- The sales of one value.
SELECT before, 'SALE' AS type, f.id, store, seller, channel, payment, coalesce(customer_id::text, '') AS customer, NULL AS category, NULL AS account, total
  FROM span JOIN ledger_sale f ON f.date >= start AND f.date < stop
 WHERE tenant_id = %(tenant)s AND currency = %(currency)s AND void_at IS NULL AND NOT ignored AND NOT is_cancelled
   AND %(key)s = CASE %(dimension)s WHEN 'store' THEN store WHEN 'seller' THEN seller WHEN 'channel' THEN channel WHEN 'payment' THEN payment
                                    WHEN 'customer' THEN coalesce(customer_id::text, '') END
--
-- What one product brought in each sale.
SELECT before, 'SALE' AS type, f.id, store, seller, channel, payment, coalesce(customer_id::text, '') AS customer, NULL AS category, NULL AS account,
       sum(i.total) AS total
  FROM span JOIN ledger_sale f ON f.date >= start AND f.date < stop JOIN ledger_saleitem i ON i.tenant_id = f.tenant_id AND i.sale_id = f.id
 WHERE f.tenant_id = %(tenant)s AND f.currency = %(currency)s AND f.void_at IS NULL AND NOT f.ignored AND NOT f.is_cancelled
   AND coalesce(i.product_id::text, '') = %(key)s
 GROUP BY before, f.id, store, seller, channel, payment, customer_id
--
-- The bank lines of one value.
SELECT before, type, t.id, NULL AS store, NULL AS seller, NULL AS channel, NULL AS payment, NULL AS customer,
       coalesce(nullif(category_override, ''), category) AS category, account_id::text AS account, amount AS total
  FROM span JOIN ledger_transaction t ON t.date >= start AND t.date < stop
 WHERE tenant_id = %(tenant)s AND currency = %(currency)s AND status = 'posted' AND void_at IS NULL AND NOT ignored AND nature = 'regular'
   AND %(key)s = CASE %(dimension)s WHEN 'account' THEN account_id::text WHEN 'category' THEN coalesce(nullif(category_override, ''), category) END
