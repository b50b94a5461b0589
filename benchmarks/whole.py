"""The whole demo: how long the first filling takes and where the time goes, and what all processes hold in memory afterwards."""

import os
import queue
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil
import psycopg

from benchmarks.results import Result, Settings
from benchmarks.screens import change_to_screen, first_chart

ROOT: Final = Path(__file__).resolve().parent.parent
PATIENCE: Final = 900.0  # seconds
MEMORY_MB: Final = 1_200
READY: Final = "Ctrl-C ends everything"


def first_filling(settings: Settings) -> list[Result]:
    """60,000 bank lines and 120,000 sales over HTTP, upstream budgets switched off; then the memory of every process (PSS)."""
    home = Path(tempfile.mkdtemp(prefix="painel-bench-"))
    try:
        begun = time.monotonic()
        with _demo(home) as (process, address):
            seconds = time.monotonic() - begun
            timings, counts = _timings(home)
            memory = _memory(home, process.pid)
            screens = [change_to_screen(address), first_chart(address)]
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return [
        Result(
            "whole first sync from the sandbox over HTTP", seconds, "s", "printed", figures=timings | counts
        ),
        Result("memory of the whole demo, all processes (PSS)", memory, "MB", "<=", MEMORY_MB),
        *screens,
    ]


@contextmanager
def _demo(home: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the demo until it is filled and serves, and yield it with its address; end it afterwards. Raises RuntimeError with its last words when it ends before."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = {
        "DATABASE_URL",
        "REDIS_URL",
        "DJANGO_SETTINGS_MODULE",
        "SECRET_KEY",
        "JWT_SECRET",
        "FIELD_ENCRYPTION_KEYS",
    }
    environ = {name: value for name, value in os.environ.items() if name not in own}
    environ |= {"PAINEL_HOME": str(home), "DEMO_PORT": str(port)}
    process = subprocess.Popen(
        [sys.executable, "manage.py", "demo"],
        cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    said: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_listen, args=(process, said), daemon=True).start()
    try:
        _wait(said)
        yield process, f"http://localhost:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _listen(process: subprocess.Popen[str], said: queue.Queue[str]) -> None:
    assert process.stdout is not None, "it was asked for as a pipe"
    for line in process.stdout:
        said.put(line)
    said.put("")  # it ended


def _wait(said: queue.Queue[str]) -> None:
    until, last = time.monotonic() + PATIENCE, ""
    while True:
        line = said.get(timeout=max(0.1, until - time.monotonic()))
        if READY in line:
            return
        if not line:
            raise RuntimeError(f"The demo ended before it was filled: {last}")
        last = line.strip() or last


def _timings(home: Path) -> tuple[dict[str, float], dict[str, int]]:
    """Return the seconds of all runs by part, and how many rows there are."""
    sys.path.insert(0, str(ROOT))
    from config import embedded

    with psycopg.connect(embedded.postgres_url(home / "postgres")) as database:
        parts = database.execute(
            "SELECT key, sum(value::float) FROM sync_syncrun, jsonb_each_text(timings) GROUP BY key ORDER BY 2 DESC"
        ).fetchall()
        tables = ("ledger_transaction", "ledger_sale", "ledger_openitem", "sync_rawrecord")
        counts = {table: database.execute(f"SELECT count(*) FROM {table}").fetchone() for table in tables}
    return (
        {f"seconds in {part}": round(seconds, 1) for part, seconds in parts},
        {table: row[0] if row else 0 for table, row in counts.items()},
    )


def _memory(home: Path, pid: int) -> float:
    """Return the proportional set size of the demo's processes in MB: shared pages are counted once."""
    mine = re.compile(re.escape(str(home)))
    family = {child.pid for child in psutil.Process(pid).children(recursive=True)} | {pid}
    total = 0
    for process in psutil.process_iter(["pid", "cmdline"]):
        try:
            if process.pid in family or mine.search(" ".join(process.info["cmdline"] or [])):
                total += process.memory_full_info().pss
        except psutil.Error:
            continue
    return total / 1e6
