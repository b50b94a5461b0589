"""One row of every table for a company, each with the company's mark in its text: whoever sees the mark sees the company."""

import zlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import connection as database
from django.utils import timezone

from kpi.models import (
    AlertEvent,
    AlertRule,
    AlertState,
    Anomaly,
    AnomalyState,
    Board,
    BoardLink,
    BoardState,
    Forecast,
    ForecastPoint,
    Foretold,
    LinkedBoard,
    Occasion,
    RecurringLine,
    RecurringState,
    Report,
    ReportDelivery,
    ReportRecipient,
    SegmentMember,
    SegmentState,
    Target,
    Tile,
    Visit,
)
from ledger.models import BankConnection, Customer, Export, OpenItem, Product, Sale, SavedView, Transaction
from live.models import (
    Event,
    EventSubscription,
    HookDelivery,
    HookEndpoint,
    Notification,
    NotificationPreference,
)
from reconciliation.models import (
    ClientMapping,
    Closing,
    Decision,
    IdempotencyKey,
    Match,
    Progress,
    Rejection,
    ReturnEntry,
    Rule,
    RuleEffect,
    RuleRun,
    Run,
)
from sync.models import (
    Connection,
    FileImport,
    ImportedLine,
    InboundDelivery,
    RawRecord,
    StatementFormat,
    SyncRun,
    Webhook,
)
from tenants import services
from tenants.models import ApiKey, Membership, Tenant
from tests.factories import (
    make_account,
    make_connection,
    make_customer,
    make_match,
    make_open_item,
    make_open_line,
    make_product,
    make_run,
    make_sale,
    make_transaction,
)

SECRET = "a credential that no page shows"
OURS = {"tenants", "live", "ledger", "sync", "kpi", "reconciliation"}


@dataclass(frozen=True, slots=True)
class World:
    """The rows of one company, and the text of its API key."""

    customer: Customer
    product: Product
    sale: Sale
    open_item: OpenItem
    transaction: Transaction
    match: Match
    wire: Connection
    run: SyncRun
    raw: RawRecord
    delivery: InboundDelivery
    api_key: ApiKey
    key: str


def fill(tenant: Tenant, mark: str = "x") -> World:
    """Give the company one row of every table."""
    wire = make_connection(
        tenant, "gestaoclick", name=f"ERP {mark}", config={"base_url": f"https://{mark.lower()}.example"}
    )
    wire.set_credentials({"access_token": SECRET, "secret_access_token": SECRET})
    wire.save()
    bank = make_connection(tenant, "pluggy", name=f"Bank {mark}")
    account = make_account(
        tenant, source=bank.source, name=f"Account {mark}", balance="10.00", balance_at="2026-03-10T12:00:00Z"
    )
    customer = make_customer(tenant, f"Customer {mark}", source=wire.source)
    product = make_product(tenant, f"Product {mark}", source=wire.source)
    run = make_run(wire, status=SyncRun.Status.FAILED, error=f"failed {mark}\nsecond line")
    api_key, text = services.create_api_key(
        tenant=tenant, name=f"Key {mark}", scopes=["read", "write", "sync", "decide"], actor=None
    )
    _arrivals(tenant, wire, mark)
    open_item = make_open_item(tenant, "-3.00", source=wire.source, description=f"Item {mark}")
    line = make_transaction(account, "-12.50", description=f"Line {mark}", counterparty_name=mark)
    match = _judged(line, open_item, customer, mark)
    return World(
        customer=customer,
        product=product,
        sale=make_sale(
            tenant, "30.00", customer=customer, items=[(product, "30.00")], customer_name=mark, note=mark
        ),
        open_item=open_item,
        transaction=line,
        match=match,
        wire=wire,
        run=run,
        raw=_raw(tenant, wire, mark),
        delivery=_delivery(tenant, wire, mark),
        api_key=api_key,
        key=text,
    )


def _judged(line: Transaction, item: OpenItem, customer: Customer, mark: str) -> Match:
    """Return a proposal for the line, beside one that was rejected and all that goes with it."""
    tenant = line.tenant
    make_open_line(line, verdict="clear", waits_since=None)
    run = Run.objects.create(tenant=tenant, kind=Run.Kind.BULK, actor_name=mark)
    match, rejected = (
        make_match(
            line, item, adjustments={"interest": "-9.50"}, reasons=[{"name": mark, "points": 1, "detail": {}}]
        )
        for _ in "12"
    )
    Match.objects.filter(pk=rejected.pk).update(
        status="rejected", decided_by_name=mark, decided_at=datetime(2026, 3, 10, 15, tzinfo=UTC), run=run
    )
    own: dict[str, Any] = {"tenant": tenant, "match": rejected}
    Rejection.objects.create(**own, transaction=line, open_item=item)
    Decision.objects.create(
        **own, run=run, action="reject", before="proposed", after="rejected", actor_name=mark
    )
    ClientMapping.objects.create(
        tenant=tenant, name_key=f"PAYER {mark}", payer_name=f"Payer {mark}", customer=customer
    )
    IdempotencyKey.objects.create(tenant=tenant, key=mark, fingerprint="f", answer={"who": mark})
    Closing.objects.create(tenant=tenant, closed_through=date(2020, 12, 31))
    Progress.objects.create(tenant=tenant)
    _ruled(line, mark)
    return match


