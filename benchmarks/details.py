"""How many reads of one record reach the ERP in a working day of the demo, when every read asks for at most ten minutes of age.

The day is replayed through the API's own view, in the running demo's databases and against its simulated ERP; only the clock is ours, so
that ten hours pass in minutes. No synchronisation runs meanwhile, which would answer some of the reads: the share is an upper bound. People
of the panel's own pages do not ask for an age and never reach the ERP; here they do.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from benchmarks.results import Result, Settings

HOURS: Final = 10
MAX_AGE: Final = 600  # seconds: the time to live of details
COMPANY: Final = "quatro-patas"
# Eight people open twenty records an hour each, mostly recent ones, and look at each three times within five minutes (list, record, back).
PEOPLE, OPENED, LOOKS, WITHIN = 8, 20, 3, timedelta(minutes=5)
NEWEST: Final = 2_000  # of each list; the chance falls with the rank
# One program follows the ten newest sales and asks for each every minute.
FOLLOWED: Final = 10


@dataclass(frozen=True, slots=True, order=True)
class Read:
    """One read: seconds since the day began, whose it is, list and record."""

    at: float
    who: str
    list: str
    pk: int


def share_of_the_erp(settings: Settings) -> list[Result]:
    """Fill a demo, then replay the day in a process of its own, whose settings name the demo's servers."""
    from benchmarks import whole

    home = Path(tempfile.mkdtemp(prefix="painel-bench-"))
    try:
        with whole._demo(home):
            told = replay_in(home)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return [
        Result(
            "detail reads that reach the ERP in the demo's day, all asking for at most 10 minutes",
            told["share"],
            "%",
            "<=",
            20,
            told,
        )
    ]


def replay_in(home: Path) -> dict[str, Any]:
    """Replay the day against the demo in `home`, whose servers run, and return the figures."""
    outer = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.details"],
        env={**outer, "PAINEL_HOME": str(home), "LOG_LEVEL": "error"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def the_day(records: dict[str, list[int]], chance: random.Random) -> Iterator[Read]:
    """Yield the reads of the day in no order. `records`: ids by list, newest first."""
    seconds = HOURS * 3_600
    for _ in range(PEOPLE * OPENED * HOURS):
        name = chance.choice(sorted(records))
        rank = int(len(records[name]) ** chance.random()) - 1  # 1/rank
        begun = chance.uniform(0, seconds)
        for look in range(LOOKS):
            at = begun + (chance.uniform(0, WITHIN.total_seconds()) if look else 0)
            yield Read(at, "people", name, records[name][rank])
    for minute in range(HOURS * 60):
        for pk in records["sales"][:FOLLOWED]:
            yield Read(60.0 * minute, "program", "sales", pk)


def replay() -> dict[str, Any]:
    """Read everything in the day's order and return how much of it reached the ERP, in percent."""
    from ledger.lists import LISTS
    from lib import clock
    from sync import reading
    from tenants.models import Tenant

    tenant = Tenant.objects.get(slug=COMPANY)
    records = {
        name: list(
            LISTS[name]
            .model._default_manager.filter(tenant=tenant, void_at=None, source__kind="gestaoclick")
            .order_by("-pk")
            .values_list("pk", flat=True)[:NEWEST]
        )
        for name in ("sales", "customers", "open_items")
    }
    views = {name: _view(name, tenant) for name in records}
    begin = clock.now() + timedelta(days=1)  # nothing that is stored is younger than ten minutes
    reached, asked, now = Counter[str](), Counter[str](), [begin]
    clock.now = lambda: now[0]
    real, who = reading._ask, [""]

    def counted(raw: Any) -> datetime | None:
        answer = real(raw)
        reached[who[0]] += answer is not None
        return answer

    reading._ask = counted
    for one in sorted(the_day(records, random.Random(7))):
        now[0], who[0] = begin + timedelta(seconds=one.at), one.who
        assert views[one.list](one.pk).status_code == 200
        asked[one.who] += 1
    share = {name: round(100 * reached[name] / asked[name], 1) for name in asked}
    return {
        "share": round(100 * reached.total() / asked.total(), 1),
        "reads": asked.total(),
        "reached": reached.total(),
        **{f"share of {name}": value for name, value in share.items()},
    }


def _view(name: str, tenant: Any) -> Any:
    from django.test import RequestFactory

    from benchmarks.answers import _inside
    from ledger.api.views import detail_view

    view = type("Inside", (_inside(tenant), detail_view(name)), {}).as_view()  # type: ignore[attr-defined]
    return lambda pk: view(RequestFactory().get("/", {"max_age": str(MAX_AGE)}), pk=pk)


if __name__ == "__main__":
    from config import laptop

    laptop.adopt(os.environ, command="demo")
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    print(json.dumps(replay()))
