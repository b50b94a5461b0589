"""Big files: read, stored and undone by a worker. The row is the queue; a wake-up that is lost is made up for by Beat or `run_due`."""

import hashlib
import time
import zlib
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

import structlog
from django.db import transaction

from lib import pg
from live import wake
from live.events import publish
from sync import telling
from sync.imports.homes import choose
from sync.imports.kinds import kind_of
from sync.imports.reading import Status, content_of, look, preview, remap, with_columns
from sync.imports.storing import store_import
from sync.imports.undoing import undo_import
from sync.models import FileImport
from sync.providers.statement import Sentence, StatementError
from sync.words import kept
from tenants.access import Access
from tenants.models import Tenant, User

log = structlog.get_logger(__name__)

BIG_BYTES: Final = 2 * 1024 * 1024
BIG_ROWS: Final = 5_000
MOST_ATTEMPTS: Final = 3
TELL_SECONDS: Final = 0.5
TASK: Final = "sync.import_file"
Work = FileImport.Work


class Uploaded(Protocol):
    """What is asked of an uploaded file."""

    size: int

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        ...

    def seek(self, offset: int) -> object:
        """Go to a place."""
        ...


def receive(*, tenant: Tenant, user: User | None, name: str, file: Uploaded) -> FileImport:
    """Keep an uploaded file and return its row: looked at already, or with `work` where a worker has to, because it is big.

    A big file is never held in memory as a whole. Raises StatementError with a sentence for what is no bank file.
    """
    if file.size <= BIG_BYTES:
        data = file.read()
        if not _has_many_rows(data):
            return preview(tenant=tenant, user=user, name=name, data=data)
        file.seek(0)
    row = FileImport(tenant=tenant, user=user, name=name[:200], work=Work.READ)
    _keep(row, file)
    row.save()
    wake.on_commit(TASK, file_import_id=row.pk)
    return row


def _has_many_rows(data: bytes) -> bool:
    rows = data.count(b"<STMTTRN>") + data.count(b"<stmttrn>")
    return (rows or data.count(b"\n")) > BIG_ROWS


def _keep(row: FileImport, file: Uploaded) -> None:
    """Put the file into the row, piece by piece. Raises StatementError for what is no bank file by its beginning."""
    digest, packer, packed, size = hashlib.sha256(), zlib.compressobj(3), bytearray(), 0
    while piece := file.read(1 << 20):
        if not size:
            row.kind = kind_of(piece, row.name)
        digest.update(piece)
        packed += packer.compress(piece)
        size += len(piece)
    row.content, row.sha256, row.size = bytes(packed + packer.flush()), digest.hexdigest(), size


def request_columns(*, file_import: FileImport, mapping: Mapping[str, Any]) -> FileImport:
    """Read a CSV again with the columns that a person chose, or let a worker do it. Raises StatementError."""
    if not _is_big(file_import):
        return remap(file_import=file_import, mapping=mapping)
    file_import.mapping = with_columns(file_import, mapping).to_json()
    return _ask(file_import, Work.READ, ("mapping",), None)


def request_store(*, file_import: FileImport, homes: Mapping[str, int], access: Access) -> FileImport:
    """Store a file in the accounts that a person chose, or let a worker do it. Raises StatementError like `choose` and `store_import`."""
    choose(file_import=file_import, homes=homes)
    if not _is_big(file_import):
        return store_import(file_import=file_import, access=access)
    if file_import.status == Status.STORED:
        raise StatementError(Sentence("This file is stored already. Nothing was stored twice."))
    return _ask(file_import, Work.STORE, ("homes",), access)


def request_undo(*, file_import: FileImport, access: Access) -> int | None:
    """Undo an import and return how many lines count no more, or None where a worker does it. Raises StatementError."""
    if not _is_big(file_import):
        return undo_import(file_import=file_import, access=access)
    if file_import.status != Status.STORED:
        raise StatementError(Sentence("This file is not stored, so there is nothing to undo."))
    _ask(file_import, Work.UNDO, (), access)
    return None


def _is_big(row: FileImport) -> bool:
    if row.work:
        raise StatementError(Sentence("This file is being worked on. Wait until that has ended."))
    if row.size > BIG_BYTES or row.rows > BIG_ROWS:
        return True
    return not row.rows and _has_many_rows(content_of(row))  # nothing was understood of it yet


