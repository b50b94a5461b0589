"""Quality as a company sees it: what its weeks say, what its history supports, and choosing to go without a person."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from lib import clock, pg
from reconciliation import quality, services
from reconciliation.models import Match, Run
from reconciliation.services import History
from reconciliation.tests.support import clear, judge, settlement
from tenants.models import Role, Tenant, TenantSettings
from tests.cast import Cast
from tests.factories import (
    access_of,
    make_account,
    make_match,
    make_member,
    make_open_item,
    make_open_line,
    make_transaction,
)

pytestmark = pytest.mark.django_db
URL = "/t/aurora/reconciliation/quality/"


def suggest(tenant: Tenant, *, score: int = 60, rivals: int = 1) -> Match:
    """A suggestion for a new line: clear, or the first of several."""
    row = make_transaction(make_account(tenant, name="Banco"), "100.00")
    make_open_line(row)
    items = [make_open_item(tenant, "100.00") for _ in range(rivals)]
    judged = (
        clear(row, items[0], score=score)
        if rivals == 1
        else judge(row, *(settlement(row, one) for one in items))
    )
    services.propose(tenant=tenant, judgements=[judged])
    return Match.objects.filter(lines__transaction=row).order_by("pk")[0]


def pretend(tenant: Tenant, count: int, *, score: int) -> None:
    """Confirm that many clear suggestions of a score, in one statement."""
    account = make_account(tenant, name="Banco")
    made = [
        make_match(make_transaction(account), make_open_item(tenant), score=score).pk for _ in range(count)
    ]
    decided = {"status": "confirmed", "decided_at": pg.now(), "decided_by_name": "Ana"}
    Match.objects.filter(pk__in=made).update(**decided)


def test_a_week_in_numbers(cast: Cast) -> None:
    access = access_of(cast.ana, cast.aurora)
    right, wrong, undone, chosen = (suggest(cast.aurora, rivals=n) for n in (1, 1, 1, 2))
    services.confirm(access=access, matches=[right.pk, undone.pk, chosen.pk])
    services.reject(access=access, matches=[wrong.pk])
    services.undo(access=access, matches=[undone.pk])
    by_hand = make_transaction(make_account(cast.aurora), "70.00")
    item = make_open_item(cast.aurora, "70.00")
    services.link(access=access, lines=[by_hand.pk], items={item.pk: None})
    alone = suggest(cast.aurora)
    run = Run.objects.create(tenant=cast.aurora, kind=Run.Kind.AUTOMATIC)
    services.confirm(access=access, matches=[alone.pk])
    Match.objects.filter(pk=alone.pk).update(run=run)
    suggest(cast.boreal)
    *before, week = quality.weeks(cast.aurora)
    assert len(before) == 12
    assert {(one.right, one.settled, one.hours) for one in before} == {(0, 0, None)}
    assert (week.right, week.wrong, week.ambiguous, week.precision) == (2, 2, 1, Decimal("0.5"))
    assert (week.settled, week.untouched, week.by_hand) == (4, 1, 1)
    assert week.hours is not None
    assert 0 <= week.hours < 1
    found = {one.name: (one.count, one.right) for one in quality.evidence(cast.aurora)}
    assert found == {"document_equal": (4, 2), "amount_exact": (4, 2)}
    assert quality.evidence(cast.boreal) == []


def test_what_the_history_supports(cast: Cast) -> None:
    assert quality.outlook(cast.aurora, 70) == quality.Outlook(
        (), None, quality.Threshold(70, History(0, 0), History(0, 0))
    )
    pretend(cast.aurora, 49, score=83)
    nearest = quality.outlook(cast.aurora, None).nearest
    assert nearest is not None
    assert (nearest.score, nearest.ever.decided, nearest.ever.supports) == (83, 49, False)
    pretend(cast.aurora, 60, score=95)
    services.reject(access=access_of(cast.ana, cast.aurora), matches=[suggest(cast.aurora, score=40).pk])
    assert [
        (one.score, one.ever.right, one.ever.wrong) for one in quality.outlook(cast.aurora, None).supported
    ] == [
        (40, 109, 1),
        (50, 109, 0),
        (60, 109, 0),
        (70, 109, 0),
        (80, 109, 0),
        (90, 60, 0),
    ]
    long_ago = pg.now() - timedelta(days=quality.DAYS + 2)
    Match.objects.filter(score=95).update(decided_at=long_ago)
    assert [(one.score, one.lately.right) for one in quality.outlook(cast.aurora, None).supported][-2:] == [
        (80, 49),
        (90, 0),
    ]


def test_going_without_a_person_is_asked_refused_and_turned_off(cast: Cast, client: Client) -> None:
    client.force_login(cast.ana)
    chosen = TenantSettings.objects.filter(tenant=cast.aurora).values_list("auto_confirm_above", flat=True)
    client.post(f"{URL}automatic/", {"score": "60"})
    assert chosen.get() is None
    pretend(cast.aurora, 55, score=64)
    html = client.get(URL).content.decode()
    assert "teriam sido confirmadas sem você" in html
    client.post(f"{URL}automatic/", {"score": "64"})
    assert chosen.get() == 64
    assert "Desativar" in client.get(URL).content.decode()
    Match.objects.filter(score=64).update(decided_at=clock.now() - timedelta(days=1))
    assert services.confirm_clear(cast.aurora) is None  # nothing waits
    for odd in ("101", "99999999999999999999", "65"):
        client.post(f"{URL}automatic/", {"score": odd})
    assert chosen.get() in (None, 64)
    client.post(f"{URL}automatic/", {})
    assert chosen.get() is None


def test_who_may_and_what_a_page_costs(cast: Cast, client: Client) -> None:
    client.force_login(cast.ana)
    assert "Nada decidido ainda" in client.get(URL).content.decode()
    costs = []
    for count in (1, 3):
        pretend(cast.aurora, count, score=70)
        client.get(URL)
        with CaptureQueriesContext(connection) as queries:
            client.get(URL)
        costs.append(len(queries))
    assert max(costs) <= 13
    client.force_login(make_member(cast.aurora, Role.ANALYST, email="bia@example.com"))
    assert client.get(URL).status_code == 200
    assert client.post(f"{URL}automatic/", {"score": ""}).status_code == 403
    client.force_login(cast.carla)
    assert client.get(URL).status_code == 404
