"""`python -m benchmarks [names] [--json FILE] [--rows N]`: measure, print the table, keep it as JSON. Exit status 1 when a target is missed."""

import json
import platform
import sys
import time
from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psutil

from benchmarks import (
    answers,
    boards,
    details,
    forecasts,
    matching,
    pages,
    queues,
    segments,
    streams,
    syncs,
    upserts,
    views,
    whole,
    windows,
)
from benchmarks.results import Measure, Result, Settings
from benchmarks.servers import servers

# By the name they are asked for, in the order of the table. A new measure is a function and a line here.
MEASURES: Final[dict[str, Measure]] = {
    "upsert": upserts.upsert_against_orm,
    "sync": syncs.sync_while_the_table_grows,
    "view": views.refresh_against_raw,
    "page": pages.deep_page_against_first,
    "answer": answers.cached_against_serializers,
    "window": windows.sliding_window,
    "streams": streams.streams,
    "matcher": matching.matcher,
    "segments": segments.scores_in_sql,
    "queue": queues.queue_page,
    "boards": boards.board_of_twenty,
    "forecasts": forecasts.forecasts,
    "details": details.share_of_the_erp,
    "demo": whole.first_filling,
}
RESULTS = Path(__file__).resolve().parent.parent / "bench-results"


def main() -> int:
    """Run the measures that were asked for; return the exit status."""
    asked = _arguments()
    print(f"{_machine()}; {asked.rows:,} bank lines", file=sys.stderr)
    results: list[Result] = []
    with servers():
        import django

        django.setup()
        for name in asked.names or MEASURES:
            begun = time.monotonic()
            found = MEASURES[name](Settings(rows=asked.rows))
            results += found
            for result in found:
                print(_line(result), flush=True)
            print(f"  ({name}: {time.monotonic() - begun:.0f} s)", file=sys.stderr, flush=True)
    _save(results, asked)
    return 0 if all(result.ok for result in results) else 1


def _arguments() -> Namespace:
    parser = ArgumentParser(
        prog="python -m benchmarks", description="Measure what the README's table promises."
    )
    parser.add_argument("names", nargs="*", choices=[[], *MEASURES], metavar="name", help=", ".join(MEASURES))
    parser.add_argument(
        "--json", type=Path, help="where to keep the figures (default: a new file in bench-results/)"
    )
    parser.add_argument(
        "--rows", type=int, default=5_000_000, help="bank lines in the large database (default 5,000,000)"
    )
    return parser.parse_args()


def _line(result: Result) -> str:
    reach = "printed" if result.reach is None else f"{result.compare} {result.reach:g} {result.unit}"
    figures = ", ".join(
        f"{key} {value:,.1f}" if isinstance(value, float) else f"{key} {value:,}"
        for key, value in result.figures.items()
    )
    verdict = "ok  " if result.ok else "MISS"
    return f"{verdict} {result.value:>9,.2f} {result.unit:<4} ({reach:<12}) {result.measure}" + (
        f"  [{figures}]" if figures else ""
    )


def _machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    return f"{platform.system()} {platform.machine()}, {psutil.cpu_count()} cores, {memory:.0f} GB, Python {platform.python_version()}"


def _save(results: list[Result], asked: Namespace) -> None:
    now = datetime.now(UTC)
    path = asked.json or RESULTS / f"{now:%Y-%m-%dT%H-%M-%S}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    found = {
        "at": now.isoformat(timespec="seconds"),
        "machine": _machine(),
        "rows": asked.rows,
        "results": [asdict(result) | {"ok": result.ok} for result in results],
    }
    path.write_text(json.dumps(found, indent=2, ensure_ascii=False, default=str) + "\n")
    print(f"Kept in {path}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
