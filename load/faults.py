"""Valkey is killed under load, started again, and in the end never started at all: what answers, how many, how old, and do syncs still run."""

import bisect
import json
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import psutil

from load import judge
from load.stack import Stack, keys_of

Start = Callable[[str], tuple["subprocess.Popen[str]", Path]]
WATCHED: Final = "load-1"
# A generation is held for at most a second in a process; what began later than that after a commit must show it.
MAY_LAG: Final = 1.5


class Changer(threading.Thread):
    """Changes a line of one company twice a second, and remembers when each version was committed."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.commits: list[float] = []
        self._ended = threading.Event()

    def run(self) -> None:
        """Go on until `end`."""
        from django.db import connection

        while not self._ended.wait(0.5):
            self._change(len(self.commits) + 1)
            self.commits.append(time.time())
        connection.close()

    def end(self) -> None:
        """Stop changing."""
        self._ended.set()
        self.join()

    def _change(self, version: int) -> None:
        from decimal import Decimal

        from django.db import transaction

        from ledger import services
        from ledger.drafts import TransactionDraft
        from ledger.models import Source
        from lib import clock
        from live import events

        source = Source.objects.select_related("tenant").get(tenant__slug=WATCHED, name="load")
        draft = TransactionDraft(
            external_id="watched",
            account_external_id="a",
            date=clock.today(source.tenant.zone),
            amount=Decimal(version),
            description=f"v{version}",
        )
        with transaction.atomic():
            services.store(tenant_id=source.tenant_id, source_id=source.pk, drafts=[draft])
            events.publish("facts_changed", tenant_id=source.tenant_id)

    def stale(self, answers: list[tuple[float, float, int]]) -> list[tuple[float, float, int]]:
        """Return the answers (begun, ended, version) that show less than what had been committed MAY_LAG before they began."""
        return [
            (begun, ended, version)
            for begun, ended, version in answers
            if version < bisect.bisect_right(self.commits, begun - MAY_LAG)
        ]


def valkey(panel: Stack, start: Start) -> tuple[dict[str, Any], bool]:
    """Do it all; return the figures and whether nothing failed that must not."""
    assert panel.place is not None, "--fault works on a panel of its own"
    _watch_one_company(panel)
    connections = _connections(panel)
    changer = Changer()
    changer.start()
    try:
        notes, synced = _under_load(panel, start, changer, connections)
        never = _never_started(panel, start)
    finally:
        changer.end()
    found = _tell(notes, changer, synced, never)
    return found, not found["server_errors"] and not found["stale"] and all(found["synchronised"].values())


def _watch_one_company(panel: Stack) -> None:
    keys = keys_of(panel.keys)
    for one in keys:
        if one["tenant"] == WATCHED:
            one["watched"] = "yes"
    panel.keys.write_text(json.dumps(keys))


def _connections(panel: Stack) -> int:
    """Give the panel the demo's companies, small, read once; return how many connections they have."""
    from config.demo import companies, filling
    from config.demo.servers import SANDBOX_SEED
    from sync.models import Connection

    assert panel.place is not None
    port = panel.place.start_sandbox(scale=0.02, live=False)
    upstreams = panel.place.wait_sandbox(port)
    tenants = companies.ensure(SANDBOX_SEED)
    filling.connect(tenants, upstreams)
    filling.fill(upstreams, panel.place.supervisor)
    return Connection.objects.count()


def _under_load(
    panel: Stack, start: Start, changer: Changer, connections: int
) -> tuple[dict[str, Any], dict[str, bool]]:
    assert panel.place is not None
    supervisor, synced = panel.place.supervisor, {}
    process, file = start("FAULT")
    assert process.stdout is not None
    for line in process.stdout:
        print(f"  {line.strip()}", flush=True)
        if line.strip() == "phase during":
            psutil.Process(supervisor.pid("valkey")).kill()
            synced["while Valkey is away"] = _sync(panel) == connections
        elif line.strip() == "phase after":
            supervisor.restart("valkey")
    process.wait()
    notes = json.loads(file.read_text())
    file.unlink()
    return notes, synced


def _never_started(panel: Stack, start: Start) -> tuple[dict[str, Any], bool]:
    """End Valkey for good and start the web process anew: it must come up, answer, and syncs must run from the rows."""
    assert panel.place is not None
    panel.place.supervisor.stop("web")
    panel.place.supervisor.stop("valkey")
    panel.place.start_web()
    panel.place.wait_web()
    process, file = start("NEVER")
    ran = _sync(panel)
    process.communicate()
    notes = json.loads(file.read_text())
    file.unlink()
    return notes, bool(ran)


def _sync(panel: Stack) -> int:
    """Ask every connection for a run and let `run_due` do them; return how many went well."""
    from config.demo import filling
    from sync.models import SyncRun

    filling.ask_all()
    before = set(SyncRun.objects.filter(status__in=SyncRun.OPEN).values_list("pk", flat=True))
    panel.manage("run_due", "--until-done")
    return SyncRun.objects.filter(pk__in=before, status=SyncRun.Status.DONE).count()


def _tell(
    notes: dict[str, Any], changer: Changer, synced: dict[str, bool], never: tuple[dict[str, Any], bool]
) -> dict[str, Any]:
    phases = [*notes["phases"], *never[0]["phases"]]
    answers = [(begun, ended, version) for begun, ended, version in notes["answers"] + never[0]["answers"]]
    stale = changer.stale(answers)
    errors = {text: count for one in phases for text, count in one["errors"].items()}
    found = {
        "phases": {
            one["name"]: {
                "answers_per_second": round(judge.rate(one), 1),
                "p95_ms": judge.percentile([ms for spent in one["spent"].values() for ms in spent], 95),
                "cache": one["cache"],
            }
            for one in phases
        },
        "errors": errors,
        "server_errors": sum(count for text, count in errors.items()),
        "watched_answers": len(answers),
        "stale": len(stale),
        "changes": len(changer.commits),
        "synchronised": {**synced, "Valkey never started": never[1]},
    }
    for name, figures in found["phases"].items():
        print(
            f"{name:<14} {figures['answers_per_second']:>7.1f} answers/s, p95 {figures['p95_ms']:.0f} ms, {figures['cache']}"
        )
    print(
        f"errors {found['server_errors']}, stale {len(stale)} of {len(answers)} answers during {len(changer.commits)} changes"
    )
    for name, ok in found["synchronised"].items():
        print(f"{'pass' if ok else 'fail'}  due synchronisations ran {name}")
    return found
