"""Runs one command and ends it when the process that asked for it is gone. Started by config.supervise by its path, never imported.

    guard.py STOP_SIGNAL GRACE_SECONDS USER|- COMMAND…

Standard input is a pipe whose other end the supervisor holds. The kernel closes it however the supervisor dies, kill -9 included, so
reading its end is the one sign that cannot be missed. Standard library only, and little of it: one guard runs beside every child.
Ends with the command's own exit status, 128 + n after signal n, 127 when the command could not be started.
"""

import os
import pwd
import select
import signal
import sys
import time
from collections.abc import Callable

ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def main(arguments: list[str]) -> int:
    """Run the command until it ends or must end. Return its exit status as a shell would say it."""
    stop_signal, grace, user = signal.Signals(int(arguments[0])), float(arguments[1]), arguments[2]
    woken = _listen_to_signals()
    child = os.fork()
    if child == 0:
        _become(arguments[3:], user, stop_signal)
    status = _watch(child, woken, stop_signal, grace)
    _kill_group(
        child
    )  # what a command that died left behind in its group, such as the pool of a killed worker
    return status


def _listen_to_signals() -> int:
    """Return a descriptor that yields one byte a signal, so that select() waits for signals, the child and the pipe at once."""
    woken, writer = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, *ENDING):
        signal.signal(number, lambda *_: None)
    return woken


def _watch(child: int, woken: int, stop_signal: signal.Signals, grace: float) -> int:
    """Wait for the child. Once the pipe closes, or a signal ends us, ask the child to stop and kill its group after `grace` seconds."""
    kill_at: float | None = None
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code
        watched = [woken, 0] if kill_at is None else [woken]
        patience = None if kill_at is None else max(0.0, kill_at - time.monotonic())
        readable = select.select(watched, [], [], patience)[0]
        asked = woken in readable and any(number in ENDING for number in os.read(woken, 512))
        if kill_at is None and (asked or (0 in readable and not os.read(0, 512))):
            # The command alone: a Celery worker stops its pool itself and lets a running task finish.
            os.kill(child, stop_signal)
            kill_at = time.monotonic() + grace
        elif kill_at is not None and time.monotonic() >= kill_at:
            _kill_group(child)
            kill_at = time.monotonic() + 60


def _kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # nobody is left; macOS says EPERM when only zombies are
        return


def _become(command: list[str], user: str, stop_signal: signal.Signals) -> None:
    """Turn this fork into the command: its own session, its user, no standard input. Does not return."""
    try:
        guard = os.getppid()
        os.setsid()
        die_with_guard = (
            _prctl()
        )  # found while we may still read the standard library, which the other user perhaps may not
        if user != "-":
            entry = pwd.getpwnam(user)
            os.setgroups([])
            os.setgid(entry.pw_gid)
            os.setuid(entry.pw_uid)
        die_with_guard(1, int(stop_signal))  # PR_SET_PDEATHSIG; setuid clears it, so now
        if os.getppid() != guard:
            return  # it died before the wish was heard
        # Python ignores SIGPIPE, and what is ignored stays so through exec.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.execvp(command[0], command)
    except Exception as error:  # whatever it is, the supervisor reads it in the log
        os.write(2, f"{command[0]} could not be started as {user}: {error}\n".encode())
    finally:
        os._exit(127)


def _prctl() -> Callable[[int, int], object]:
    """Return Linux's prctl, by which a process asks for a signal when its parent is killed; elsewhere something that does nothing."""
    if sys.platform != "linux":
        return lambda _option, _value: None
    import ctypes  # here, in the fork: the guard stays small

    return ctypes.CDLL(None).prctl


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
