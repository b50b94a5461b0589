"""A panel of this run's own: the demo's servers and processes in a temporary folder, with companies made for the load. No Locust here."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from config import embedded, laptop
from load.judge import Use

if TYPE_CHECKING:
    from config.demo.servers import Place

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Stack:
    """Where the panel answers, the file of keys, and (its own only) the processes under it."""

    url: str
    keys: Path
    place: "Place | None" = None
    uses: list[Use] = field(default_factory=list)

    def manage(self, *argv: str) -> str:
        """Run a management command beside the panel and return what it printed. Raises CalledProcessError."""
        done = subprocess.run(
            [sys.executable, "manage.py", *argv],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            print(done.stderr, file=sys.stderr)
            done.check_returncode()
        return done.stdout

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Note each second what the web process uses, while inside."""
        if self.place is None:
            yield
            return
        process, ended = psutil.Process(self.place.supervisor.pid("web")), threading.Event()
        thread = threading.Thread(target=self._watch, args=(process, ended), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _watch(self, process: psutil.Process, ended: threading.Event) -> None:
        process.cpu_percent()
        while not ended.wait(1.0) and process.is_running():
            self.uses.append(Use(time.time(), process.memory_info().rss / 2**20, process.cpu_percent()))


@contextmanager
def own(keys: int) -> Iterator[Stack]:
    """Start a panel in a temporary folder, with so many keys, and end and remove it afterwards."""
    home = Path(tempfile.mkdtemp(prefix="painel-load-"))
    embedded.make_folder(home)
    _environment(home)
    from config.demo import database, servers
    from config.supervise import Supervisor

    try:
        with Supervisor() as supervisor:
            place = servers.Place(home, supervisor)
            _say("Starting PostgreSQL and Valkey…")
            place.start_servers()
            database.claim()
            database.prepare()
            place.start_web()
            place.start_worker()
            stack = Stack(f"http://127.0.0.1:{os.environ['DEMO_PORT']}", home / "keys.json", place)
            _say(stack.manage("load_users", "--count", str(keys), "--file", str(stack.keys)).strip())
            place.wait_web()
            yield stack
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _environment(home: Path) -> None:
    """Name everything in the environment, so that every child agrees. Valkey's port is chosen before settings are read."""
    for name in ("DATABASE_URL", "DB_HOST", "REDIS_URL", "REDIS_HOST"):
        os.environ.pop(name, None)
    os.environ["PAINEL_HOME"] = str(home)
    os.environ["DEMO_PORT"] = str(embedded.free_port(0))
    embedded.make_folder(home / "valkey")
    embedded.valkey_command(home / "valkey")
    laptop.adopt(os.environ, command="demo")
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        # The stress phase has more listeners than one process holds by default; how many there were is printed.
        "MAX_CONCURRENT_CONNECTIONS": "10000",
        "SQLITE_PATH": str(home / "cache.sqlite3"),
        "BACKUP_EVERY_HOURS": "0",
        "LOG_LEVEL": "error",
    }
    import django

    django.setup()


def keys_of(file: Path) -> list[dict[str, str]]:
    """Return the keys of the file."""
    return list(json.loads(file.read_text()))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
