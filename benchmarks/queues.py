"""The page of the queue with 100,000 open lines: the whole request as the server answers it, first page and at depth."""

import re
import time
from typing import Any, Final

from benchmarks.database import SMALL, timed, typical, use
from benchmarks.results import Result, Settings
from lib import pg

LINES: Final = 100_000
DEPTHS: Final = (0, 10_000, 50_000, 99_000)
ROUNDS: Final = 20
REACH_MS: Final = 100
_ROWS: Final = """
SET session_replication_role = replica;
INSERT INTO ledger_source (tenant_id, kind, name) VALUES (%(tenant)s, 'pluggy', 'Banco'), (%(tenant)s, 'gestaoclick', 'ERP');
INSERT INTO ledger_account (tenant_id, source_id, external_id, name)
SELECT tenant_id, id, 'acc', 'Conta' FROM ledger_source WHERE tenant_id = %(tenant)s AND kind = 'pluggy';
INSERT INTO ledger_customer (tenant_id, source_id, external_id, name)
SELECT s.tenant_id, s.id, 'c' || g, 'Cliente ' || g FROM ledger_source s, generate_series(1, 500) g
 WHERE s.tenant_id = %(tenant)s AND s.kind = 'gestaoclick';
INSERT INTO ledger_transaction (tenant_id, source_id, external_id, account_id, date, type, amount, currency, status, nature, operation,
       description, description_raw, category, counterparty_name, counterparty_document, reference, position, ignored)
SELECT a.tenant_id, a.source_id, 'q-' || g, a.id, date '2026-11-20' - (g %% 700), CASE WHEN g %% 4 = 0 THEN 'DEBIT' ELSE 'CREDIT' END,
       CASE WHEN g %% 4 = 0 THEN -1 ELSE 1 END * (1000 + g * 7919 %% 900000)::numeric / 100, 'BRL', 'posted', 'regular', 'pix',
       'Pix de Cliente ' || g %% 500, 'PIX RECEBIDO CLIENTE ' || g %% 500, 'Vendas', 'Cliente ' || g %% 500, lpad((g %% 500)::text, 11, '0'),
       '', 1, false
  FROM ledger_account a, generate_series(1, %(lines)s) g WHERE a.tenant_id = %(tenant)s;
INSERT INTO ledger_openitem (tenant_id, source_id, external_id, direction, status, customer_id, counterparty_name, due_date, amount, open_amount)
SELECT t.tenant_id, s.id, 'i-' || t.id || '-' || n, CASE WHEN t.amount > 0 THEN 'receivable' ELSE 'payable' END, 'open',
       (SELECT min(id) FROM ledger_customer c WHERE c.tenant_id = t.tenant_id) + t.id %% 500, t.counterparty_name, t.date, t.amount, t.amount
  FROM ledger_transaction t JOIN ledger_source s ON s.tenant_id = t.tenant_id AND s.kind = 'gestaoclick'
  JOIN generate_series(1, 2) n ON n <= CASE WHEN t.id %% 10 < 6 THEN 1 WHEN t.id %% 10 < 9 THEN 2 ELSE 0 END
 WHERE t.tenant_id = %(tenant)s;
INSERT INTO reconciliation_openline (tenant_id, transaction_id, date, amount, currency, verdict, score, line_changed_at, judged_at, waits_since)
SELECT t.tenant_id, t.id, t.date, t.amount, t.currency, CASE WHEN t.id %% 10 < 6 THEN 'clear' WHEN t.id %% 10 < 9 THEN 'ambiguous' ELSE 'none' END,
       CASE WHEN t.id %% 10 < 6 THEN 97 WHEN t.id %% 10 < 9 THEN 78 ELSE 0 END, t.updated_at, now(), NULL
  FROM ledger_transaction t WHERE t.tenant_id = %(tenant)s;
INSERT INTO reconciliation_match (tenant_id, status, kind, verdict, score, reasons, amount, signature, digest, decided_by_name)
SELECT i.tenant_id, 'proposed', 'exact', CASE WHEN t.id %% 10 < 6 THEN 'clear' ELSE 'ambiguous' END, 78,
       '[{"name": "document_equal", "points": 42, "detail": {}}, {"name": "name_equal", "points": 26, "detail": {}},
         {"name": "amount_exact", "points": 21, "detail": {}}, {"name": "same_day", "points": 11, "detail": {"days": "0"}}]',
       i.amount, md5(i.id::text), i.id || '-' || t.id, ''
  FROM ledger_openitem i JOIN ledger_transaction t ON t.tenant_id = i.tenant_id AND t.id = split_part(i.external_id, '-', 2)::bigint
 WHERE i.tenant_id = %(tenant)s;
INSERT INTO reconciliation_matchline (tenant_id, match_id, transaction_id, amount, rank)
SELECT tenant_id, id, split_part(digest, '-', 2)::bigint, amount, 1 FROM reconciliation_match WHERE tenant_id = %(tenant)s;
INSERT INTO reconciliation_matchitem (tenant_id, match_id, open_item_id, amount)
SELECT tenant_id, id, split_part(digest, '-', 1)::bigint, amount FROM reconciliation_match WHERE tenant_id = %(tenant)s;
INSERT INTO reconciliation_progress (tenant_id, ran_at, seen_until, weights, behind) VALUES (%(tenant)s, now(), now(), '', false);
SET session_replication_role = origin;
"""
_TABLES: Final = (
    "ledger_transaction", "ledger_openitem", "ledger_customer", "reconciliation_openline", "reconciliation_match", "reconciliation_matchline",
    "reconciliation_matchitem",
)  # fmt: skip


