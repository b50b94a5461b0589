"""Why an average, a count of customers and a share changed: parts that add up to the number on the card."""

from datetime import date
from decimal import Decimal

import pytest

from kpi import queries
from kpi.analysis.drivers import drivers
from kpi.catalog import CATALOG
from kpi.ready import board_json
from lib import clock
from lib.periods import Period
from reconciliation.models import Match, Progress
from tests.api import signed_in
from tests.cast import Cast
from tests.factories import (
    make_account,
    make_customer,
    make_match,
    make_open_item,
    make_sale,
    make_transaction,
)

pytestmark = pytest.mark.django_db
D = Decimal
FEBRUARY = Period("range", date(2026, 2, 1), date(2026, 3, 1))
MARCH = Period("range", date(2026, 3, 1), date(2026, 4, 1))
SPANS = {"period": MARCH, "compared": FEBRUARY}


@pytest.fixture
def shop(cast: Cast) -> Cast:
    """February: Rita and Caio buy in Centro. March: Rita in both stores, Lia and Davi for the first time in Norte."""
    rita, caio, lia, davi = (make_customer(cast.aurora, name) for name in ("Rita", "Caio", "Lia", "Davi"))
    for who, store, month, day, total in (
        (rita, "Centro", 2, 3, "40"), (caio, "Centro", 2, 4, "60"), (rita, "Centro", 3, 2, "30"), (rita, "Norte", 3, 9, "20"),
        (lia, "Norte", 3, 5, "100"), (davi, "Norte", 3, 6, "50"),
    ):  # fmt: skip
        make_sale(
            cast.aurora, total, customer=who, store=store, channel="Balcão", date=date(2026, month, day)
        )
    make_sale(cast.aurora, "1", date=date(2026, 1, 5))  # nothing is compared with days before the first
    make_sale(cast.boreal, "999", customer=make_customer(cast.boreal), store="Centro", date=date(2026, 3, 10))
    return cast


def parts(cast: Cast, measure: str, dimension: str) -> tuple[D, D, dict[str, tuple[D, D]]]:
    """Return now and before of the whole and of each part."""
    found = drivers(cast.aurora, measure=measure, dimension=dimension, **SPANS)
    return found.now, found.before, {part.name: (part.now, part.before) for part in found.parts}


def test_the_average_sale_consists_of_what_each_part_brings_to_it(shop: Cast) -> None:
    assert parts(shop, "average_ticket", "store") == (
        D(50), D(50), {"Centro": (D("7.5"), D(50)), "Norte": (D("42.5"), D(0))},
    )  # fmt: skip
    assert parts(shop, "average_ticket", "customer")[2]["Rita"] == (D("12.5"), D(20))


def test_each_customer_counts_once(shop: Cast) -> None:
    assert parts(shop, "active_customers", "store") == (
        D(3),
        D(2),
        {"Norte": (D(3), D(0)), "Centro": (D(0), D(2))},
    )
    assert parts(shop, "new_customers", "store") == (D(2), D(2), {"Centro": (D(0), D(2)), "Norte": (D(2), D(0))})  # fmt: skip
    board = queries.board(shop.aurora, period=MARCH, today=date(2026, 4, 1), comparison="calendar")
    for code in ("average_ticket", "active_customers", "new_customers"):
        card = board.card(code)
        assert parts(shop, code, "channel")[:2] == (card.value, card.previous)


def test_a_share_consists_of_what_each_account_adds_to_it(cast: Cast) -> None:
    bank, other = make_account(cast.aurora, name="Itaú"), make_account(cast.aurora, name="Bradesco")
    lines = [
        make_transaction(account, "10", date=date(2026, 3, n))
        for n, account in enumerate((bank, other, other), 1)
    ]
    match = make_match(lines[0], make_open_item(cast.aurora, "10", source=bank.source))
    Match.objects.filter(pk=match.pk).update(
        status=Match.Status.CONFIRMED, decided_at=clock.now(), decided_by_name="Ana"
    )
    assert parts(cast, "reconciled_share", "account") == (D(0), D(0), {})
    Progress.objects.create(tenant=cast.aurora, ran_at=clock.now())
    make_transaction(other, "10", date=date(2026, 3, 9), nature="own_transfer")  # neither in nor out
    assert parts(cast, "reconciled_share", "account") == (
        D("0.333333"), D(0), {"Itaú": (D("0.333333"), D(0))},
    )  # fmt: skip
    board = board_json(
        queries.board(cast.aurora, period=MARCH, today=date(2026, 4, 1), comparison="previous")
    )
    assert [one["value"] for one in board["kpis"] if one["code"] == "reconciled_share"] == ["0.3333"]


def test_every_card_that_tells_a_change_is_one_click_from_why(shop: Cast) -> None:
    assert [kpi.code for kpi in CATALOG if not kpi.split] == [kpi.code for kpi in CATALOG if kpi.now]
    ana = signed_in(shop.ana)
    for kpi in CATALOG:
        if kpi.split:
            page = ana.get(f"/t/aurora/analysis/?measure={kpi.split}&from=2026-03-01&to=2026-03-31")
            assert page.status_code == 200
            answer = ana.get(
                f"/api/kpis/drivers?measure={kpi.split}&from=2026-03-01&to=2026-03-31&compare=calendar",
                headers={"X-Tenant": "aurora"},
            )
            assert answer.json()["data"]["measure"] == kpi.split