def _ask(row: FileImport, work: str, columns: tuple[str, ...], access: Access | None) -> FileImport:
    """Queue the work, unless there is some already."""
    row.work, row.attempts, row.progress, row.problem, row.error = work, 0, None, None, ""
    row.asked_by = access.user if access else row.asked_by
    names = (*columns, "work", "attempts", "progress", "problem", "error", "asked_by_id")
    values = {name: getattr(row, name) for name in names}
    with transaction.atomic():
        if not FileImport.objects.filter(pk=row.pk, work="").update(**values):
            raise StatementError(Sentence("This file is being worked on. Wait until that has ended."))
        wake.on_commit(TASK, file_import_id=row.pk)
    return row


def do_due() -> int:
    """Do in this process what waits, oldest first; return how many files were worked on."""
    return sum(do(pk) for pk in _waiting())


def wake_due() -> None:
    """Wake workers for every file that waits. Waking twice is harmless: only one worker gets the file."""
    for pk in _waiting():
        wake.now(TASK, file_import_id=pk)


def _waiting() -> list[int]:
    return list(FileImport.objects.exclude(work="").order_by("pk").values_list("pk", flat=True))


def do(file_import_id: int) -> bool:
    """Do what a file asks for, unless another worker has it; return whether this one had it. What a worker that died leaves is begun anew."""
    with pg.session_lock(pg.Lock.IMPORT, file_import_id) as free:
        waiting = FileImport.objects.select_related("tenant", "account", "user", "asked_by")
        row = waiting.filter(pk=file_import_id).exclude(work="").first() if free else None
        if row is None:
            return False
        with structlog.contextvars.bound_contextvars(file_import=row.pk, tenant=row.tenant_id):
            _attempt(row)
        return True


def _attempt(row: FileImport) -> None:
    # Counted before the work begins: a file that kills its worker must not do so for ever.
    row.attempts += 1
    FileImport.objects.filter(pk=row.pk).update(attempts=row.attempts)
    if row.attempts > MOST_ATTEMPTS:
        _end(
            row,
            Sentence(
                "The work on this file stopped %(count)d times. Split it and try again.", count=MOST_ATTEMPTS
            ),
        )
        return
    try:
        _DO[Work(row.work)](row)
    except StatementError as error:
        _end(row, error)
    except Exception:
        log.exception("import_broken", work=row.work)
        _end(row, Sentence("Something went wrong in Painel itself (file %(file)s). Try again.", file=row.pk))


def _read(row: FileImport) -> None:
    look(row, content_of(row), row.mapping, _teller(row))
    row.work, row.progress, row.attempts = "", None, 0
    with transaction.atomic():
        # Somebody may have thrown it away meanwhile; saving would bring it back.
        if FileImport.objects.select_for_update(no_key=True).filter(pk=row.pk, work=Work.READ).exists():
            row.save(force_update=True)
            telling.imported(row.pk, Work.READ, None)
            publish("sync", tenant_id=row.tenant_id, file_import=row.pk)


def _store(row: FileImport) -> None:
    store_import(file_import=row, tell=_teller(row))
    _end(row, None)


def _undo(row: FileImport) -> None:
    undo_import(file_import=row)
    _end(row, None)


_DO: Final[dict[str, Callable[[FileImport], None]]] = {Work.READ: _read, Work.STORE: _store, Work.UNDO: _undo}


@transaction.atomic
def _end(row: FileImport, problem: object) -> None:
    """End the work, with why it could not be done. What could not even be read is a failed file."""
    rows = FileImport.objects.filter(pk=row.pk)
    rows.update(work="", progress=None, attempts=0)
    if problem is not None:
        rows.update(problem=kept(problem))
        if row.work == Work.READ:
            rows.update(status=Status.FAILED)
    telling.imported(row.pk, row.work, problem)
    publish("sync", tenant_id=row.tenant_id, file_import=row.pk)


def _teller(row: FileImport) -> Callable[[float], None]:
    """Return what takes how much of the file is read (0 to 1) and shows it on the page, now and then."""
    told = time.monotonic()

    def tell(part: float) -> None:
        nonlocal told
        if time.monotonic() - told >= TELL_SECONDS:
            told = time.monotonic()
            FileImport.objects.filter(pk=row.pk).update(progress=min(int(part * 100), 100))

    return tell
