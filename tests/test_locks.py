"""Who holds a row lets others refer to it: a commit checks foreign keys while it is the one that numbers events."""

import re
import threading

import pytest
from django.conf import settings
from django.db import connection, transaction

from ledger.edits import edit
from lib import pg
from sync.services.runs import request_sync
from tenants.models import Role
from tests import factories

LOCKING = re.compile(r"select_for_update\(([^)]*)")


@pytest.mark.django_db(transaction=True)
def test_an_edit_is_not_held_up_by_a_run_that_is_being_begun() -> None:
    """The edit's commit holds the company's number of events; to wait for the company's row then is a deadlock with the run's commit."""
    tenant = factories.make_tenant()
    row = factories.make_transaction(factories.make_account(tenant), "5.00")
    access = factories.access_of(factories.make_member(tenant, Role.OWNER), tenant)
    upstream = factories.make_connection(tenant)
    errors: list[BaseException] = []

    def person() -> None:
        try:
            with transaction.atomic():
                pg.execute("SET LOCAL lock_timeout = '5s'")
                edit(access=access, row=row, fields={"category_override": "Aluguel"})
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    with transaction.atomic():
        request_sync(connection=upstream, reason="person")
        thread = threading.Thread(target=person)
        thread.start()
        thread.join(30)
        row.refresh_from_db()
    assert errors == []
    assert row.category_override == "Aluguel"


def test_no_lock_shuts_out_who_only_refers_to_the_row() -> None:
    top = settings.BASE_DIR
    code = [
        path
        for app in ("config", "lib", "tenants", "live", "ledger", "sync", "reconciliation", "kpi")
        for path in (top / app).rglob("*.py")
    ]
    found = [
        (path, asked)
        for path in code
        if "tests" not in path.parts
        for asked in LOCKING.findall(path.read_text())
    ]
    assert len(found) > 20
    assert [path for path, asked in found if "no_key=True" not in asked] == []