def _ruled(line: Transaction, mark: str) -> None:
    """Give the company a rule that was tried and marked the line once."""
    tenant = line.tenant
    rule = Rule.objects.create(
        tenant=tenant, name=f"Rule {mark}", position=1, conditions={"field": "direction", "op": "is", "value": "out"}, action="ask",
        dry_run_version=1, version=1, is_active=True,
    )  # fmt: skip
    done = RuleRun.objects.create(
        tenant=tenant, rule=rule, version=1, action="ask", dry=False, last_id=line.pk, hits=1, actor_name=mark
    )
    RuleEffect.objects.create(tenant=tenant, rule_run=done, transaction=line, action="ask")
    RuleRun.objects.filter(pk=done.pk).update(
        status="done", finished_at=datetime(2026, 3, 10, 15, tzinfo=UTC)
    )


def _raw(tenant: Tenant, wire: Connection, mark: str) -> RawRecord:
    return RawRecord.objects.create(
        tenant=tenant, connection=wire, kind="customer", external_id="7", payload={"name": mark}, content_hash=b"x",
        error=f"unreadable {mark}",
    )  # fmt: skip


def _delivery(tenant: Tenant, wire: Connection, mark: str) -> InboundDelivery:
    return InboundDelivery.objects.create(
        tenant=tenant, connection=wire, source="pluggy", delivery_id=f"d {mark}", event="item/updated",
        body={"event": mark}, status=InboundDelivery.Status.FAILED, error=f"gave up {mark}",
    )  # fmt: skip


def _arrivals(tenant: Tenant, wire: Connection, mark: str) -> None:
    BankConnection.objects.create(
        tenant=tenant, source=wire.source, external_id="b", institution=f"Bank {mark}"
    )
    Event.objects.create(tenant=tenant, name="sync", payload={"connection": wire.pk})
    Webhook.objects.create(
        tenant=tenant, connection=wire, token_hash=f"t {tenant.pk}", secret=SECRET, url="https://x.example"
    )
    content = zlib.compress(f"Data;Historico;Valor\n01/03/2026;{mark};10,00\n".encode())
    brought = FileImport.objects.create(
        tenant=tenant, name=f"{mark}.csv", kind="csv", sha256="s", size=1, content=content
    )
    line = Transaction.objects.filter(tenant=tenant).first()
    if line is None:
        line = make_transaction(make_account(tenant, name=f"Files {mark}"), "-1.00", description=mark)
    ImportedLine.objects.create(tenant=tenant, file_import=brought, transaction=line)
    ReturnEntry.objects.create(
        tenant=tenant, file_import=brought, bank_code="237", line_number=2, digest="d", occurrence="06", meaning="settled", payer_name=mark
    )  # fmt: skip
    StatementFormat.objects.create(tenant=tenant, fingerprint="f", mapping={"mark": mark})
    member = Membership.objects.filter(tenant=tenant).select_related("user").first()
    assert member is not None, "the cast gives every company an owner"
    SavedView.objects.create(tenant=tenant, user=member.user, list="sales", name=f"View {mark}", shared=True)
    Visit.objects.create(tenant=tenant, user=member.user)
    _expected(tenant, mark)
    _arranged(tenant, member, mark)
    _planned(tenant, mark)
    _told(tenant, member, mark)
    Export.objects.create(
        tenant=tenant, user=member.user, resource="sales", status=Export.Status.DONE, content=mark.encode()
    )


def _expected(tenant: Tenant, mark: str) -> None:
    moment = datetime(2026, 3, 10, 15, tzinfo=UTC)
    forecast = Forecast.objects.create(
        tenant=tenant, measure="sales", grain="day", about="store", subject=mark, name=f"Store {mark}", currency="BRL",
        through=date(2026, 3, 9), made_at=moment, model="naive", verdict="ok",
    )  # fmt: skip
    ForecastPoint.objects.create(
        tenant=tenant, forecast=forecast, start=date(2026, 3, 10), mean=1, lo80=1, hi80=1, lo95=1, hi95=1
    )
    Anomaly.objects.create(
        tenant=tenant, measure="revenue", kind="low", first_day=date(2026, 3, 9), last_day=date(2026, 3, 9), expected=9, lo=8, hi=10,
        got=1, score=2.5, found_at=moment, updated_at=moment,
        parts=[{"dimension": "product", "key": "1", "name": mark, "gap": "-8.00", "share": "1"}],
    )  # fmt: skip
    AnomalyState.objects.create(tenant=tenant, through=date(2026, 3, 9))
    RecurringState.objects.create(tenant=tenant, day=date(2026, 3, 9))
    RecurringLine.objects.create(
        tenant=tenant, code=f"out:monthly:1:n:{mark}", party=f"n:{mark}", name=f"Rent {mark}", rhythm="monthly", kind="day", number=5, back=False,
        unit=24_302, share=1, amount=-9, paid=[["2026-03-05", "-9.00"]],
    )  # fmt: skip
    SegmentState.objects.create(tenant=tenant, as_of=date(2026, 3, 10), built_at=moment)
    SegmentMember.objects.create(
        tenant=tenant, month=date(2026, 3, 1), customer=Customer.objects.filter(tenant=tenant)[0], last_day=date(2026, 3, 9), frequency=1, monetary=30,
        r=5, f=1, m=1, segment="new",
    )  # fmt: skip


