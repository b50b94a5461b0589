"""What tests of sync share: companies of the sandbox as tenants, and an upstream whose every page a test writes itself."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import orjson

from ledger.drafts import CustomerDraft, Draft, TransactionDraft
from ledger.models import Customer, OpenItem, Product, Sale, Transaction
from lib import clock
from sync import services
from sync.models import Connection
from sync.providers.base import Context, Page, Record, Unreadable
from sync.sandbox.testing import SandboxServer
from tenants.models import Tenant
from tests.factories import make_tenant

BUDGET = "100000/second"
HERE = ZoneInfo("America/Sao_Paulo")


@contextmanager
def sandbox_of_today(folder: Path, **options: Any) -> Iterator[SandboxServer]:
    """Run a small sandbox whose story ends today, as the providers ask for the last 365 days."""
    with SandboxServer(folder, today=clock.today(HERE), **options) as server:
        yield server


def tenant_of(sandbox: SandboxServer, key: str) -> Tenant:
    """Return a company of the sandbox as a tenant without connections."""
    company = sandbox.company(key)
    return make_tenant(company.name, slug=key, document=company.document)


def connect(sandbox: SandboxServer, tenant: Tenant, kind: str, **config: Any) -> Connection:
    """Connect a tenant to one upstream of its company in the sandbox; its first run is queued."""
    company = sandbox.company(tenant.slug)
    bank = company.pluggy
    extra: dict[str, Any] = {}
    if kind == "pluggy":
        credentials = {"client_id": bank.client_id, "client_secret": bank.client_secret}
        extra = {"item_ids": bank.item_ids, "client_user_id": bank.client_user_id}
    elif kind == "advbox":
        assert company.advbox is not None
        credentials = {"token": company.advbox.token}
    else:
        assert company.gestaoclick is not None
        tokens = company.gestaoclick
        credentials = {"access_token": tokens.access_token, "secret_access_token": tokens.secret_access_token}
    address = {"base_url": f"{sandbox.url}/{kind}", "budget": BUDGET}
    return services.connect(
        tenant=tenant, kind=kind, name=kind, credentials=credentials, config=address | extra | config
    )


def due_now(*connections: Connection) -> None:
    """Make it the turn of these connections."""
    Connection.objects.filter(pk__in=[c.pk for c in connections]).update(next_due_at=clock.now())


def differences(sandbox: SandboxServer, tenant: Tenant) -> list[str]:
    """Return what of a company's upstreams is not in the ledger exactly once and unchanged, as sentences. Asks the sandbox's own store."""
    return [*erp_differences(sandbox, tenant), *bank_differences(sandbox, tenant)]


def erp_differences(sandbox: SandboxServer, tenant: Tenant) -> Iterator[str]:
    """Yield the differences of GestãoClick's records."""
    rows = sandbox.app.store.all(
        "SELECT resource, kind, id, payload FROM rows WHERE company = ? AND hidden = 0", (tenant.slug,)
    )
    truth: dict[str, dict[str, Decimal | None]] = {}
    for resource, kind, number, payload in rows:
        name, identity, amount = _erp_truth(resource, kind, number, orjson.loads(payload))
        if name:
            truth.setdefault(name, {})[identity] = amount
    for name, model, column in (
        ("sales", Sale, "total"), ("customers", Customer, ""), ("products", Product, ""), ("open items", OpenItem, "amount"),
    ):  # fmt: skip
        found = model.objects.filter(tenant=tenant, source__kind="gestaoclick", void_at=None)
        if name in ("customers", "products"):
            found = found.filter(is_stub=False)
        stored = {row.external_id: abs(getattr(row, column)) if column else None for row in found}
        yield from _compare(name, truth.get(name, {}), stored)


def _erp_truth(resource: str, kind: str, number: int, row: dict[str, Any]) -> tuple[str, str, Decimal | None]:
    if resource == "vendas":
        return "sales", f"{kind}:{number}", Decimal(row["valor_total"])
    if resource == "clientes":
        return "customers", str(number), None
    if resource == "produtos":
        return "products", f"produto:{number}", None
    if resource in ("recebimentos", "pagamentos"):
        return "open items", f"{resource[:-1]}:{number}", Decimal(row["valor"])
    return "", "", None


def bank_differences(sandbox: SandboxServer, tenant: Tenant) -> Iterator[str]:
    """Yield the differences of Pluggy's lines."""
    rows = sandbox.app.store.all(
        "SELECT id, cents FROM lines WHERE company = ? AND hidden = 0 AND payload IS NOT NULL", (tenant.slug,)
    )
    found = Transaction.objects.filter(tenant=tenant, source__kind="pluggy", void_at=None)
    stored = {row.external_id: abs(row.amount) for row in found}
    yield from _compare("bank lines", {line: abs(Decimal(cents) / 100) for line, cents in rows}, stored)


def _compare(name: str, truth: Mapping[str, Any], stored: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted(truth.keys() - stored.keys()):
        yield f"{name}: {key} is lost"
    for key in sorted(stored.keys() - truth.keys()):
        yield f"{name}: {key} is not upstream"
    for key in sorted(truth.keys() & stored.keys()):
        if truth[key] is not None and truth[key] != stored[key]:
            yield f"{name}: {key} is {stored[key]}, upstream {truth[key]}"


class Scripted:
    """An upstream whose pages a test writes. `script` holds pages, exceptions to raise, and callables to call on the way."""

    kind: ClassVar[str] = "gestaoclick"
    mapper_version = 1

    def __init__(self, *script: Page | Exception | Callable[[], object]) -> None:
        self.script: list[Page | Exception | Callable[[], object]] = list(script)
        self.upstream: dict[tuple[str, str], dict[str, Any]] = {}
        self.asked: list[tuple[dict[str, Any], bool]] = []
        self.spend: Callable[[str], None] = lambda endpoint: None

    def check(self) -> str:
        return "scripted"

    def pages(self, *, cursor: Mapping[str, Any], full: bool, today: date) -> Iterator[Page]:
        self.asked.append((dict(cursor), full))
        for step in self.script:
            self.spend("rows")
            if isinstance(step, Exception):
                raise step
            if isinstance(step, Page):
                yield step
            else:
                step()

    def fetch(self, kind: str, external_id: str) -> Record:
        self.spend(kind)
        return Record(kind, external_id, self.upstream[kind, external_id])

    def map(self, record: Record, context: Context) -> tuple[Draft, ...]:
        row = record.payload
        if row.get("unreadable"):
            raise Unreadable(row["unreadable"])
        if record.kind == "customer":
            return (CustomerDraft(external_id=record.external_id, name=row["name"]),)
        if row.get("draft"):
            return ()
        return (
            TransactionDraft(
                external_id=record.external_id,
                account_external_id=row.get("account", "account"),
                date=date.fromisoformat(row.get("date", "2026-03-10")),
                amount=Decimal(row["amount"]),
            ),
        )

    def close(self) -> None:
        return


def customers(*names: str, **page: Any) -> Page:
    """Return a page of customers whose ids are their names in small letters."""
    records = tuple(Record("customer", name.lower(), {"name": name}) for name in names)
    return Page("customers", records, **page)


def lines(rows: Iterable[tuple[str, str]], **page: Any) -> Page:
    """Return a page of bank lines, each (id, amount)."""
    records = tuple(Record("transaction", key, {"amount": amount}) for key, amount in rows)
    return Page("transactions", records, **page)
