"""What is filtered, as a file: CSV streams at once, XLSX is a job with progress and a link."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import structlog
from django.db import models, transaction
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from ledger import lists, telling
from ledger.models import Export, OpenItem, Sale, Transaction
from lib import documents
from tenants.access import Access
from tenants.models import Tenant, User

log = structlog.get_logger(__name__)
KEPT: Final = timedelta(days=1)
STUCK: Final = timedelta(minutes=15)
OPEN_AT_ONCE: Final = 3  # files that one person may wait for
_START: Final = re.compile(r"[\t\r]|[\s\"']*[=+\-@＝＋－＠]")
_INSIDE: Final = re.compile(r"([,;|\t\r\n][\s\"']*)(?=[=@＝＠]|[+\-＋－][^\W\d]|[+\-＋－][(=+\-@])")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file: its heading, and the row's key or a function of the row."""

    label: str | Promise
    value: str | Callable[[dict[str, Any]], Any]

    def of(self, row: dict[str, Any]) -> Any:
        """Return the cell: text, Decimal, date or None."""
        return row[self.value] if isinstance(self.value, str) else self.value(row)


def _document(name: str) -> Callable[[dict[str, Any]], str]:
    return lambda row: documents.pretty(row[name])


def _named(name: str, choices: type[models.TextChoices]) -> Callable[[dict[str, Any]], str]:
    """Return a column that says a code in words, as the page does."""
    return lambda row: str(choices(row[name]).label)


COLUMNS: Final[dict[str, tuple[Column, ...]]] = {
    "transactions": (
        Column(_("Date"), "date"), Column(_("Account"), "account_name"), Column(_("Description"), "description"),
        Column(_("Counterparty"), "shown_name"), Column("CPF/CNPJ", _document("counterparty_document")),
        Column(_("Category"), "shown_category"), Column(_("Operation"), _named("operation", Transaction.Operation)),
        Column(_("Status"), _named("status", Transaction.Status)),
        Column(_("Amount"), "amount"), Column(_("Currency"), "currency"), Column(_("Note"), "note"),
    ),
    "sales": (
        Column(_("Date"), "date"), Column(_("Number"), "number"), Column(_("Customer"), "customer_name"), Column(_("Kind"), _named("kind", Sale.Kind)),
        Column(_("Status"), "status"), Column(_("Seller"), "seller"), Column(_("Store"), "store"), Column(_("Channel"), "channel"),
        Column(_("Payment"), "payment"), Column(_("Discount"), "discount"), Column(_("Total"), "total"), Column(_("Currency"), "currency"),
        Column(_("Note"), "note"),
    ),
    "customers": (
        Column(_("Name"), "shown_name"), Column("CPF/CNPJ", _document("document")), Column(_("E-mail"), "email"), Column(_("Phone"), "phone"),
        Column(_("City"), "city"), Column(_("State"), "state"), Column(_("Note"), "note"),
    ),
    "products": (
        Column(_("Name"), "shown_name"), Column(_("Code"), "code"), Column(_("Group"), "group"), Column(_("Unit"), "unit"),
        Column(_("Price"), "price"), Column(_("Cost"), "cost"), Column(_("Stock"), "stock"), Column(_("Note"), "note"),
    ),
    "open_items": (
        Column(_("Due"), "due_date"), Column(_("Direction"), _named("direction", OpenItem.Direction)),
        Column(_("Status"), _named("status", OpenItem.Status)), Column(_("Number"), "number"),
        Column(_("Counterparty"), "counterparty_name"), Column("CPF/CNPJ", _document("counterparty_document")),
        Column(_("Description"), "description"), Column(_("Category"), "shown_category"), Column(_("Amount"), "amount"),
        Column(_("Paid"), "paid_amount"), Column(_("Open"), "open_amount"), Column(_("Paid on"), "paid_date"),
        Column(_("Currency"), "currency"), Column(_("Note"), "note"),
    ),
}  # fmt: skip


def csv_lines(spec: lists.ListSpec, tenant: Tenant, filters: lists.Filters) -> Iterator[bytes]:
    """Yield the file in pieces as Excel in Brazil opens it: UTF-8 with BOM, `;`, decimal comma, days as 31/12/2026."""
    columns = COLUMNS[spec.name]
    yield b"\xef\xbb\xbf" + _csv_line([str(column.label) for column in columns])
    for row in lists.rows(spec, tenant, filters):
        yield _csv_line([csv_cell(column.of(row)) for column in columns])