def _arranged(tenant: Tenant, member: Membership, mark: str) -> None:
    board = Board.objects.create(tenant=tenant, name=f"Board {mark}", owner=member.user, shared=True)
    Tile.objects.create(
        tenant=tenant, board=board, kind="cash_flow", options={"title": mark}, position=1, width=12, height=2
    )
    link = BoardLink.objects.create(
        tenant=tenant,
        name=f"Link {mark}",
        token_hash=f"b {tenant.pk}",
        expires_at=timezone.now() + timedelta(days=30),
    )
    LinkedBoard.objects.create(tenant=tenant, link=link, board=board, position=1)
    BoardState.objects.create(tenant=tenant)
    _delivered(board, member, mark)


def _delivered(board: Board, member: Membership, mark: str) -> None:
    """Give the company a paused report that was sent once to an address without an account."""
    own: dict[str, Any] = {"tenant": board.tenant}
    report = Report.objects.create(
        **own, board=board, name=f"Report {mark}", created_by=member.user, is_active=False
    )
    address = f"{mark.lower()}@reports.example"
    recipient = ReportRecipient.objects.create(**own, report=report, email=address, scope_name=mark)
    ReportDelivery.objects.create(
        **own, report=report, recipient=recipient, email=address, who=f"address:{address}", occasion="2026-03-10T10:00:00+00:00",
        planned_for=datetime(2026, 3, 10, 10, tzinfo=UTC), status="failed", reason=f"{mark} said no", scope_name=mark,
    )  # fmt: skip


def _planned(tenant: Tenant, mark: str) -> None:
    """Give the company a goal, a day of its own, an alert that told once, and a webhook that was sent one message."""
    moment, day = datetime(2026, 3, 10, 15, tzinfo=UTC), date(2026, 3, 9)
    Target.objects.create(tenant=tenant, kpi="revenue", month=date(2026, 3, 1), value=1000)
    Occasion.objects.create(tenant=tenant, label=f"Day {mark}", first_day=day, last_day=day)
    rule = AlertRule.objects.create(
        tenant=tenant, kpi="revenue", dimension="store", key=mark, name=f"Store {mark}", kind="absolute", way="below", limit=100, window="day",
        starts_on=day,
    )  # fmt: skip
    AlertEvent.objects.create(
        tenant=tenant, rule=rule, day=day, got=1, first_got=1, expected=100, fired_at=moment
    )
    AlertState.objects.create(tenant=tenant, day=day, through=day, judged_at=moment)
    Foretold.objects.create(
        tenant=tenant,
        measure="sales",
        about="store",
        subject=mark,
        day=day,
        mean=1,
        lo80=1,
        hi80=1,
        lo95=1,
        hi95=1,
    )
    hook = HookEndpoint.objects.create(
        tenant=tenant, url=f"https://{mark.lower()}.example/hook", label=f"Hook {mark}", secret=SECRET
    )
    HookDelivery.objects.create(
        tenant=tenant,
        endpoint=hook,
        event="alert.fired",
        body=f'{{"mark": "{mark}"}}',
        state="failed",
        problem=f"gave up {mark}",
    )


def _told(tenant: Tenant, member: Membership, mark: str) -> None:
    Notification.objects.create(
        tenant=tenant,
        user=member.user,
        event="invitation_accepted",
        params={"person": mark, "role": "viewer"},
    )
    NotificationPreference.objects.create(tenant=tenant, user=member.user)
    EventSubscription.objects.create(tenant=tenant, user=member.user, event_type="invitation_accepted")


def number_apart() -> None:
    """Let every table of ours number its next rows far above all rows so far, so that the ids of two companies never meet."""
    tables = [
        model._meta.db_table
        for model in apps.get_models()
        if model._meta.app_label in OURS and model._meta.managed and model._meta.pk.name == "id"
    ]
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT max(nextval(pg_get_serial_sequence(t, 'id'))) FROM unnest(%s::text[]) t", [tables]
        )
        start = cursor.fetchone()[0] + 10_000
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence(t, 'id'), %s) FROM unnest(%s::text[]) t", [start, tables]
        )


def ids_of(tenant: Tenant) -> set[int]:
    """Return the ids of every row of the company, in whatever table."""
    found: set[int] = set()
    for model in apps.get_models():
        fields: Any = {field.name for field in model._meta.concrete_fields}
        if model._meta.app_label in OURS and model._meta.managed and {"id", "tenant"} <= fields:
            found |= set(model._default_manager.filter(tenant=tenant).values_list("pk", flat=True))
    return found
