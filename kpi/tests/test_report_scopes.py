"""What a recipient's copy can be limited to: of everything that a board can be shown for, the largest values, of this company."""

from datetime import timedelta
from typing import Any

import pytest

from kpi import dimensions
from kpi.boards.contents import contents
from kpi.models import Board, Report, ReportRecipient, Tile
from kpi.reports import queries
from lib import clock
from lib.periods import Period
from tests.api import body, signed_in
from tests.cast import Cast
from tests.factories import make_customer, make_product, make_sale, make_source

pytestmark = pytest.mark.django_db


def test_products_and_customers_are_offered_and_kept(cast: Cast) -> None:
    day = clock.today(cast.aurora.zone)
    for tenant in (cast.aurora, cast.boreal):
        source = make_source(tenant)
        bath, food, old = (
            make_product(tenant, f"{name} {tenant.name}", source=source)
            for name in ("Banho", "Ração", "Antigo")
        )
        maria = make_customer(tenant, f"Maria {tenant.name}", source=source)
        nobody = make_customer(tenant, "Consumidor final", source=source)
        make_sale(tenant, "70.00", customer=maria, store="Centro", date=day, items=[(bath, 40), (food, 30)])
        make_sale(tenant, "30.00", customer=nobody, store="Norte", date=day, items=[(food, 30)])
        make_sale(tenant, "9.00", store="Centro", date=day - timedelta(days=200), items=[(old, 9)])
        dimensions.bring(tenant.pk)
        if tenant == cast.aurora:
            keys = {"bath": str(bath.pk), "maria": str(maria.pk), "old": str(old.pk)}
        else:
            strange = str(bath.pk)
    offered: dict[str, Any] = {
        choices[0].dimension: [one.name for one in choices] for _name, choices in queries.scope_choices(cast.aurora)
    }  # fmt: skip
    assert offered["product"] == ["Banho Aurora", "Ração Aurora"]
    assert offered["customer"] == ["Maria Aurora"]
    assert offered["store"] == ["Centro", "Norte"]
    board = Board.objects.create(tenant=cast.aurora, name="Visão", shared=True)
    Tile.objects.create(
        tenant=cast.aurora, board=board, kind="number", options={"kpi": "revenue"}, position=0, width=3, height=1
    )  # fmt: skip
    ana = signed_in(cast.ana)
    asked = {
        "board": str(board.key), "frequency": "daily",
        "recipients": [
            {"email": f"{name}@example.org", "scope": scope}
            for name, scope in (("a", f"product:{keys['bath']}"), ("b", f"customer:{keys['maria']}"), ("c", f"product:{keys['old']}"))
        ],
    }  # fmt: skip
    made = body(ana.post("/api/kpis/reports", asked, content_type="application/json"))["data"]
    assert [one["scope_name"] for one in made["recipients"][-3:]] == [
        "Banho Aurora",
        "Maria Aurora",
        "Antigo Aurora",
    ]
    bad = asked | {"recipients": [{"email": "d@example.org", "scope": f"product:{strange}"}]}
    assert ana.post("/api/kpis/reports", bad, content_type="application/json").status_code == 400
    page = ana.get(f"/t/aurora/reports/{Report.objects.get().pk}/").content.decode()
    assert "Maria Aurora" in page
    assert "Boreal" not in page
    span = Period("range", day, day + timedelta(days=1))
    shown = [
        contents(board, period=span, today=day, locale="pt_BR", scope=queries.scope_of(row))[0].card
        for row in ReportRecipient.objects.exclude(dimension="").order_by("pk")[:2]
    ]
    assert [one and one.value for one in shown] == [40, 70]