def _csv_line(cells: list[str]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=";", lineterminator="\r\n").writerow(cells)
    return buffer.getvalue().encode()


def csv_cell(value: Any) -> str:
    """Return a value as Excel in Brazil reads it; None is empty."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}".replace(".", ",")
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    return harmless(str(value))


def harmless(text: str) -> str:
    """Return text that a spreadsheet shows rather than runs: a formula from a bank line's text stays text.

    At the start also behind blanks and quotes, which programs trim. Inside as well, behind whatever separates columns somewhere: a
    spreadsheet that expects commas cuts `foo,=cmd()` in two whatever we quote, for the quotes stand where it sees the middle of a column.
    There a sign before a digit stays as it is ("desconto, -10%"): a number runs nothing.
    """
    return _INSIDE.sub(r"\1'", f"'{text}" if _START.match(text) else text)


class TooManyExports(Exception):
    """This person waits for as many files as one may; the next can be asked for when one of them is ready."""


def file_name(
    spec: lists.ListSpec, tenant: Tenant, filters: lists.Filters, *, today: date, ending: str
) -> str:
    """Return what a file is called, in the language that is active: company, list, and its days or else today."""
    period = filters.period
    days = f"{period.start}_{period.last}" if period else f"{today}"
    return f"{tenant.slug}-{slugify(str(spec.label))}-{days}.{ending}"


@transaction.atomic
def request(*, access: Access, user: User, resource: str, query: dict[str, str], language: str) -> Export:
    """Return the job for this file: the person's open one for the same question, or a new one that a worker will do.

    Raises TooManyExports.
    """
    User.objects.select_for_update(no_key=True).get(
        pk=user.pk
    )  # two clicks at once are counted one after the other
    open_now = Export.objects.defer("content").filter(
        user=user,
        status__in=[Export.Status.QUEUED, Export.Status.RUNNING],
        created_at__gt=timezone.now() - STUCK,
    )
    asked = {"tenant": access.tenant, "resource": resource, "query": query, "language": language}
    waiting = open_now.filter(**asked).first()
    if waiting is None and open_now.count() >= OPEN_AT_ONCE:
        raise TooManyExports(
            _("%(n)d of your files are being written. Wait until one of them is ready, then ask again.")
            % {"n": OPEN_AT_ONCE}
        )
    return waiting or Export.objects.create(user=user, **asked)


def run(export_id: int) -> bool:
    """Make one file if nobody else does. Return whether this call made it. A failure is kept on the row as a sentence."""
    claimed = Export.objects.filter(pk=export_id, status=Export.Status.QUEUED).update(
        status=Export.Status.RUNNING, started_at=timezone.now()
    )
    if not claimed:
        return False
    # The library and what it brings weigh 20 MB: only who writes a spreadsheet carries them.
    from ledger import spreadsheets

    export = Export.objects.select_related("tenant").get(pk=export_id)
    try:
        with translation.override(export.language):
            content = spreadsheets.of_export(export)
    except (ValueError, MemoryError) as error:
        log.warning("export_failed", export=export_id, error=str(error))
        _close(export, Export.Status.FAILED, error=str(error) or type(error).__name__)
        return True
    _close(export, Export.Status.DONE, content=content)
    return True


@transaction.atomic
def _close(export: Export, status: str, **fields: Any) -> None:
    Export.objects.filter(pk=export.pk).update(status=status, finished_at=timezone.now(), **fields)
    ended = Export.objects.select_related("tenant", "user").defer("content").get(pk=export.pk)
    telling.export_ended(ended)


def run_waiting() -> int:
    """Make every file that waits, and fail those whose worker died. Return how many were made. Beat's safety net."""
    stuck = Export.objects.filter(status=Export.Status.RUNNING, started_at__lt=timezone.now() - STUCK)
    stuck.update(
        status=Export.Status.FAILED,
        error=translation.gettext_noop("The worker was lost. Ask for the file again."),
    )
    return sum(
        run(pk) for pk in Export.objects.filter(status=Export.Status.QUEUED).values_list("pk", flat=True)
    )


def prune() -> int:
    """Delete files older than a day. Return how many."""
    return Export.objects.filter(created_at__lt=timezone.now() - KEPT).delete()[0]
