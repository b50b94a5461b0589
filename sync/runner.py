"""Doing a run: pages from upstream, landed, mapped and stored in chunks, each one transaction with the cursor as its last write.

A chunk can be repeated without harm, so a database that goes away for a moment costs a second try, a killed worker costs the chunk that
was open, and whatever fails, what earlier chunks stored stays.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final, TypeVar

import orjson
import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, transaction
from django.db import connection as database

from lib import clock, pg
from lib.crypto import SecretUnreadable
from live.events import publish
from sync import facts, imports, inbox, landing, opening
from sync.budgets import BudgetSpent
from sync.intake import Intake, Taken
from sync.landing import Key
from sync.models import Connection, SyncRun
from sync.providers.base import Page, Provider, Record, UpstreamError
from sync.providers.statement import Sentence
from sync.services import RunLost, beat, claim, fail, finish, queue_due, sweep_stale
from sync.services.connections import unreadable_secret
from sync.words import say

log = structlog.get_logger(__name__)
Result = TypeVar("Result")

CHUNK_RECORDS: Final = 1_000
CHUNK_SECONDS: Final = 3.0
BEAT_SECONDS: Final = 5.0
EVENT_SECONDS: Final = 2.0
AWAY: Final = (0.2, 0.5, 1, 2, 4, 8)  # seconds between tries while the database is away
# A complete listing that lacks more than this many records and more than half of them is a fault of upstream, not a clean-up.
FEW_GONE: Final = 100
ACCEPT_SHRINK: Final = "accept_shrink"


def run(run_id: int) -> bool:
    """Do a waiting run from its claim to its end. Return whether it was this caller's to do. Raises nothing that upstream causes."""
    row = (
        SyncRun.objects.select_related("connection__tenant")
        .filter(pk=run_id, status=SyncRun.Status.QUEUED)
        .first()
    )
    if row is None:
        return False
    with pg.session_lock(pg.Lock.SYNC, row.connection_id) as free:
        if not free or not claim(row.pk):
            return False
        with structlog.contextvars.bound_contextvars(run=row.pk, tenant=row.tenant_id):
            Attempt(row).go()
        return True


def run_due_now() -> int:
    """Do in this process everything that is due: lost runs, the inbox, big files, due connections. Return how many runs were done."""
    sweep_stale()
    inbox.process_pending()
    imports.do_due()
    return sum(run(run_id) for run_id in queue_due())


@dataclass(slots=True)
class Totals:
    """What a run has done so far; the columns of its row."""

    pages: int = 0
    requests: int = 0
    fetched: int = 0
    expected: int | None = None
    changed: int = 0
    gone: int = 0
    unreadable: int = 0
    resource: str = ""
    timings: dict[str, float] = field(default_factory=dict)

    def plus(self, taken: Taken) -> "Totals":
        """Return these totals with what a chunk brought."""
        return replace(
            self,
            changed=self.changed + taken.changed,
            gone=self.gone + taken.gone,
            unreadable=self.unreadable + taken.unreadable,
        )

    def columns(self) -> dict[str, Any]:
        """Return the columns of the run's row."""
        seconds = {part: round(value, 3) for part, value in self.timings.items()}
        names = ("pages", "requests", "fetched", "expected", "changed", "gone", "unreadable", "resource")
        return {name: getattr(self, name) for name in names} | {"timings": seconds}

    @contextmanager
    def timed(self, part: str) -> Iterator[None]:
        """Add the seconds of this block to the part."""
        begun = time.monotonic()
        try:
            yield
        finally:
            self.timings[part] = self.timings.get(part, 0.0) + time.monotonic() - begun


