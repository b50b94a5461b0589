"""Closed books: who closes them, what that leaves behind, and that people hear when upstream takes the ground from under a match."""

from datetime import date
from typing import Any

import pytest
from django.test import Client

from ledger.models import OpenItem, Transaction
from lib import pg
from live.models import Notification
from reconciliation import services
from reconciliation.models import Closing, Match
from reconciliation.tests.support import clear
from tenants.models import AuditLog, Role, Tenant
from tests.api import signed_in
from tests.cast import Cast
from tests.factories import (
    access_of,
    make_account,
    make_member,
    make_open_item,
    make_open_line,
    make_transaction,
)

pytestmark = pytest.mark.django_db
URL = "/t/aurora/reconciliation/closing/"


def close(client: Client, day: str) -> Any:
    return client.post(f"{URL}close/", {"day": day})


def closed(tenant: Tenant) -> date | None:
    row = Closing.objects.filter(tenant=tenant).first()
    return row.closed_through if row else None


def test_a_manager_closes_and_opens_the_books(cast: Cast) -> None:
    client = signed_in(cast.ana)
    make_open_line(make_transaction(make_account(cast.aurora), "10"))  # of 10 March 2026
    for row in range(2):
        make_open_line(make_transaction(make_account(cast.boreal), str(row + 1)))
    assert close(client, "2026-02-28").status_code == 302
    assert (closed(cast.aurora), closed(cast.boreal)) == (date(2026, 2, 28), None)
    shown = client.get(URL).content.decode()
    assert 'name="day" value="2026-02-28"' not in shown
    close(client, "")
    assert closed(cast.aurora) is None
    assert list(
        AuditLog.objects.filter(action__startswith="books").order_by("pk").values_list("action", flat=True)
    ) == [
        "books.closed",
        "books.opened",
    ]


@pytest.mark.parametrize("day", ["2999-01-01", "x", "2026-02-30", "\x00", "2026-W01-1x", "99999-01-01"])
def test_a_day_that_cannot_be_closed_is_refused_in_words(cast: Cast, day: str) -> None:
    client = signed_in(cast.ana)
    assert close(client, day).status_code == 302
    assert closed(cast.aurora) is None


def test_who_may_look_and_who_may_close(cast: Cast) -> None:
    for role, may in ((Role.VIEWER, False), (Role.ANALYST, False), (Role.MANAGER, True)):
        client = signed_in(make_member(cast.aurora, role))
        shown = client.get(URL)
        assert shown.status_code == 200
        assert ("close/" in shown.content.decode()) is may
        assert close(client, "2026-01-31").status_code == (302 if may else 403)
    stranger = signed_in(make_member(cast.boreal))
    assert stranger.get(URL).status_code == 404
    assert close(stranger, "2026-02-28").status_code == 404
    assert closed(cast.aurora) == date(2026, 1, 31)


def confirmed(cast: Cast) -> tuple[Transaction, OpenItem]:
    """A settled line, known to the queue."""
    line, item = make_transaction(make_account(cast.aurora), "100"), make_open_item(cast.aurora, "100")
    services.refresh(cast.aurora.pk)
    services.propose(tenant=cast.aurora, judgements=[clear(line, item)])
    services.confirm(
        access=access_of(cast.ana, cast.aurora), matches=[Match.objects.get(status="proposed").pk]
    )
    return line, item


def told(tenant: Tenant) -> list[tuple[str, int]]:
    rows = Notification.objects.filter(tenant=tenant).order_by("event", "user")
    return [(row.event, row.params["count"]) for row in rows.distinct("event")]


@pytest.mark.django_db(transaction=True)
def test_people_hear_of_matches_that_upstream_opened_again(cast: Cast) -> None:
    line, _item = confirmed(cast)
    Transaction.objects.filter(pk=line.pk).update(amount="90", updated_at=pg.now())
    services.refresh(cast.aurora.pk)
    assert told(cast.aurora) == [("matches_reopened", 1)]
    services.refresh(cast.aurora.pk)
    assert told(cast.aurora) == [("matches_reopened", 1)]


@pytest.mark.django_db(transaction=True)
def test_people_hear_once_of_closed_books_that_lost_their_ground(cast: Cast) -> None:
    line, _item = confirmed(cast)
    close(signed_in(cast.ana), "2026-03-31")
    Transaction.objects.filter(pk=line.pk).update(amount="90", updated_at=pg.now())
    services.refresh(cast.aurora.pk)
    services.refresh(cast.aurora.pk)
    assert told(cast.aurora) == [("matches_held", 1)]
    assert Match.objects.get(status="confirmed").amount == 100
