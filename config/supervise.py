"""Commands as supervised children: nothing that is started here outlives the process that started it.

Every child runs behind a guard (guard.py) and in a session of its own: Ctrl-C reaches only the supervisor, which ends the children in
reverse order; when the supervisor dies without a word, the guards see their pipe close and end the children by themselves.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import psutil

GUARD = Path(__file__).with_name("guard.py")
LOG_LIMIT = 5_000_000  # bytes; a longer log starts anew and one old copy is kept
LOOK_EVERY = 0.05  # seconds


class ChildFailed(RuntimeError):
    """A child ended, or never became ready. `name` says which, `tail` holds the last lines of its log."""

    def __init__(self, name: str, reason: str, tail: str) -> None:
        super().__init__(f"{name} {reason}" + (f". The end of its log:\n{tail}" if tail else "."))
        self.name, self.reason, self.tail = name, reason, tail


@dataclass(frozen=True)
class Command:
    """What to run and how. `env` is added to this process's environment; `user` needs root; times are seconds."""

    argv: Sequence[str]
    log_file: Path
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 10.0


@dataclass(frozen=True)
class Child:
    """One running command: its guard, and where its log begins in the file."""

    name: str
    command: Command
    guard: subprocess.Popen[bytes]
    log_start: int

    def tail(self, lines: int = 20) -> str:
        """Return the last lines that this run wrote to its log."""
        with self.command.log_file.open("rb") as log:
            log.seek(max(self.log_start, log.seek(0, os.SEEK_END) - 16_384))
            return "\n".join(log.read().decode(errors="replace").rstrip().splitlines()[-lines:])

    def failed(self, reason: str) -> ChildFailed:
        """Return the exception that says what happened to this child."""
        return ChildFailed(self.name, reason, self.tail())


class Supervisor:
    """Holds the children. As a context manager it stops them all at the end, whatever happened."""

    def __init__(self) -> None:
        self._children: dict[str, Child] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_all()

    def start(self, name: str, command: Command, *, ready: Callable[[], bool] | None = None) -> None:
        """Start a command, its output appended to its log file, and return once `ready()` is true (at once without it).

        Raises ChildFailed as `wait_ready` does.
        """
        if name in self._children:
            raise ValueError(f"{name} is running already")
        self._children[name] = _launch(name, command)
        if ready is not None:
            self.wait_ready(name, ready)

    def run(self, name: str, command: Command) -> None:
        """Run a command to its end. Raises ChildFailed when it fails, or when another child ends meanwhile."""
        self.start(name, command)
        ended = self.wait()
        assert ended is not None  # without a time limit it returns only a name
        failure = self.failure(ended)
        if ended != name or self._children[name].guard.returncode:
            raise failure
        self.stop(name)

    def restart(self, name: str) -> None:
        """Start a child that ended once more, with the same command and the same place in the order of stopping."""
        child = self._children[name]
        child.guard.wait()
        self._children[name] = _launch(name, child.command)

    def wait_ready(self, name: str, ready: Callable[[], bool], *, within: float = 60.0) -> None:
        """Return once `ready()` is true. Raises ChildFailed when the command ends before, or takes longer; it is stopped then."""
        child = self._children[name]
        until = time.monotonic() + within
        while not ready():
            code = child.guard.poll()
            if code is not None:
                self.stop(name)
                raise child.failed(f"ended with status {code} before it was ready")
            if time.monotonic() > until:
                self.stop(name)
                raise child.failed(f"was not ready within {within:.0f} s")
            time.sleep(LOOK_EVERY)

    def running(self) -> list[str]:
        """Return the names of the children that are alive, in the order of their start."""
        return [name for name, child in self._children.items() if child.guard.poll() is None]

    def pid(self, name: str) -> int:
        """Return the process id of the command itself, not of its guard. Raises ChildFailed when it is not running."""
        child = self._children[name]
        while child.guard.poll() is None:
            with contextlib.suppress(psutil.NoSuchProcess):
                for command in psutil.Process(child.guard.pid).children():
                    return int(command.pid)
            time.sleep(LOOK_EVERY)  # the guard has not come to it yet
        raise child.failed("is not running")

    def wait(self, seconds: float | None = None) -> str | None:
        """Return the name of the first child found dead, or None when `seconds` passed and all live."""
        until = None if seconds is None else time.monotonic() + seconds
        while True:
            for name, child in self._children.items():
                if child.guard.poll() is not None:
                    return name
            if until is not None and time.monotonic() >= until:
                return None
            time.sleep(LOOK_EVERY)

    def failure(self, name: str) -> ChildFailed:
        """Return what happened to a child that `wait` found dead."""
        child = self._children[name]
        return child.failed(f"ended with status {child.guard.wait()}")

    def stop(self, name: str) -> None:
        """Stop one child and wait for it. Its group is killed when it does not stop within its grace time."""
        child = self._children.pop(name)
        if child.guard.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                child.guard.stdin.close()
        try:
            child.guard.wait(child.command.grace + 30)
        except subprocess.TimeoutExpired:
            child.guard.kill()
            child.guard.wait()

    def stop_all(self) -> None:
        """Stop all children, the youngest first: workers before the servers they write to."""
        for name in reversed(list(self._children)):
            self.stop(name)


def _launch(name: str, command: Command) -> Child:
    _turn_over(command.log_file)
    options = [str(int(command.stop_signal)), str(command.grace), command.user or "-"]
    with command.log_file.open("ab") as log:
        log_start = log.tell()  # before the child shares this position and moves it
        guard = subprocess.Popen(
            [sys.executable, "-I", "-S", str(GUARD), *options, *command.argv],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **command.env},
            cwd=command.cwd,
            start_new_session=True,
        )
    return Child(name, command, guard, log_start)


def still_alive(processes: Sequence[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Wait until the processes have ended, at most so long. Return those that have not.

    A zombie has ended: in a container nobody may ever collect it, and psutil's own wait would count it as alive.
    """
    until = time.monotonic() + seconds
    while True:
        alive = [process for process in processes if _lives(process)]
        if not alive or time.monotonic() >= until:
            return alive
        time.sleep(LOOK_EVERY)


def _lives(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def _turn_over(log_file: Path) -> None:
    """Make room for the log: its folder exists, and a long log becomes the one old copy."""
    log_file.parent.mkdir(parents=True, exist_ok=True)
    if log_file.exists() and log_file.stat().st_size > LOG_LIMIT:
        log_file.replace(log_file.with_suffix(".old"))
