"""One bank line that arrives twice, from a file and from an upstream: counted once, whichever came first.

The n-th line of a file with one date and amount is the same as the n-th one that upstream gives for that account (posted, not void).
Files write `nth` into the details of what they store, so that the rule can be applied again whenever upstream brings more.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.db.models import Count

from ledger.drafts import AccountDraft, Draft, TransactionDraft
from ledger.models import Account, Source, Transaction
from lib import pg
from sync import accounts, merging
from sync.models import Connection

Day = tuple[date, Decimal]

_VOID_REPEATED = """
UPDATE ledger_transaction f SET void_at = now(), updated_at = now()
 WHERE f.tenant_id = %(tenant)s AND f.source_id = %(files)s AND f.void_at IS NULL
   AND f.account_id = ANY(%(accounts)s) AND f.date = ANY(%(days)s)
   AND coalesce((f.details ->> 'nth')::int, 1) <= (
       SELECT count(*) FROM ledger_transaction o
        WHERE o.tenant_id = f.tenant_id AND o.account_id = f.account_id AND o.date = f.date AND o.amount = f.amount
          AND o.source_id <> f.source_id AND o.void_at IS NULL AND o.status = 'posted')
"""


def known_elsewhere(account: Account, files: Source | None, days: Iterable[date]) -> Counter[Day]:
    """Return how often sources other than the files have each (date, amount) of the account on these days."""
    lines = Transaction.objects.filter(
        tenant=account.tenant_id,
        account=account,
        date__in=set(days),
        void_at=None,
        status=Transaction.Status.POSTED,
    )
    if files is not None:
        lines = lines.exclude(source=files)
    rows = lines.values_list("date", "amount").annotate(n=Count("id"))
    return Counter({(day, amount): n for day, amount, n in rows})


def settle(connection: Connection, drafts: Iterable[Draft]) -> int:
    """After an upstream brought accounts and lines: adopt what files had of these accounts, and void what is there twice now.

    Returns how many facts were voided or moved. Needs the tenant's ledger lock.
    """
    brought = [draft for draft in drafts if isinstance(draft, AccountDraft | TransactionDraft)]
    if not brought:
        return 0
    files = files_of(connection.tenant_id)
    if files is None:
        return 0
    adopted = [
        _adopt(connection, files, draft.external_id) for draft in brought if isinstance(draft, AccountDraft)
    ]
    lines = [draft for draft in brought if isinstance(draft, TransactionDraft)]
    moved = sum(lines_moved for lines_moved, _ in adopted)
    days = {line.date for line in lines}
    ids = {line.account_external_id for line in lines}
    mine = Account.objects.filter(
        tenant=connection.tenant_id, source=connection.source_id, external_id__in=ids
    )
    voided = _void_repeated(connection.tenant_id, files, list(mine.values_list("pk", flat=True)), days)
    for lines_moved, account_id in adopted:
        if lines_moved:
            voided += _void_repeated(connection.tenant_id, files, [account_id], _days_of(files, account_id))
    return moved + voided


def files_of(tenant_id: int) -> Source | None:
    """Return the company's source of files, or None while it has none."""
    return Source.objects.filter(tenant=tenant_id, kind=accounts.FILES).order_by("pk").first()


def _days_of(files: Source, account_id: int) -> set[date]:
    lines = Transaction.objects.filter(tenant=files.tenant_id, source=files, account=account_id)
    return set(lines.values_list("date", flat=True).distinct())


def _void_repeated(tenant_id: int, files: Source, account_ids: list[int], days: set[date]) -> int:
    if not account_ids or not days:
        return 0
    params = {"tenant": tenant_id, "files": files.pk, "accounts": account_ids, "days": list(days)}
    return pg.execute(_VOID_REPEATED, params)


def _adopt(connection: Connection, files: Source, external_id: str) -> tuple[int, int]:
    """Move the lines of the file-only account that is this one to it; return how many were moved, and where to."""
    mine = Account.objects.filter(
        tenant=connection.tenant_id, source=connection.source_id, external_id=external_id
    ).first()
    if mine is None:
        return 0, 0
    candidates = Account.objects.filter(tenant=connection.tenant_id, source=files, void_at=None)
    twins = [each for each in candidates if accounts.same(accounts.named(each), accounts.named(mine))]
    if len(twins) != 1:
        return 0, mine.pk
    moved = merging.move_files(files=files, old=twins[0], new=mine)
    return moved.lines + moved.known + 1, mine.pk
