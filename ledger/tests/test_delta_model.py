"""A client that applies what it is told ends with exactly the list, under any interleaving of writers that commit late or never."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from live import delta
from live.cache import forget_generations
from tenants.models import Tenant
from tests.api import body, make_key
from tests.factories import make_source, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/customers?status=active&sort=-id&limit=3"
EXAMPLES = int(os.environ.get("HYPOTHESIS_EXAMPLES", "25"))
_numbers = count(1)
# What a writer does to the n-th of its rows. Two writers never share a row: they would only wait for each other.
WRITES = {
    "insert": "INSERT INTO ledger_customer (tenant_id, source_id, external_id, name) VALUES (%(tenant)s, %(source)s, %(key)s, 'new')",
    "update": "UPDATE ledger_customer SET name = name || '+', updated_at = now() WHERE id = %(id)s",
    "hide": "UPDATE ledger_customer SET is_active = NOT is_active, updated_at = now() WHERE id = %(id)s",
    "void": "UPDATE ledger_customer SET void_at = now(), updated_at = now() WHERE id = %(id)s",
    "revive": "UPDATE ledger_customer SET void_at = NULL, updated_at = now() WHERE id = %(id)s",
    "rekey": "UPDATE ledger_customer SET external_id = %(key)s, updated_at = now() WHERE id = %(id)s",
    "delete": "DELETE FROM ledger_customer WHERE id = %(id)s",
}


@dataclass
class Writer:
    """One program that writes customers of its own source; its transaction stays open until it is told to end it."""

    link: psycopg.Connection[Any]
    tenant_id: int
    source_id: int
    n: int = 0

    def do(self, what: str, which: int) -> None:
        """Write once, or end the transaction."""
        if what == "commit":
            # As `events.publish` does, in the last statement.
            self.link.execute(
                "UPDATE live_generation SET facts = facts + 1 WHERE tenant_id = %s", [self.tenant_id]
            )
            self.link.commit()
        elif what == "rollback":
            self.link.rollback()
        elif what == "begin":
            self.link.execute("SELECT now()")
        else:
            self._write(what, which)

    def _write(self, what: str, which: int) -> None:
        mine = self.link.execute(
            "SELECT id FROM ledger_customer WHERE source_id = %s ORDER BY id", [self.source_id]
        ).fetchall()
        if not mine and what != "insert":
            return
        self.n += 1
        values = {"tenant": self.tenant_id, "source": self.source_id, "key": f"k{self.n}"}
        self.link.execute(WRITES[what], values | {"id": mine[which % len(mine)][0] if mine else 0})


@dataclass
class Reader:
    """A client that keeps a copy. It reads one page at a time, so writers come between its pages."""

    client: Client
    copy: dict[int, Any] = field(default_factory=dict)
    since: str = ""
    etag: str = ""
    # While it is in the middle of pages: the cursor, and what the first page said.
    cursor: str = ""
    begun: dict[str, Any] = field(default_factory=dict)

    def step(self) -> bool:
        """Read one page and apply it; return whether nothing is left to read."""
        query = f"&since={self.since}" * bool(self.since) + f"&cursor={self.cursor}" * bool(self.cursor)
        headers = {"If-None-Match": self.etag} if self.etag and not self.cursor else {}
        answer = self.client.get(URL + query, headers=headers)
        if answer.status_code == 304:
            return True
        found = body(answer)
        if not self.cursor:
            self.begun = found
            if not found["isDelta"]:
                self.copy.clear()
        for row in found["data"]:
            if row.pop("_operation", "") == "delete":
                self.copy.pop(row["id"], None)
            else:
                self.copy[row["id"]] = row
        self.cursor = found["meta"]["next"] or ""
        if not self.cursor:
            self.since, self.etag = self.begun["timestamp"], self.begun["etag"]
        return not self.cursor


def whole(client: Client) -> dict[int, Any]:
    """Return the whole list as it is now."""
    rows, cursor = dict[int, Any](), ""
    while True:
        found = body(
            client.get(URL + f"&cursor={cursor}" * bool(cursor), headers={"Cache-Control": "no-cache"})
        )
        rows |= {row["id"]: row for row in found["data"]}
        cursor = found["meta"]["next"]
        if not cursor:
            return rows


@pytest.fixture
def links() -> Iterator[list[psycopg.Connection[Any]]]:
    """Two more connections to the database."""
    params = connection.get_connection_params()
    kept = {name: params[name] for name in ("dbname", "user", "password", "host", "port") if params.get(name)}
    found = [psycopg.connect(**kept) for _ in range(2)]
    yield found
    for link in found:
        link.close()


STEPS = st.tuples(
    st.sampled_from([*WRITES, "insert", "begin", "commit", "commit", "rollback"]),
    st.integers(0, 1),
    st.integers(0, 9),
)
READS = st.tuples(st.just("read"), st.just(0), st.just(0))


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEPS | READS, min_size=5, max_size=40))
def test_the_copy_ends_as_the_list(
    steps: list[tuple[str, int, int]],
    links: list[psycopg.Connection[Any]],
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
) -> None:
    # Only the open transactions protect: with the two seconds of grace on top every example would be told everything.
    monkeypatch.setattr(delta, "_NOW", delta._NOW.replace("2 seconds", "0 seconds"))
    settings.RATE_LIMIT_REQUESTS_PER_MINUTE = 1_000_000
    for link in links:
        link.rollback()
    tenant: Tenant = make_tenant(f"Aurora {next(_numbers)}")
    writers = [Writer(link, tenant.pk, make_source(tenant, name=str(n)).pk) for n, link in enumerate(links)]
    client = Client(headers={"Authorization": f"Api-Key {make_key(tenant)}"})
    reader = Reader(client)
    for what, who, which in steps:
        if what == "read":
            forget_generations()
            reader.step()
        else:
            writers[who].do(what, which)
    for writer in writers:
        writer.do("commit", 0)
    forget_generations()
    while not reader.step():
        pass
    forget_generations()
    while not reader.step():  # the pages that were open then began before the last commits
        pass
    assert reader.copy == whole(client)
