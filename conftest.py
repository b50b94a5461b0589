"""Real servers under the whole test run, started before the settings are read.

With `DATABASE_URL` or `REDIS_URL` in the environment the tests use those servers (PostgreSQL: a database of its own, test_…; Redis: the
named database, which must be empty). Without, servers from the wheels start in a folder of this run and end with it, kill -9 included.

pytest-django would read the settings before any conftest.py if pyproject.toml named them, so they are named here.
"""

import atexit
import base64
import gc
import os
from collections.abc import Callable, Iterator
from functools import partial
from urllib.parse import urlsplit, urlunsplit

import django
import hypothesis
import pytest
import redis
from django.conf import settings
from django.core.cache.backends.locmem import LocMemCache
from django.db import OperationalError, connection
from django.db.backends.utils import CursorWrapper
from django.test import TransactionTestCase
from psycopg.errors import DeadlockDetected

from config.testing import PostgresServer, ServersOfOneRun, ValkeyServer

WORKER = os.environ.get(
    "PYTEST_XDIST_WORKER", ""
)  # gw0, gw1, …; empty in the process that starts the servers


def _start_servers() -> None:
    """Name the servers in the environment, which the workers of pytest-xdist inherit."""
    if "DATABASE_URL" in os.environ and "REDIS_URL" in os.environ:
        return
    servers = ServersOfOneRun()
    atexit.register(servers.close)
    if "DATABASE_URL" not in os.environ:
        os.environ["DATABASE_URL"] = servers.postgres().url
    if "REDIS_URL" not in os.environ:
        os.environ["REDIS_URL"] = servers.valkey().url


def _prepare_environment() -> None:
    if WORKER:
        os.environ["REDIS_URL"] = _with_database(os.environ["REDIS_URL"], 1 + int(WORKER.removeprefix("gw")))
    else:
        _start_servers()
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": "tests-only-secret-key-of-more-than-fifty-characters-0123456789",
        "JWT_SECRET": "tests-only-jwt-secret-of-more-than-fifty-characters-0123456789",
        "FIELD_ENCRYPTION_KEYS": base64.urlsafe_b64encode(b"tests only, exactly 32 bytes ok!").decode(),
        "HTTPS_ONLY": "false",
        "STATIC_HASHED": "false",  # hashed names need collectstatic
        "DB_POOL": "false",  # a pooled connection keeps the test database from being dropped
    }


def _with_database(url: str, offset: int) -> str:
    """Return a Redis URL whose database number is `offset` higher: one database a worker."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{int(parts.path.strip('/') or 0) + offset}"))


_prepare_environment()
django.setup()
# A busy machine is no defect of the input.
hypothesis.settings.register_profile(
    "painel", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("painel")
# What is loaded now lives until the end: the collector need not look at it again and again (an eighth of the run's time).
gc.freeze()
gc.set_threshold(50_000, 20, 50)
settings.WHITENOISE_AUTOREFRESH = True  # else every test client begins by listing every static file
from live import limits  # noqa: E402 - settings first
from live.cache import tiers  # noqa: E402
from tests import midnight, template  # noqa: E402

# A worker of pytest-xdist inherits this process's environment, and pytest-django reads the settings it names before any conftest.py: before
# the worker's own Redis database is named above. So the name goes, and comes back where tests run.
SETTINGS = os.environ.pop("DJANGO_SETTINGS_MODULE")

pytest_plugins = ["tests.cast", "tests.door", "tests.second_factor", "tests.sight", "tests.post"]


@pytest.fixture(scope="session", autouse=True)
def _named_settings() -> None:
    """Programs that a test starts find the settings."""
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS


def pytest_sessionstart(session: pytest.Session) -> None:
    """While the workers start, the database that they copy is made."""
    if not WORKER and session.config.getoption("numprocesses", None):
        session.config.add_cleanup(partial(template.end, template.begin()))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """No test begins so shortly before midnight that it would see two days."""
    midnight.wait(item)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """A worker's own database is a copy."""
    connection.settings_dict["TEST"]["TEMPLATE"] = template.wait()


@pytest.fixture(scope="session")
def _redis() -> Iterator[redis.Redis]:
    """The Redis database of this worker. Refuses one that holds data before the first test: tests empty it."""
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        if client.dbsize():
            pytest.exit(
                "REDIS_URL names a database with data in it. Tests empty theirs: name an empty one.", 4
            )
        yield client
        client.flushdb()


@pytest.fixture(autouse=True)
def _empty_redis(_redis: redis.Redis) -> None:
    """Every test finds an empty Redis database, and nothing in memory from another test or from a moment when Redis was slow to answer."""
    _redis.flushdb()
    tiers.memory.clear()
    LocMemCache("counters", {}).clear()
    limits.breaker.worked()


@pytest.fixture(scope="session")
def _own_servers() -> Iterator[ServersOfOneRun]:
    servers = ServersOfOneRun()
    yield servers
    servers.close()


@pytest.fixture
def embedded_postgres_factory(_own_servers: ServersOfOneRun) -> Callable[[], PostgresServer]:
    """Return a function that starts a PostgreSQL of the test's own, to stop, kill and start again (config.testing)."""
    return _own_servers.postgres


@pytest.fixture
def valkey_factory(_own_servers: ServersOfOneRun) -> Callable[[], ValkeyServer]:
    """Return a function that starts a Valkey of the test's own, to stop, kill and start again (config.testing)."""
    return _own_servers.valkey


# Django truncates every table after each test that commits, and makes permissions anew: a quarter of a second, hundreds of times. Rows that
# a test made are few. Without triggers (`replica`), so in any order; what migrations and `post_migrate` made for good stays.
_EMPTY = """
DO $$
DECLARE
    found record;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR found IN
        SELECT oid::regclass AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
           AND relname NOT IN ('django_migrations', 'django_content_type', 'auth_permission')
    LOOP
        EXECUTE 'DELETE FROM ' || found.name;
    END LOOP;
END $$
"""
_SWOLLEN = """
SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 1000000
"""


def _emptied(cursor: CursorWrapper, tries: int = 5) -> None:
    """Delete all rows. What a server still writes for a page that just closed may hold a row that waits for ours: then once more."""
    for left in reversed(range(tries)):
        try:
            cursor.execute(_EMPTY)
        except OperationalError as error:
            if not left or not isinstance(error.__cause__, DeadlockDetected):
                raise
        else:
            return


def _empty_database(_case: TransactionTestCase) -> None:
    with connection.cursor() as cursor:
        _emptied(cursor)
        cursor.execute(_SWOLLEN)
        for (table,) in cursor.fetchall():
            cursor.execute(f"VACUUM {table}")


TransactionTestCase._fixture_teardown = _empty_database  # type: ignore[attr-defined, method-assign]
