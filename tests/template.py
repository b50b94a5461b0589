"""One migrated database for all workers of a run: made while they start and collect their tests, copied by each in a moment.

Migrating takes ten seconds and more of a whole processor, once instead of once a worker. A copy of one that was not finished is no harm:
each worker lets Django migrate its copy, which finishes it or says why not.
"""

import fcntl
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import LiteralString
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.db import connection
from psycopg.sql import SQL, Identifier

NAME = "test_template"
LOCK = (
    "PAINEL_TEST_TEMPLATE"  # names, for the workers, the file that is locked while the database is being made
)


def begin() -> subprocess.Popen[bytes]:
    """Start making the database; return at once what makes it."""
    _run("DROP DATABASE IF EXISTS {} WITH (FORCE)")  # of a run that was killed
    _run("CREATE DATABASE {}")
    url = urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{NAME}"))
    with tempfile.NamedTemporaryFile(prefix="painel-template-", delete=False) as lock:
        # Locked until the program ends, however it ends: it has inherited the open file.
        fcntl.flock(lock, fcntl.LOCK_EX)
        os.environ[LOCK] = lock.name
        return subprocess.Popen(
            [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
            cwd=Path(__file__).parent.parent,
            env=os.environ | {"DATABASE_URL": url},
            pass_fds=[lock.fileno()],
        )


def wait() -> str | None:
    """Return the name of the database when it is made; None in a run that makes none."""
    if LOCK not in os.environ:
        return None
    with Path(os.environ[LOCK]).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
    return NAME


def end(making: subprocess.Popen[bytes]) -> None:
    """Remove the database."""
    making.kill()
    making.wait()
    _run("DROP DATABASE IF EXISTS {} WITH (FORCE)")
    Path(os.environ.pop(LOCK)).unlink()


def _run(statement: LiteralString) -> None:
    # Not by Django's connection, which pytest-django closes to everything outside of tests.
    with psycopg.connect(
        **connection.get_connection_params() | {"dbname": "postgres"}, autocommit=True
    ) as server:
        server.execute(SQL(statement).format(Identifier(NAME)))