class Attempt:
    """One claimed run, from the first page to its end."""

    def __init__(self, row: SyncRun) -> None:
        self.run = row
        self.connection: Connection = row.connection
        self.totals = Totals()
        self.seen: set[Key] = set()
        self.notes: list[str] = []
        self._began = pg.now()
        self._beaten = self._told = time.monotonic()
        self._repeated = False  # a chunk was tried twice: what the first try committed is not in the totals

    def go(self) -> None:
        """Read until upstream has no more, and end the run as what it became."""
        try:
            ending = self._read_all()
        except RunLost as error:
            log.info("run_lost", reason=str(error))
            return
        try:
            self._insist(ending)
        except RunLost as error:
            log.info("run_lost", reason=str(error))

    def _read_all(self) -> Callable[[], None]:
        """Read and store everything; return what ends the run."""
        if self.connection.state == Connection.State.PAUSED:
            return self._failed(self.connection.state_reason, SyncRun.Decision.PERMANENT)
        try:
            with opening.provider_of(self.connection, before=self._before_request) as provider:
                self.context = facts.context_of(self.connection.tenant)
                self._read(provider)
        except UpstreamError as error:
            return self._upstream_failed(error)
        except SecretUnreadable:
            return self._failed(say(unreadable_secret()), SyncRun.Decision.NEEDS_PERSON)
        except (DatabaseError, InterfaceError):
            log.exception("run_lost_database")
            sentence = Sentence("The database did not answer. The next try comes by itself.")
            return self._failed(say(sentence), SyncRun.Decision.RETRY)
        except RunLost:
            raise
        except Exception:
            # A fault of ours. It is reported once, with the run's number; the connection rests longer each time.
            log.exception("run_broken")
            sentence = Sentence(
                "Something went wrong in Painel itself (run %(run)s). It tries again by itself.",
                run=self.run.pk,
            )
            return self._failed(say(sentence), SyncRun.Decision.RETRY)
        return self._finished

    def _read(self, provider: Provider) -> None:
        """Store pages in chunks. What was gathered before upstream failed is stored all the same."""
        today = clock.today(self.connection.tenant.zone)
        pages = provider.pages(cursor=self.connection.cursor, full=self.run.full, today=today)
        gathered: list[Page] = []
        begun = time.monotonic()
        try:
            while (page := self._next(pages)) is not None:
                begun = begun if gathered else time.monotonic()
                gathered.append(page)
                waiting = sum(len(each.records) for each in gathered)
                if waiting >= CHUNK_RECORDS or time.monotonic() - begun >= CHUNK_SECONDS:
                    self._store(provider, gathered)
                    gathered = []
        except UpstreamError:
            self._store(provider, gathered)
            raise
        self._store(provider, gathered)

    def _next(self, pages: Iterator[Page]) -> Page | None:
        with self.totals.timed("upstream"):
            page = next(pages, None)
        if page is not None:
            self.totals.pages += 1
            self.totals.fetched += len(page.records)
            self.totals.resource = page.resource
            if page.expected is not None:
                self.totals.expected = (self.totals.expected or 0) + page.expected
        return page

    def _before_request(self) -> None:
        """Count a request and show signs of life. A database that is away for a moment must not break the reading."""
        self.totals.requests += 1
        if time.monotonic() - self._beaten < BEAT_SECONDS:
            return
        self._beaten = time.monotonic()
        try:
            beat(self.run, requests=self.totals.requests)
        except (OperationalError, InterfaceError):
            log.warning("heartbeat_missed")

    def _store(self, provider: Provider, pages: list[Page]) -> None:
        if pages:
            self._insist(lambda: self._chunk(provider, pages))

    def _insist(self, action: Callable[[], None]) -> None:
        """Do a repeatable transaction, again when the database was away, restarting, or chose it as a deadlock's victim."""
        for wait in (*AWAY, None):
            try:
                self._hold_on()
                action()
                return
            except (OperationalError, InterfaceError):
                if wait is None:
                    raise
                log.warning("database_away", wait=wait)
                self._repeated = True
                time.sleep(wait)

    def _hold_on(self) -> None:
        """Have a database connection that works and holds the lock of this run. A new one must take the lock again. Raises RunLost."""
        if database.connection is not None and database.is_usable():
            return
        database.close()
        if not pg.hold(pg.Lock.SYNC, self.connection.pk):
            raise RunLost(f"another worker holds connection {self.connection.pk}")

    def _chunk(self, provider: Provider, pages: list[Page]) -> None:
        """Land, map and store some pages, and save the cursor, in one transaction."""
        taken = Taken()
        intake = Intake(self.connection, provider, self.context, self.totals.timed)
        notes: list[str] = []
        with transaction.atomic():
            with self.totals.timed("waiting"):
                pg.lock(pg.Lock.LEDGER, self.connection.tenant_id)
            records, gone = _sift(pages)
            intake.take(records, taken)
            intake.take_back(gone, taken)
            self.seen |= {(record.kind, record.external_id) for record in records}
            for page in pages:
                if page.listed:
                    notes += self._listing_ended(intake, page, taken)
            beat(self.run, **self.totals.plus(taken).columns())
            self._save_cursor(pages)
            self._tell()
        self.totals = self.totals.plus(taken)
        self.notes += notes
        self._beaten = time.monotonic()

    def _listing_ended(self, intake: Intake, page: Page, taken: Taken) -> list[str]:
        """Declare gone what a complete listing did not hold, unless it shrank so much that upstream must be wrong. Return what to note."""
        absent, total = landing.missing(
            self.connection, listed=page.listed, scope=page.scope, seen=self.seen, before=self._began
        )
        if len(absent) > FEW_GONE and 2 * len(absent) > total:
            if not self.connection.config.get(ACCEPT_SHRINK):
                log.error("listing_shrank", resource=page.resource, absent=len(absent), total=total)
                return [_shrank(page.resource, len(absent), total)]
            pg.execute(
                "UPDATE sync_connection SET config = config - %s WHERE id = %s",
                [ACCEPT_SHRINK, self.connection.pk],
            )
        intake.take_back(absent, taken)
        return []

    def _save_cursor(self, pages: list[Page]) -> None:
        cursor = {page.resource: page.cursor for page in pages if page.cursor is not None}
        if cursor:
            pg.execute(
                "UPDATE sync_connection SET cursor = cursor || %s::jsonb WHERE id = %s",
                [orjson.dumps(cursor).decode(), self.connection.pk],
            )

    def _tell(self) -> None:
        if time.monotonic() - self._told >= EVENT_SECONDS:
            self._told = time.monotonic()
            publish("sync", tenant_id=self.run.tenant_id, run=self.run.pk, connection=self.connection.pk)

    @property
    def _changed(self) -> bool:
        return bool(self.totals.changed) or self._repeated

    def _finished(self) -> None:
        finish(run=self.run, changed=self._changed, note="\n".join(self.notes), columns=self.totals.columns())

    def _upstream_failed(self, error: UpstreamError) -> Callable[[], None]:
        decision = SyncRun.Decision.PERMANENT
        if error.needs_person:
            decision = SyncRun.Decision.NEEDS_PERSON
        elif error.retry_after is not None:
            decision = SyncRun.Decision.RETRY
        log.warning("upstream_failed", decision=decision, error=say(error))
        return self._failed(
            say(error), decision, retry_after=error.retry_after, blame=not isinstance(error, BudgetSpent)
        )

    def _failed(
        self, sentence: str, decision: str, *, retry_after: timedelta | None = None, blame: bool = True
    ) -> Callable[[], None]:
        if self.totals.fetched:
            kept = Sentence(
                "What had been read until then (%(count)d records) is kept.", count=self.totals.fetched
            )
            sentence = f"{sentence} {say(kept)}"
        return lambda: fail(
            run=self.run,
            error="\n".join([sentence, *self.notes]),
            decision=decision,
            changed=self._changed,
            retry_after=retry_after,
            blame=blame,
            columns=self.totals.columns(),
        )


def _sift(pages: list[Page]) -> tuple[list[Record], list[Key]]:
    """Return the records to store and the keys to declare gone; where a chunk holds both of one key, what came last counts."""
    latest: dict[Key, Record | None] = {}
    for page in pages:
        latest |= {(record.kind, record.external_id): record for record in page.records}
        latest |= dict.fromkeys(page.gone)
    records = [record for record in latest.values() if record is not None]
    return records, [key for key, record in latest.items() if record is None]


def _shrank(resource: str, absent: int, total: int) -> str:
    return say(
        Sentence(
            "Upstream listed so few %(resource)s that %(absent)d of %(total)d would count as deleted. Nothing was taken back. "
            'If they really were deleted there, set "accept_shrink": true in the configuration of the connection.',
            resource=resource,
            absent=absent,
            total=total,
        )
    )
