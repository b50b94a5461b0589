"""The servers of a run: those that the environment names, or a PostgreSQL and a Valkey of its own that end with it.

Own servers do not wait for the disk (`fsync` off), which favours whoever writes more; everything that is counted in WAL is as in production
(`full_page_writes` on). Autovacuum is off, so that it does not run into a measure; the data is vacuumed once after loading.
"""

import base64
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGINT
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from config import embedded
from config.supervise import Command, Supervisor

DATABASES = ("painel_bench_small", "painel_bench_large")
TUNING = {
    "shared_buffers": "1GB",
    "max_wal_size": "16GB",
    "checkpoint_timeout": "1h",
    "maintenance_work_mem": "512MB",
    "work_mem": "64MB",
    "full_page_writes": "on",
    "autovacuum": "off",
}


@contextmanager
def servers() -> Iterator[None]:
    """Name servers and secrets in the environment, with an empty database for each size; remove them afterwards."""
    with Supervisor() as supervisor:
        folder: Path | None = None
        if "DATABASE_URL" not in os.environ or "REDIS_URL" not in os.environ:
            folder = Path(tempfile.mkdtemp(prefix="painel-bench-"))
            embedded.make_folder(folder)
        try:
            if "DATABASE_URL" not in os.environ:
                assert folder is not None
                os.environ["DATABASE_URL"] = _postgres(supervisor, folder / "pg")
            if "REDIS_URL" not in os.environ:
                assert folder is not None
                os.environ["REDIS_URL"] = _valkey(supervisor, folder / "vk")
            with _databases(os.environ["DATABASE_URL"]):
                _environment()
                yield
        finally:
            supervisor.stop_all()
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)


def _postgres(supervisor: Supervisor, folder: Path) -> str:
    embedded.init_postgres(folder, fast=True)
    argv, user = embedded.postgres_command(folder, fast=True)
    for name, value in TUNING.items():
        argv += ["-c", f"{name}={value}"]
    url = embedded.postgres_url(folder, "postgres")
    command = Command(argv, folder / "server.log", cwd=folder, user=user, stop_signal=SIGINT)
    supervisor.start("postgres", command, ready=lambda: embedded.postgres_answers(url))
    return url


def _valkey(supervisor: Supervisor, folder: Path) -> str:
    argv = embedded.valkey_command(folder)
    url = embedded.valkey_url(folder)
    command = Command(argv, folder / "server.log")
    supervisor.start("valkey", command, ready=lambda: embedded.valkey_answers(url))
    return url


@contextmanager
def _databases(url: str) -> Iterator[None]:
    """Create the databases, and drop them at the end. Raises psycopg's DuplicateDatabase when another run uses this server."""
    made: list[str] = []
    with psycopg.connect(url, autocommit=True) as connection:
        try:
            for name in DATABASES:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
                made.append(name)
            parts = urlsplit(url)
            os.environ["DATABASE_URL"] = urlunsplit(parts._replace(path=f"/{DATABASES[0]}"))
            yield
        finally:
            for name in made:
                connection.execute(
                    sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
                )


def _environment() -> None:
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": "benchmarks-only-secret-key-of-more-than-fifty-characters-0123456",
        "JWT_SECRET": "benchmarks-only-jwt-secret-of-more-than-fifty-characters-0123456",
        "FIELD_ENCRYPTION_KEYS": base64.urlsafe_b64encode(b"benchmarks only, exactly 32 byte").decode(),
        "HTTPS_ONLY": "false",
        "DB_POOL": "false",
        "LOG_LEVEL": "warning",
    }
