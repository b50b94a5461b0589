"""A person's edits: their own columns only, told and audited once, and never in the way of a sync."""

import threading
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from ledger import drafts as d
from ledger.edits import Editable, edit, edit_many
from ledger.models import Transaction
from ledger.services import store
from lib import pg
from live.models import Event, Generation
from tenants.models import AuditLog, Role
from tests.cast import Cast
from tests.factories import (
    DAY,
    access_of,
    make_account,
    make_customer,
    make_member,
    make_open_item,
    make_product,
    make_sale,
    make_tenant,
    make_transaction,
)


def told(cast: Cast) -> tuple[int, int, int]:
    """Return how many audit entries and events there are, and the data version of Aurora."""
    facts = Generation.objects.get(tenant=cast.aurora).facts
    return (
        AuditLog.objects.filter(action="edit").count(),
        Event.objects.filter(name="facts_changed").count(),
        facts,
    )


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (
            "transaction",
            {"category_override": "Frete", "name_override": "Correios", "ignored": True, "note": "visto"},
        ),
        ("sale", {"ignored": True, "note": "visto"}),
        ("customer", {"name_override": "Dona Maria", "note": "visto"}),
        ("product", {"name_override": "Banho e tosa", "note": "visto"}),
        ("open_item", {"category_override": "Frete", "ignored": True, "note": "visto"}),
    ],
)
def test_every_kind_of_fact_takes_a_persons_columns(cast: Cast, kind: str, fields: dict[str, Any]) -> None:
    rows: dict[str, Editable] = {
        "transaction": make_transaction(make_account(cast.aurora)),
        "sale": make_sale(cast.aurora),
        "customer": make_customer(cast.aurora),
        "product": make_product(cast.aurora),
        "open_item": make_open_item(cast.aurora),
    }
    edit(access=access_of(cast.ana, cast.aurora), row=rows[kind], fields=fields)
    rows[kind].refresh_from_db()
    assert {name: getattr(rows[kind], name) for name in fields} == fields
    assert rows[kind].edited_at is not None
    assert told(cast) == (1, 1, 1)
    entry = AuditLog.objects.get(action="edit")
    assert (entry.actor, entry.row_id, entry.after) == (cast.ana, str(rows[kind].pk), fields)
    assert entry.before == {name: False if name == "ignored" else "" for name in fields}


def test_what_does_not_change_is_neither_written_nor_told(cast: Cast) -> None:
    row = make_transaction(make_account(cast.aurora), note="visto")
    edit(access=access_of(cast.ana, cast.aurora), row=row, fields={"note": "visto"})
    row.refresh_from_db()
    assert row.edited_at is None
    assert told(cast) == (0, 0, 0)


@pytest.mark.parametrize(
    "fields", [{"amount": "1.00"}, {"note": "a", "status": "pending"}, {"ignored": "sim"}]
)
def test_what_upstream_says_is_edited_by_nobody(cast: Cast, fields: dict[str, Any]) -> None:
    row = make_transaction(make_account(cast.aurora))
    with pytest.raises(ValidationError):
        edit(access=access_of(cast.ana, cast.aurora), row=row, fields=fields)
    assert told(cast) == (0, 0, 0)


def test_a_row_of_another_company_is_not_found(cast: Cast) -> None:
    theirs = make_transaction(make_account(cast.boreal))
    access = access_of(cast.ana, cast.aurora)
    with pytest.raises(Transaction.DoesNotExist):
        edit(access=access, row=theirs, fields={"note": "x"})
    assert edit_many(access=access, name="transactions", ids=[theirs.pk], fields={"ignored": True}) == 0
    theirs.refresh_from_db()
    assert (theirs.note, theirs.ignored) == ("", False)


def test_an_edit_survives_every_sync(cast: Cast) -> None:
    account = make_account(cast.aurora)
    row = make_transaction(account, external_id="t1")
    edit(
        access=access_of(cast.ana, cast.aurora),
        row=row,
        fields={"category_override": "Frete", "ignored": True, "note": "visto"},
    )
    for amount in ("1.00", "2.00"):
        draft = d.TransactionDraft(
            external_id="t1", account_id=account.pk, date=DAY, amount=Decimal(amount), category="Outros"
        )
        store(tenant_id=account.tenant_id, source_id=account.source_id, drafts=[draft])
    row.refresh_from_db()
    assert (row.amount, row.category, row.category_override, row.ignored, row.note) == (
        Decimal("2.00"), "Outros", "Frete", True, "visto",
    )  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_an_edit_waits_for_a_sync_instead_of_deadlocking_with_it() -> None:
    """The sync holds a rollup row and then wants the very line that the person edits, whose trigger wants that rollup row."""
    tenant = make_tenant()
    account = make_account(tenant)
    row = make_transaction(account, "5.00", external_id="t1")
    access = access_of(make_member(tenant, Role.OWNER), tenant)
    begun, errors = threading.Event(), list[BaseException]()

    def draft(external_id: str, amount: str) -> d.TransactionDraft:
        return d.TransactionDraft(
            external_id=external_id, account_id=account.pk, date=DAY, amount=Decimal(amount)
        )

    def person() -> None:
        try:
            begun.wait(20)
            edit(access=access, row=row, fields={"ignored": True})
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=person)
    thread.start()
    with transaction.atomic():
        store(tenant_id=tenant.pk, source_id=account.source_id, drafts=[draft("t2", "1.00")])
        begun.set()
        _until_somebody_waits()
        store(tenant_id=tenant.pk, source_id=account.source_id, drafts=[draft("t1", "7.00")])
    thread.join(30)
    row.refresh_from_db()
    assert errors == []
    assert (row.amount, row.ignored) == (Decimal("7.00"), True)


def _until_somebody_waits() -> None:
    """Return when another connection to this database waits for a lock of ours. Raises after 20 s."""
    for _try in range(20_000):
        if pg.fetch("SELECT 1 FROM pg_locks WHERE NOT granted LIMIT 1"):
            return
        pg.fetch("SELECT pg_sleep(0.001)")
    raise TimeoutError("nobody waits")
