-- The bank lines of parties that came several times since %(since)s, one row a party and direction; whoever came once never leaves the database.
-- Who it is: the whole document; else that of the only one who has this text, or this name; else the name; else the text without months and numbers.
-- Words are taken apart only where they are needed: a document that came once is dropped before, and translate() is slow.
WITH base AS MATERIALIZED (
    SELECT date, amount, sign(amount) AS way, CASE WHEN counterparty_document NOT LIKE '%%*%%' THEN nullif(counterparty_document, '') END AS document,
           coalesce(nullif(name_override, ''), nullif(counterparty_name, '')) AS called, counterparty_name, description
      FROM ledger_transaction
     WHERE tenant_id = %(tenant)s AND currency = %(currency)s AND date >= %(since)s AND date <= %(today)s AND amount <> 0
       AND status = 'posted' AND nature = 'regular' AND NOT ignored AND void_at IS NULL),
known AS (
    SELECT way, document FROM base WHERE document IS NOT NULL GROUP BY way, document HAVING count(*) > 1),
lines AS MATERIALIZED (
    SELECT b.date, b.amount, b.way, b.document, b.called, b.description,
           array_to_string(ARRAY(SELECT word FROM unnest(string_to_array(regexp_replace(CASE WHEN octet_length(b.counterparty_name) = length(b.counterparty_name) THEN lower(b.counterparty_name)
                        ELSE translate(lower(b.counterparty_name), %(accented)s, %(plain)s) END, '[^a-z]+', ' ', 'g'), ' ')) AS word
                                  WHERE word <> '' AND word <> ALL (%(numbering)s)), ' ') AS name,
           array_to_string(ARRAY(SELECT word FROM unnest(string_to_array(regexp_replace(CASE WHEN octet_length(b.description) = length(b.description) THEN lower(b.description)
                        ELSE translate(lower(b.description), %(accented)s, %(plain)s) END, '[^a-z]+', ' ', 'g'), ' ')) AS word
                                  WHERE word <> '' AND word <> ALL (%(numbering)s)), ' ') AS text
      FROM base b LEFT JOIN known k ON k.way = b.way AND k.document = b.document
     WHERE b.document IS NULL OR k.document IS NOT NULL),
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
SELECT p.party, array_agg(p.date), array_agg(p.amount), array_agg(p.text), array_agg(coalesce(p.called, '')), array_agg(p.description)
  FROM parties p JOIN again a USING (way, party)
 GROUP BY p.way, p.party
