-- The bank lines of parties that came several times since %(since)s, one row a party and direction; whoever came once never leaves the database.
-- Who it is: the whole document; else that of the only one who has this text, or this name; else the name; else the text without months and numbers.
WITH words AS MATERIALIZED (
    SELECT date, amount, sign(amount) AS way, CASE WHEN counterparty_document NOT LIKE '%%*%%' THEN nullif(counterparty_document, '') END AS document,
           coalesce(nullif(name_override, ''), nullif(counterparty_name, '')) AS called, description,
           btrim(regexp_replace(translate(lower(counterparty_name), %(accented)s, %(plain)s), %(not_letters)s, ' ', 'g'), ' ') AS name,
           btrim(regexp_replace(translate(lower(description), %(accented)s, %(plain)s), %(not_letters)s, ' ', 'g'), ' ') AS text
      FROM ledger_transaction
     WHERE tenant_id = %(tenant)s AND currency = %(currency)s AND date >= %(since)s AND date <= %(today)s AND amount <> 0
       AND status = 'posted' AND nature = 'regular' AND NOT ignored AND void_at IS NULL),
lines AS MATERIALIZED (
    SELECT date, amount, way, document, called, description, btrim(regexp_replace(regexp_replace(name, %(numbering)s, ' ', 'g'), ' +', ' ', 'g'), ' ') AS name,
           btrim(regexp_replace(regexp_replace(text, %(numbering)s, ' ', 'g'), ' +', ' ', 'g'), ' ') AS text
      FROM words),
texts AS (
    SELECT way, text, min(document) AS document FROM lines WHERE document IS NOT NULL AND text <> '' GROUP BY 1, 2 HAVING min(document) = max(document)),
names AS (
    SELECT way, name, min(document) AS document FROM lines WHERE document IS NOT NULL AND name <> '' GROUP BY 1, 2 HAVING min(document) = max(document)),
parties AS MATERIALIZED (
    SELECT l.date, l.amount, l.way, l.called, l.description, l.text,
           coalesce('d:' || coalesce(l.document, t.document, n.document), 'n:' || nullif(l.name, ''), 't:' || nullif(l.text, '')) AS party
      FROM lines l LEFT JOIN texts t ON l.document IS NULL AND t.way = l.way AND t.text = l.text
                   LEFT JOIN names n ON l.document IS NULL AND n.way = l.way AND n.name = l.name),
again AS (
    SELECT way, party FROM parties WHERE party IS NOT NULL GROUP BY way, party
    HAVING count(*) <= %(busy)s
       AND (count(DISTINCT date) >= 3 AND max(date) >= %(alive)s OR count(*) BETWEEN 2 AND 3 AND max(date) - min(date) >= 350)
     ORDER BY abs(sum(amount)) DESC LIMIT %(most)s)
SELECT p.party, array_agg(p.date), array_agg(p.amount), array_agg(p.text),
       coalesce(mode() WITHIN GROUP (ORDER BY p.called), mode() WITHIN GROUP (ORDER BY p.description))
  FROM parties p JOIN again a USING (way, party)
 GROUP BY p.way, p.party
