"""What the tests of backups share: a folder as their place, and other databases of the same server."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.files.storage import storages
from django.db import connection
from psycopg import sql

from live.backups import programs, rehearsal
from sync.models import RawRecord
from tenants.models import Tenant
from tests.factories import make_connection


def put_into(folder: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let backups go into the folder, in this process and in those that it starts."""
    place = {"BACKEND": "live.backups.places.Folder", "OPTIONS": {"location": str(folder)}}
    settings.STORAGES = settings.STORAGES | {"backups": place}
    storages._storages.clear()
    monkeypatch.setenv("BACKUP_URL", f"file://{folder}")
    return folder


def ours() -> str:
    """Return the name of the database of the tests."""
    return str(connection.settings_dict["NAME"])


@contextmanager
def empty_database(suffix: str) -> Iterator[str]:
    """Make an empty database on the tests' server, and drop it and what a swap made of it."""
    name = f"{ours()}_{suffix}"
    try:
        with _server() as to:
            to.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        yield name
    finally:
        for one in databases(name):
            with _server() as to:
                to.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(one)))


def databases(prefix: str) -> list[str]:
    """Return the databases whose names begin so, sorted."""
    with _server() as to:
        found = to.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY 1", [prefix]
        )
        return [str(row[0]) for row in found]


def rows(database: str, statement: str) -> list[tuple[Any, ...]]:
    """Return what a statement finds in another database of the server."""
    with psycopg.connect(**programs.address(database)) as to:
        return list(to.execute(statement))


def manage_in(database: str, *argv: str) -> None:
    """Run a management command in another database of the server."""
    rehearsal.manage(database, *argv)


def fill_with_noise(tenant: Tenant, *, megabytes: int) -> None:
    """Give the company so much data that no compression makes small."""
    wire = make_connection(tenant)
    RawRecord.objects.create(
        tenant=tenant, connection=wire, kind="customer", external_id="noise", payload={}, content_hash=b"x"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sync_rawrecord SELECT (r).* FROM (SELECT json_populate_record(r, json_build_object('id', r.id + n,"
            " 'external_id', n, 'payload', json_build_object('noise', (SELECT string_agg(gen_random_uuid()::text, '')"
            " FROM generate_series(1, 2000) WHERE n > 0)))) r FROM sync_rawrecord r, generate_series(1, %s) n) x",
            [megabytes * 24],
        )


def _server() -> psycopg.Connection[Any]:
    return psycopg.connect(**programs.address("postgres"), autocommit=True)
