"""Children end with their supervisor, however it ends. Real processes throughout."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from config.supervise import LOG_LIMIT, ChildFailed, Command, Supervisor, still_alive

PROJECT = Path(__file__).resolve().parent.parent.parent
# Prints its own pid and that of a grandchild of its process group, then waits.
FAMILY = """
import os, subprocess, sys, time
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("family", os.getpid(), grandchild.pid, flush=True)
time.sleep(600)
"""
STUBBORN = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("family", os.getpid(), os.getpid(), flush=True)
time.sleep(600)
"""
# Writes its name to a file when it is told to stop.
TELLING = """
import os, signal, sys, time
def say(*_):
    with open(sys.argv[2], "a") as order:
        print(sys.argv[1], file=order)
    sys.exit(0)
signal.signal(signal.SIGTERM, say)
print("family", os.getpid(), os.getpid(), flush=True)
time.sleep(600)
"""
# A supervisor of its own process, with one child, that says when the child is up and then waits.
PARENT = """
import signal, sys
# A shell that runs tests in the background has its children ignore Ctrl-C, nohup the end of the terminal.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
from pathlib import Path
from config.supervise import Command, Supervisor
log = Path(sys.argv[1])
supervisor = Supervisor()
command = Command([sys.executable, "-c", sys.argv[2]], log, grace=float(sys.argv[3]))
supervisor.start("child", command, ready=lambda: b"family" in log.read_bytes())
print(supervisor._children["child"].guard.pid, flush=True)
supervisor.wait()
"""


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    with Supervisor() as it:
        yield it


def start_python(supervisor: Supervisor, code: str, log: Path, *, grace: float = 10) -> list[psutil.Process]:
    """Start Python code that prints "family PID PID" and return those processes."""
    ready: Callable[[], bool] = lambda: "family" in log.read_text()  # noqa: E731
    supervisor.start("child", Command([sys.executable, "-c", code], log, grace=grace), ready=ready)
    return family(log)


def family(log: Path) -> list[psutil.Process]:
    return [psutil.Process(int(pid)) for pid in log.read_text().split()[1:3]]


def assert_gone(processes: list[psutil.Process]) -> None:
    assert still_alive(processes, 30) == []


def parent_of(
    code: str, log: Path, grace: float = 10
) -> tuple[subprocess.Popen[bytes], psutil.Process, list[psutil.Process]]:
    """Start a process that supervises `code`. Return it, the guard and the family."""
    command = [sys.executable, "-c", PARENT, str(log), code, str(grace)]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=PROJECT)
    assert parent.stdout is not None
    guard = psutil.Process(int(parent.stdout.readline()))
    return parent, guard, family(log)


def test_stop_ends_the_command_and_what_it_started(supervisor, tmp_path):
    processes = start_python(supervisor, FAMILY, tmp_path / "log")
    supervisor.stop("child")
    assert_gone(processes)
    assert supervisor.running() == []


def test_a_command_that_ignores_the_signal_is_killed_after_its_grace(supervisor, tmp_path):
    processes = start_python(supervisor, STUBBORN, tmp_path / "log", grace=0.2)
    supervisor.stop("child")
    assert_gone(processes)


def test_kill_9_of_the_supervisor_leaves_nothing_alive(tmp_path):
    parent, guard, processes = parent_of(FAMILY, tmp_path / "log")
    parent.kill()
    parent.wait()
    assert_gone([guard, *processes])


def test_kill_9_of_the_supervisor_ends_a_stubborn_command_too(tmp_path):
    parent, guard, processes = parent_of(STUBBORN, tmp_path / "log", grace=0.2)
    parent.kill()
    parent.wait()
    assert_gone([guard, *processes])


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_the_supervisor_ends_its_children(tmp_path, ending):
    parent, guard, processes = parent_of(FAMILY, tmp_path / "log")
    parent.send_signal(ending)
    parent.wait()
    assert_gone([guard, *processes])


def test_kill_9_of_the_guard_ends_the_command_on_linux(supervisor, tmp_path):
    log = tmp_path / "log"
    command = start_python(supervisor, FAMILY, log)[0]
    psutil.Process(command.ppid()).kill()
    assert supervisor.wait() == "child"
    assert_gone([command])
    for process in family_left(log):
        process.kill()


def family_left(log: Path) -> list[psutil.Process]:
    return [psutil.Process(pid) for pid in map(int, log.read_text().split()[1:3]) if psutil.pid_exists(pid)]


def test_ctrl_c_at_the_terminal_does_not_reach_the_child(supervisor, tmp_path):
    command, _ = start_python(supervisor, FAMILY, tmp_path / "log")
    guard = command.ppid()
    assert len({os.getsid(0), os.getsid(guard), os.getsid(command.pid)}) == 3
    assert os.getpgid(command.pid) == command.pid


def test_children_stop_in_reverse_order(supervisor, tmp_path):
    for name in ("server", "web", "worker"):
        log = tmp_path / f"{name}.log"
        supervisor.start(
            name,
            Command([sys.executable, "-c", TELLING, name, str(tmp_path / "order")], log),
            ready=lambda log=log: "family" in log.read_text(),
        )
    assert supervisor.running() == ["server", "web", "worker"]
    supervisor.stop_all()
    assert (tmp_path / "order").read_text().split() == ["worker", "web", "server"]


