"""The order in which the demo comes up and goes down."""

import contextlib
import signal
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Final

import psutil
from django.conf import settings
from django.core.management import CommandError
from django.db import connections

from config import dispatch, embedded
from config.demo import arranging, companies, database, deciding, filling, planning, servers, summary
from config.demo.console import say
from config.supervise import ChildFailed, Supervisor
from config.wheels import EmbeddedServerError
from live import wake
from sync.services import webhooks

PATIENCE: Final = (3, 60.0)  # so many ends of one child within so many seconds, and the demo gives up


@dataclass(frozen=True)
class Wishes:
    """What was asked for: one run without serving, how much data (1.0 is the full story)."""

    once: bool
    scale: float


class Ended(Exception):
    """Somebody asked the demo to end, by this signal."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


def demo(wishes: Wishes) -> dict[str, object]:
    """Run the demo until it is done (`once`) or told to end. Returns the summary, empty after serving.

    Raises CommandError with a sentence for the person at the keyboard.
    """
    home = embedded.home()
    with _listening_to_signals(), embedded.held(home) as free:
        if not free:
            raise CommandError(
                "The demo of this checkout is running already. End it there with Ctrl-C, or set PAINEL_HOME for a second one."
            )
        if not wishes.once:
            servers.refuse_taken_port()
        with Supervisor() as supervisor:
            try:
                return _run(servers.Place(home, supervisor), wishes)
            except (ChildFailed, EmbeddedServerError) as error:
                raise CommandError(str(error)) from error


def _run(place: servers.Place, wishes: Wishes) -> dict[str, object]:
    """Bring everything up, fill it, and say what stands there; without `once` serve until somebody ends it."""
    place.settle()
    say("Starting the servers…")
    place.start_servers()
    database.claim()
    say("Starting the simulated ERP and banks…")
    sandbox = place.start_sandbox(scale=wishes.scale, live=not wishes.once)
    if not wishes.once:
        place.start_web()  # slow to come up, and it asks the database nothing until somebody asks it
    database.prepare()
    place.start_worker()
    tenants = companies.ensure(servers.SANDBOX_SEED)
    upstreams = place.wait_sandbox(sandbox)
    filling.connect(tenants, upstreams)
    if wishes.once and not filling.is_new():
        filling.ask_all()
    if wishes.once or filling.is_new():
        filling.fill(upstreams, place.supervisor)
        say("Reading older bank files and settling what is older than a few days…")
        place.finish_filling(upstreams)
    if wishes.once:
        told = {**summary.counts(), "matches": summary.matches(), "kinds": summary.kinds()}
        checked = summary.check_kpis()
        return {**told, "seconds": round(_seconds(), 1), "check_kpis": checked}
    place.start_beat()
    place.wait_web()
    webhooks.check_webhooks()  # the banks deliver to the door, so it stands open first
    for name in ("forecast", "segments", "anomalies"):  # Beat asks first in a quarter of an hour or more
        wake.now(f"kpi.{name}_due")
    with contextlib.suppress(Ended):  # from here on it is the ordinary end
        _welcome(companies.fresh_key(tenants["clinic"]))
        _watch(place.supervisor)
    say("\nEnding…")
    return {}


def finish_filling(upstreams: str) -> None:
    """Bring the numbers up to date after the first runs, store the older year's files, and settle the older weeks."""
    tenants = companies.ensure(servers.SANDBOX_SEED)
    dispatch.run()
    filling.import_older_year(tenants, upstreams)
    deciding.decide_older(tenants, upstreams)
    planning.plan(tenants)
    arranging.arrange(tenants)


def _seconds() -> float:
    """Return for how long the command has been running: what a person waited, start of Python included."""
    return time.time() - psutil.Process().create_time()


def _watch(supervisor: Supervisor) -> None:
    """Start again what dies, until somebody ends the demo. Raises ChildFailed when one thing keeps dying."""
    # A connection that only waits costs the server memory; the pool goes with its last one.
    connections["default"].close()
    connections["default"].close_pool()  # type: ignore[attr-defined]  # PostgreSQL's wrapper has it
    ends: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=PATIENCE[0]))
    while True:
        name = supervisor.wait()
        assert name is not None  # without a time limit it returns only a name
        failure = supervisor.failure(name)
        ends[name].append(time.monotonic())
        if len(ends[name]) == PATIENCE[0] and ends[name][-1] - ends[name][0] < PATIENCE[1]:
            raise failure
        say(f"{failure}\nIt is started again.")
        supervisor.restart(name)


@contextlib.contextmanager
def _listening_to_signals() -> Iterator[None]:
    """Turn the first signal that ends a program into the exception Ended, wherever the demo is."""

    def end(number: int, _frame: FrameType | None) -> None:
        # Only the first: make repeats the signal, and a second one would break off the orderly end. kill -9 remains.
        for each in before:
            signal.signal(each, signal.SIG_IGN)
        raise Ended(number)

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _welcome(key: str) -> None:
    address = f"http://localhost:{settings.DEMO_PORT}"
    say(f"\n  Painel is at {address}\n")
    for person in companies.PEOPLE:
        where = f"{address}/admin/" if person.staff else ", ".join(companies.describe(person))
        say(f"  {person.email:<20} {companies.PASSWORD}   {where}")
    say(f'\n  curl -H "Authorization: Api-Key {key}" {address}/api/system/status\n')
    told = summary.counts()
    say(
        f"  Mail is not sent but written into {embedded.home() / 'logs'}: reports and notifications into worker.log,"
        " invitations into web.log.\n  New sales and payments arrive while you look.\n"
        f"  {told['transactions']:,} bank lines, {told['sales']:,} sales; ready after {_seconds():.0f} s. Ctrl-C ends everything.\n"
    )