def queue_page(settings: Settings) -> list[Result]:
    """Ask for the page as a browser does, in turns over the depths; and for its queue alone, which htmx asks for."""
    use(SMALL)
    ask, cursors = _prepared()
    whole: dict[int, list[float]] = {depth: [] for depth in DEPTHS}
    alone: dict[int, list[float]] = {depth: [] for depth in DEPTHS}
    for _round in range(ROUNDS):
        for depth in DEPTHS:
            whole[depth].append(timed(lambda at=cursors[depth]: ask(at)))  # type: ignore[misc]
            alone[depth].append(timed(lambda at=cursors[depth]: ask(at, queue=True)))  # type: ignore[misc]
    figures = {f"at {depth:,} ms": 1000 * typical(took) for depth, took in whole.items()}
    figures |= {f"queue alone at {depth:,} ms": 1000 * typical(took) for depth, took in alone.items()}
    begun = time.process_time()
    for _round in range(ROUNDS):
        ask("")
    figures["CPU of Python a page ms"] = 1000 * (time.process_time() - begun) / ROUNDS
    worst = max(1000 * typical(took) for took in whole.values())
    return [
        Result(
            f"page of the queue with {LINES:,} open lines, slowest depth",
            worst,
            "ms",
            "<=",
            REACH_MS,
            figures,
        )
    ]


def _prepared() -> tuple[Any, dict[int, str]]:
    """Make the company; return what asks for its page, and the cursors of the depths."""
    from django.conf import settings as ours
    from django.test import Client

    from lib import keyset
    from reconciliation.models import OpenLine
    from tenants import services

    ours.ALLOWED_HOSTS = ["testserver"]
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # nobody collected the files
    ours.STORAGES = {**ours.STORAGES, "staticfiles": plain}
    tenant = services.create_tenant(name="Fila", slug="queue", document="", is_demo=True)
    user = services.create_user(email="queue@example.com", name="Ana", password="benchmarks only")
    services.add_member(tenant=tenant, email=user.email, role="owner", actor=None)
    pg.execute(_ROWS, {"tenant": tenant.pk, "lines": LINES})
    for table in _TABLES:
        pg.execute(f"VACUUM ANALYZE {table}")
    client = Client()
    client.force_login(user)
    rows = OpenLine.objects.filter(tenant=tenant).order_by("-date", "-transaction_id")
    cursors = {0: ""}
    for depth in DEPTHS[1:]:
        edge = rows.values("date", "transaction_id")[depth - 1 : depth].get()
        cursors[depth] = keyset._encode(edge, ["date", "transaction_id"], backwards=False)

    def ask(cursor: str, *, queue: bool = False) -> None:
        headers = {"HX-Request": "true", "HX-Target": "queue"} if queue else {}
        answer = client.get("/t/queue/reconciliation/", {"cursor": cursor} if cursor else {}, headers=headers)
        assert answer.status_code == 200, answer.status_code
        assert len(re.findall(r"Cliente \d+", answer.content.decode())) >= 20, "the page shows its lines"

    for cursor in cursors.values():
        ask(cursor)
    return ask, cursors
