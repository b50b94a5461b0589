"""`python -m load [--short] [--fault valkey] [--json FILE]`: put load on a panel and say which of the seven criteria it met.

Without LOAD_TARGET it starts a panel of its own in a temporary folder. With LOAD_TARGET (such as https://staging.example.com) it uses
that one and the keys of LOAD_KEYS, which `manage.py load_users --file keys.json` made there. Exit status 1 when a criterion is missed
that does not depend on how large the machine is: latency, errors, hit rate.
"""

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from load import faults, judge, plan, stack

RESULTS = stack.ROOT / "bench-results"


def main() -> int:
    """Run what was asked for, print it, keep it; return the exit status."""
    asked = _arguments()
    name = "FAULT" if asked.fault else "SHORT" if asked.short else "FULL"
    chosen: plan.Plan = getattr(plan, name)
    _allow_many_files()
    print(f"{machine()}; {name.lower()}: {chosen.seconds:.0f} s", flush=True)
    with _panel(chosen) as panel:
        if asked.fault:
            found, ok = faults.valkey(panel, lambda part: _process(panel, part))
        else:
            with panel.watched():
                notes = _drive(panel, name)
            found, ok = _verdict(notes, chosen, panel)
    _keep(asked.json, name, found)
    return 0 if ok else 1


def _arguments() -> Namespace:
    parser = ArgumentParser(prog="make load", description="Put load on a panel and judge it.")
    parser.add_argument("--short", action="store_true", help="about a minute and a half, for two cores")
    parser.add_argument("--fault", choices=["valkey"], help="kill Valkey under load and start it again")
    parser.add_argument(
        "--json", type=Path, help="where the figures go (default: a new file in bench-results/)"
    )
    asked = parser.parse_args()
    if asked.fault and os.environ.get("LOAD_TARGET"):
        parser.error("--fault kills a server, so it works on a panel of its own only: unset LOAD_TARGET.")
    return asked


@contextmanager
def _panel(chosen: plan.Plan) -> Iterator[stack.Stack]:
    target = os.environ.get("LOAD_TARGET")
    if not target:
        with stack.own(chosen.keys) as own:
            yield own
        return
    keys = os.environ.get("LOAD_KEYS")
    if not keys:
        sys.exit("LOAD_KEYS names no file. Make one there with `manage.py load_users --file keys.json`.")
    yield stack.Stack(target.rstrip("/"), Path(keys))


def _process(panel: stack.Stack, name: str) -> tuple["subprocess.Popen[str]", Path]:
    """Start Locust in a process of its own; return it and the file that it writes at its end."""
    handle, file = tempfile.mkstemp(prefix="painel-load-", suffix=".json")
    os.close(handle)
    environment = {**os.environ, "LOAD_TARGET": panel.url, "LOAD_KEYS": str(panel.keys)}
    command = [sys.executable, "-m", "load.drive", name, file]
    return (
        subprocess.Popen(command, cwd=stack.ROOT, env=environment, stdout=subprocess.PIPE, text=True),
        Path(file),
    )


def _drive(panel: stack.Stack, name: str) -> dict[str, Any]:
    process, file = _process(panel, name)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            print(f"  {line.strip()}", file=sys.stderr, flush=True)
        if process.wait():
            sys.exit("Locust ended with an error; it says above which.")
        return dict(json.loads(file.read_text()))
    finally:
        process.kill()
        file.unlink(missing_ok=True)


def _verdict(notes: dict[str, Any], chosen: plan.Plan, panel: stack.Stack) -> tuple[dict[str, Any], bool]:
    judged = [phase.name for phase in chosen.phases if phase.judged]
    found = judge.judge(notes["phases"], judged, panel.uses)
    for phase in notes["phases"]:
        print(_phase_line(phase))
    for one in found:
        value = "–" if one.value is None else f"{one.value:,.1f}"
        print(
            f"{one.verdict:<12} {one.name:<15} {value:>9} {one.unit:<6} ({one.compare} {one.reach:g})  {one.how}"
        )
    errors = {text: count for phase in notes["phases"] for text, count in phase["errors"].items()}
    for text, count in sorted(errors.items(), key=lambda pair: -pair[1])[:8]:
        print(f"  {count} × {text}")
    ok = all(one.verdict != "fail" for one in found if one.name in judge.ANY_MACHINE)
    return {
        "criteria": [asdict(one) | {"verdict": one.verdict} for one in found],
        "phases": [_summary(phase) for phase in notes["phases"]],
        "errors": errors,
    }, ok


def _summary(phase: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": phase["name"],
        "seconds": round(phase["seconds"], 1),
        "answers_per_second": round(judge.rate(phase), 1),
        "websockets": phase["websockets"],
        "errors": sum(phase["errors"].values()),
        "cache": phase["cache"],
        "milliseconds": {
            kind: {
                "count": len(spent),
                "p50": judge.percentile(spent, 50),
                "p95": judge.percentile(spent, 95),
                "p99": judge.percentile(spent, 99),
            }
            for kind, spent in phase["spent"].items()
        },
    }


def _phase_line(phase: dict[str, Any]) -> str:
    told = _summary(phase)
    parts = ", ".join(
        f"{kind} {figures['count']} p50 {figures['p50']:.0f} p95 {figures['p95']:.0f} ms"
        for kind, figures in told["milliseconds"].items()
    )
    return (
        f"{told['name']:<8} {told['seconds']:>4.0f} s  {told['answers_per_second']:>7.1f}/s  up to {told['websockets']} WebSockets, "
        f"{told['errors']} errors; {parts}"
    )


def machine() -> str:
    """Return the machine in words."""
    memory = psutil.virtual_memory().total / 2**30
    words = f"{platform.system()} {platform.machine()}, {psutil.cpu_count()} cores, {memory:.0f} GB, Python {platform.python_version()}"
    return f"{words}, {'the panel elsewhere' if os.environ.get('LOAD_TARGET') else 'load and panel on the same machine'}"


def _allow_many_files() -> None:
    """Every WebSocket is an open file, here and in the web process that inherits the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 65_536)), hard))


def _keep(file: Path | None, name: str, found: dict[str, Any]) -> None:
    now = datetime.now(UTC)
    path = file or RESULTS / f"load-{now:%Y-%m-%dT%H-%M-%S}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    body = {"at": now.isoformat(timespec="seconds"), "machine": machine(), "plan": name.lower(), **found}
    path.write_text(json.dumps(body, indent=1, ensure_ascii=False) + "\n")
    print(f"Kept in {path}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
