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
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

GUARD = Path(__file__).with_name("guard.py")
LOG_LIMIT = 5_000_000  # bytes; a longer log starts anew and one old copy is kept
LOOK_EVERY = 0.05  # seconds


class ChildFailed(RuntimeError):  # noqa: N818 - it says what failed
    """A child ended, or never became ready. `name` says which, `tail` holds the last lines of its log."""

    def __init__(self, name: str, reason: str, tail: str) -> None:
        super().__init__(f"{name} {reason}" + (f". The end of its log:\n{tail}" if tail else "."))
        self.name, self.reason, self.tail = name, reason, tail


@dataclass(frozen=True)
class Child:
    """One running command: its guard, where its log begins in the file, and how long it may take to stop (seconds)."""

    name: str
    guard: subprocess.Popen[bytes]
    log_file: Path
    log_start: int
    grace: float

    def tail(self, lines: int = 20) -> str:
        """Return the last lines that this run wrote to its log."""
        with self.log_file.open("rb") as log:
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

    def start(
        self,
        name: str,
        argv: Sequence[str],
        *,
        log_file: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        user: str | None = None,
        ready: Callable[[], bool] | None = None,
        ready_within: float = 60.0,
        stop_signal: signal.Signals = signal.SIGTERM,
        grace: float = 10.0,
    ) -> None:
        """Start a command and return once `ready()` is true (at once without it).

        `env` is added to this process's environment; standard output and error are appended to `log_file`; `user` needs root. Raises
        ChildFailed when the command ends before it is ready or is not ready within `ready_within` seconds; it is stopped then.
        """
        if name in self._children:
            raise ValueError(f"{name} is running already")
        _turn_over(log_file)
        guard = [
            sys.executable,
            "-I",
            "-S",
            str(GUARD),
            str(int(stop_signal)),
            str(grace),
            user or "-",
            *argv,
        ]
        with log_file.open("ab") as log:
            log_start = log.tell()  # before the child shares this position and moves it
            process = subprocess.Popen(
                guard,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                cwd=cwd,
                start_new_session=True,
            )
            child = Child(name, process, log_file, log_start, grace)
        self._children[name] = child
        if ready is not None:
            self._wait_ready(child, ready, ready_within)

    def _wait_ready(self, child: Child, ready: Callable[[], bool], seconds: float) -> None:
        until = time.monotonic() + seconds
        while not ready():
            code = child.guard.poll()
            if code is not None:
                del self._children[child.name]
                raise child.failed(f"ended with status {code} before it was ready")
            if time.monotonic() > until:
                self.stop(child.name)
                raise child.failed(f"was not ready within {seconds:.0f} s")
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
        """Return the name of the first child found dead, or None when `seconds` passed and all live. `ended()` tells the rest."""
        until = None if seconds is None else time.monotonic() + seconds
        while True:
            for name, child in self._children.items():
                if child.guard.poll() is not None:
                    return name
            if until is not None and time.monotonic() >= until:
                return None
            time.sleep(LOOK_EVERY)

    def ended(self, name: str) -> ChildFailed:
        """Forget a child that `wait` found dead, so that it can be started again. Return what happened to it."""
        child = self._children[name]
        failure = child.failed(f"ended with status {child.guard.wait()}")
        self.stop(name)
        return failure

    def stop(self, name: str) -> None:
        """Stop one child and wait for it. Its group is killed when it does not stop within its grace time."""
        child = self._children.pop(name)
        if child.guard.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                child.guard.stdin.close()
        try:
            child.guard.wait(child.grace + 30)
        except subprocess.TimeoutExpired:
            child.guard.kill()
            child.guard.wait()

    def stop_all(self) -> None:
        """Stop all children, the youngest first: workers before the servers they write to."""
        for name in reversed(list(self._children)):
            self.stop(name)


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
