-- What a company's sales of some days (%(days)s; NULL: all) sum to by dimension, from the facts.
sale AS MATERIALIZED (
    SELECT id, tenant_id, date AS day, currency, total, store, seller, channel, payment, coalesce(customer_id::text, '') AS customer
      FROM ledger_sale
     WHERE tenant_id = %(tenant)s AND (%(days)s::date[] IS NULL OR date = ANY (%(days)s)) AND void_at IS NULL AND NOT ignored AND NOT is_cancelled),
fresh AS (
    SELECT 'SALE' AS type, dimension, currency, day, key, count(*) AS n, 0::numeric AS quantity, sum(total) AS total
      FROM sale CROSS JOIN LATERAL
           (VALUES ('store', store), ('seller', seller), ('channel', channel), ('payment', payment), ('customer', customer)) AS d (dimension, key)
     GROUP BY dimension, currency, day, key
     UNION ALL
    SELECT 'SALE', 'product', s.currency, s.day, coalesce(i.product_id::text, ''), count(*), sum(i.quantity), sum(i.total)
      FROM sale s JOIN ledger_saleitem i ON i.tenant_id = s.tenant_id AND i.sale_id = s.id
     GROUP BY s.currency, s.day, coalesce(i.product_id::text, ''))
