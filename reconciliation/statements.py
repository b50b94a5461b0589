"""Whether bank statements are whole: opening balance + lines = closing balance, from one statement of an account to the next."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Final

from ledger.models import Account
from lib import pg
from sync.models import FileImport
from tenants.models import Tenant

_SUMS: Final = """
SELECT s.n, count(t.id), coalesce(sum(t.amount), 0)
  FROM unnest(%(after)s::date[], %(through)s::date[]) WITH ORDINALITY AS s (after, through, n)
  LEFT JOIN ledger_transaction t ON t.tenant_id = %(tenant)s AND t.account_id = %(account)s AND t.date > s.after AND t.date <= s.through
       AND t.void_at IS NULL AND t.status = 'posted'
 GROUP BY s.n ORDER BY s.n
"""


@dataclass(frozen=True, slots=True)
class StatementCheck:
    """One statement: the day after the one before it to its own last day, its balances, and what is stored in between.

    `opening` is the closing balance of the statement before, None for the first one of an account: then nothing can be compared.
    """

    account: Account
    file: str
    after: date | None
    through: date
    opening: Decimal | None
    lines: int
    total: Decimal
    closing: Decimal

    @property
    def difference(self) -> Decimal | None:
        """Return closing − (opening + lines): zero when nothing is missing or doubled, None when it is not known."""
        return None if self.opening is None else self.closing - self.opening - self.total


@dataclass(frozen=True, slots=True)
class _Balance:
    """What a stored file says: the balance at the end of a day."""

    day: date
    amount: Decimal
    file: str


def check_statements(tenant: Tenant) -> list[StatementCheck]:
    """Return every statement that was imported and states its balance, by account and day. One statement an account.

    Only files state a balance at the end of a day; what Open Finance says is a balance of some moment inside one.
    """
    found = _balances(tenant)
    accounts = Account.objects.filter(tenant=tenant, pk__in=found, void_at=None).order_by("pk")
    return [check for account in accounts for check in _checks(account, found[account.pk])]


def wrong(tenant: Tenant) -> list[StatementCheck]:
    """Return the statements between which lines are missing or doubled."""
    return [check for check in check_statements(tenant) if check.difference]


def _balances(tenant: Tenant) -> dict[int, list[_Balance]]:
    """Return the stated balances by account in the order of their days; of two of one day the file that was stored last."""
    by_day: dict[int, dict[date, _Balance]] = defaultdict(dict)
    stored = FileImport.objects.filter(tenant=tenant, status=FileImport.Status.STORED).exclude(balances=[])
    for name, balances in stored.order_by("stored_at", "pk").values_list("name", "balances"):
        for entry in balances:
            day = datetime.fromisoformat(entry["at"]).astimezone(tenant.zone).date()
            by_day[int(entry["account"])][day] = _Balance(day, Decimal(entry["balance"]), name)
    return {account: [days[day] for day in sorted(days)] for account, days in by_day.items()}


def _checks(account: Account, balances: list[_Balance]) -> Iterator[StatementCheck]:
    first = balances[0]
    yield StatementCheck(account, first.file, None, first.day, None, 0, Decimal(0), first.amount)
    pairs = list(pairwise(balances))
    params = {
        "tenant": account.tenant_id,
        "account": account.pk,
        "after": [before.day for before, _now in pairs],
        "through": [now.day for _before, now in pairs],
    }
    for (before, now), (_n, lines, total) in zip(
        pairs, pg.fetch(_SUMS, params) if pairs else [], strict=True
    ):
        yield StatementCheck(account, now.file, before.day, now.day, before.amount, lines, total, now.amount)