def test_a_crash_is_told_with_the_end_of_the_log(supervisor, tmp_path):
    log = tmp_path / "log"
    log.write_text("of an earlier run\n")
    supervisor.start(
        "web", Command([sys.executable, "-c", "import sys; print('no table'); sys.exit(3)"], log)
    )
    assert supervisor.wait() == "web"
    failure = supervisor.failure("web")
    assert (failure.name, failure.reason, failure.tail) == ("web", "ended with status 3", "no table")
    assert supervisor.running() == []


def test_a_dead_child_starts_again_in_its_place(supervisor, tmp_path):
    command, _ = start_python(supervisor, FAMILY, tmp_path / "log")
    supervisor.start("later", Command(["/bin/sleep", "600"], tmp_path / "later.log"))
    command.kill()
    assert supervisor.wait() == "child"
    supervisor.restart("child")
    assert supervisor.running() == ["child", "later"]
    assert supervisor.pid("child") != command.pid


def test_death_by_signal_is_128_and_its_number(supervisor, tmp_path):
    command, _ = start_python(supervisor, FAMILY, tmp_path / "log")
    command.kill()
    assert supervisor.wait() == "child"
    assert supervisor.failure("child").reason == "ended with status 137"


def test_a_command_that_dies_before_it_is_ready_fails_at_once(supervisor, tmp_path):
    with pytest.raises(ChildFailed) as caught:
        supervisor.start(
            "db",
            Command([sys.executable, "-c", "print('bad data'); exit(1)"], tmp_path / "log"),
            ready=lambda: False,
        )
    assert str(caught.value) == "db ended with status 1 before it was ready. The end of its log:\nbad data"


def test_a_command_that_never_becomes_ready_is_stopped(supervisor, tmp_path):
    log = tmp_path / "log"
    supervisor.start(
        "db", Command([sys.executable, "-c", FAMILY], log), ready=lambda: "family" in log.read_text()
    )
    with pytest.raises(ChildFailed, match=r"db was not ready within 0 s"):
        supervisor.wait_ready("db", lambda: False, within=0.1)
    assert supervisor.running() == []
    assert_gone(family_left(log))


def test_a_program_that_does_not_exist_is_named(supervisor, tmp_path):
    with pytest.raises(ChildFailed, match=r"status 127(.|\n)*/no/such/program could not be started"):
        supervisor.start("db", Command(["/no/such/program"], tmp_path / "log"), ready=lambda: False)


def test_wait_returns_none_when_all_live(supervisor, tmp_path):
    start_python(supervisor, FAMILY, tmp_path / "log")
    assert supervisor.wait(0.1) is None


def test_environment_reaches_the_command_and_standard_input_is_empty(supervisor, tmp_path):
    log = tmp_path / "log"
    code = "import os, sys; print(os.environ['FLAVOUR'], repr(sys.stdin.read()))"
    supervisor.start("child", Command([sys.executable, "-c", code], log, env={"FLAVOUR": "manga"}))
    supervisor.wait()
    assert log.read_text() == "manga ''\n"


def test_sigpipe_is_not_ignored_by_the_command(supervisor, tmp_path):
    log = tmp_path / "log"
    supervisor.start("child", Command(["/bin/sh", "-c", "kill -PIPE $$; echo survived"], log))
    supervisor.wait()
    assert (supervisor.failure("child").reason, log.read_text()) == ("ended with status 141", "")


def test_a_long_log_starts_anew_and_one_old_copy_is_kept(supervisor, tmp_path):
    log = tmp_path / "child.log"
    log.write_bytes(b"x" * (LOG_LIMIT + 1))
    supervisor.start("child", Command(["/bin/echo", "new"], log))
    supervisor.wait()
    assert log.read_text() == "new\n"
    assert (tmp_path / "child.old").stat().st_size == LOG_LIMIT + 1


def test_one_name_one_child(supervisor, tmp_path):
    start_python(supervisor, FAMILY, tmp_path / "log")
    with pytest.raises(ValueError, match="child is running already"):
        supervisor.start("child", Command(["/bin/true"], tmp_path / "log"))


# --- commands that come to an end --------------------------------------------------------------------------------------
def test_a_command_runs_to_its_end_and_another_may_take_its_name(supervisor, tmp_path):
    log = tmp_path / "log"
    for word in ("one", "two"):
        supervisor.run("work", Command([sys.executable, "-c", f"print('{word}')"], log))
    assert log.read_text() == "one\ntwo\n"
    assert supervisor.running() == []


def test_a_command_that_fails_says_why(supervisor, tmp_path):
    with pytest.raises(ChildFailed, match=r"work ended with status 3[^\0]*no such file"):
        supervisor.run(
            "work", Command([sys.executable, "-c", "print('no such file'); exit(3)"], tmp_path / "log")
        )


def test_nobody_waits_for_a_command_whose_server_died(supervisor, tmp_path):
    supervisor.start("server", Command([sys.executable, "-c", "exit(0)"], tmp_path / "server"))
    with pytest.raises(ChildFailed, match="server ended with status 0"):
        supervisor.run(
            "work", Command([sys.executable, "-c", "import time; time.sleep(600)"], tmp_path / "work")
        )
