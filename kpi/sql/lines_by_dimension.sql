-- What a company's bank lines of some days (%(days)s; NULL: all) sum to by dimension, from the facts.
fresh AS (
    SELECT type, dimension, currency, date AS day, key, count(*) AS n, 0::numeric AS quantity, sum(amount) AS total
      FROM ledger_transaction t CROSS JOIN LATERAL
           (VALUES ('account', account_id::text), ('category', coalesce(nullif(category_override, ''), category))) AS d (dimension, key)
     WHERE tenant_id = %(tenant)s AND (%(days)s::date[] IS NULL OR date = ANY (%(days)s))
       AND status = 'posted' AND void_at IS NULL AND NOT ignored AND nature = 'regular'
     GROUP BY type, dimension, currency, date, key)
