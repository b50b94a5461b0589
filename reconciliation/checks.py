"""Whether what is stored about matches holds: read without any of the flags and triggers that keep it so."""

from collections.abc import Iterator
from typing import Final

from lib import pg
from tenants.models import Tenant

# Each returns (slug, …): the values of its sentence. Facts that changed after the matcher last looked are its next run's business.
_CHECKS: Final = (
    (
        "{0}: match {1} has lines of {2} and items with differences of {3}.",
        """
        SELECT t.slug, m.id, l.total, i.total + a.total
          FROM reconciliation_match m JOIN tenants_tenant t ON t.id = m.tenant_id,
               LATERAL (SELECT coalesce(sum(amount), 0) AS total FROM reconciliation_matchline p WHERE p.tenant_id = m.tenant_id AND p.match_id = m.id) l,
               LATERAL (SELECT coalesce(sum(amount), 0) AS total FROM reconciliation_matchitem p WHERE p.tenant_id = m.tenant_id AND p.match_id = m.id) i,
               LATERAL (SELECT coalesce(sum(amount), 0) AS total FROM reconciliation_matchadjustment p
                         WHERE p.tenant_id = m.tenant_id AND p.match_id = m.id) a
         WHERE m.status IN ('proposed', 'confirmed') AND (l.total <> i.total + a.total OR l.total <> m.amount) AND {company}
        """,
    ),
    (
        "{0}: bank line {1} is settled {2} times.",
        """
        SELECT t.slug, l.transaction_id, count(*) FROM reconciliation_matchline l
          JOIN reconciliation_match m ON m.id = l.match_id AND m.status = 'confirmed' JOIN tenants_tenant t ON t.id = l.tenant_id
         WHERE {company} GROUP BY t.slug, l.transaction_id HAVING count(*) > 1
        """,
    ),
    (
        "{0}: match {1} settles bank line {2} with {3}, but the line is {4}.",
        """
        SELECT t.slug, m.id, l.transaction_id, l.amount, CASE WHEN x.void_at IS NULL THEN x.amount::text ELSE 'void' END
          FROM reconciliation_matchline l JOIN reconciliation_match m ON m.id = l.match_id AND m.status = 'confirmed'
          JOIN tenants_tenant t ON t.id = l.tenant_id
          LEFT JOIN ledger_transaction x ON x.id = l.transaction_id AND x.tenant_id = l.tenant_id
          LEFT JOIN reconciliation_progress p ON p.tenant_id = l.tenant_id
         WHERE (x.id IS NULL OR x.void_at IS NOT NULL OR x.amount <> l.amount) AND (x.id IS NULL OR x.updated_at < p.seen_until) AND {company}
        """,
    ),
    (
        "{0}: open item {1} of {2} is settled with {3}.",
        """
        SELECT t.slug, o.id, o.amount, sum(i.amount)
          FROM reconciliation_matchitem i JOIN reconciliation_match m ON m.id = i.match_id AND m.status = 'confirmed'
          JOIN ledger_openitem o ON o.id = i.open_item_id JOIN tenants_tenant t ON t.id = i.tenant_id
          LEFT JOIN reconciliation_progress p ON p.tenant_id = i.tenant_id
         WHERE (o.updated_at < p.seen_until OR p.seen_until IS NULL) AND {company}
         GROUP BY t.slug, o.id HAVING sum(i.amount) * sign(o.amount) NOT BETWEEN 0 AND abs(o.amount)
        """,
    ),
    (
        "{0}: match {1} belongs to another company than a part of it.",
        """
        SELECT DISTINCT t.slug, m.id FROM reconciliation_match m JOIN tenants_tenant t ON t.id = m.tenant_id
          LEFT JOIN reconciliation_matchline l ON l.match_id = m.id LEFT JOIN ledger_transaction x ON x.id = l.transaction_id
          LEFT JOIN reconciliation_matchitem i ON i.match_id = m.id LEFT JOIN ledger_openitem o ON o.id = i.open_item_id
         WHERE (l.tenant_id <> m.tenant_id OR x.tenant_id <> m.tenant_id OR i.tenant_id <> m.tenant_id OR o.tenant_id <> m.tenant_id) AND {company}
        """,
    ),
    (
        "{0}: match {1} is {2}, and its parts say something else.",
        """
        SELECT DISTINCT t.slug, m.id, m.status FROM reconciliation_match m JOIN tenants_tenant t ON t.id = m.tenant_id
          JOIN (SELECT match_id, confirmed FROM reconciliation_matchline UNION ALL SELECT match_id, confirmed FROM reconciliation_matchitem) p
            ON p.match_id = m.id
         WHERE p.confirmed <> (m.status = 'confirmed') AND {company}
        """,
    ),
    (
        "{0}: match {1} is {2}, and no decision says so.",
        """
        SELECT t.slug, m.id, m.status FROM reconciliation_match m JOIN tenants_tenant t ON t.id = m.tenant_id
         WHERE m.status NOT IN ('proposed', 'replaced') AND {company}
           AND m.status IS DISTINCT FROM (SELECT d.after FROM reconciliation_decision d WHERE d.tenant_id = m.tenant_id AND d.match_id = m.id
                                           ORDER BY d.id DESC LIMIT 1)
        """,
    ),
    (
        "{0}: bank line {1} is settled and waits in the queue all the same.",
        """
        SELECT t.slug, q.transaction_id FROM reconciliation_openline q JOIN tenants_tenant t ON t.id = q.tenant_id
          JOIN reconciliation_matchline l ON l.tenant_id = q.tenant_id AND l.transaction_id = q.transaction_id
          JOIN reconciliation_match m ON m.id = l.match_id AND m.status = 'confirmed'
         WHERE {company}
        """,
    ),
)


def problems(tenant: Tenant | None = None) -> Iterator[str]:
    """Yield a sentence for everything about matches that does not hold, of one company or of all; nothing when all is well."""
    company, params = ("t.id = %s", [tenant.pk]) if tenant else ("TRUE", [])
    for sentence, sql in _CHECKS:
        for row in pg.fetch(sql.format(company=company), params):
            yield sentence.format(*row)
