"""Public links of boards on pages: made once, read by strangers, changed, ended; the address shown and kept nowhere."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from kpi.boards import queries as boards
from kpi.boards import services, sharing
from kpi.boards.catalog import OptionsError
from kpi.models import Board, BoardLink
from lib import clock
from tenants.models import AuditLog
from tests.api import signed_in
from tests.cast import Cast
from tests.factories import access_of, make_account, make_sale, make_transaction

pytestmark = pytest.mark.django_db


class TestPublicLinks:
    def make(self, cast: Cast, *shown: Board, **changes: Any) -> tuple[BoardLink, str]:
        values: dict[str, Any] = {
            "name": "Contador",
            "expires_at": timezone.now() + timedelta(days=30),
            **changes,
        }
        return sharing.create_link(
            tenant=cast.aurora, boards=shown, actor=access_of(cast.ana, cast.aurora), **values
        )

    def test_a_link_is_made_once_and_its_address_never_shown_again(self, cast: Cast, board: Board) -> None:
        ana = signed_in(cast.ana)
        page = ana.post(
            "/t/aurora/boards/links/", {"name": "TV", "boards": [str(board.key)], "days": "30", "period": ""}
        )
        token = re.search(r"http://testserver/b/([\w-]+)/", page.content.decode())
        assert token
        assert page["Cache-Control"] == "no-store"
        link = BoardLink.objects.get()
        assert token.group(1) not in (link.token_hash, link.name)
        assert token.group(1) not in ana.get("/t/aurora/boards/links/").content.decode()
        assert Client().get(f"/b/{token.group(1)}/").status_code == 200

    def test_a_stranger_reads_and_is_led_nowhere(self, cast: Cast, board: Board) -> None:
        make_sale(cast.aurora, "70.00", store="Centro", date=clock.today(cast.aurora.zone))
        make_transaction(make_account(cast.boreal), "123456.00", date=clock.today(cast.aurora.zone))
        services.add_tile(board=board, kind="by_day", options={})
        services.add_tile(board=board, kind="by_dimension", options={"by": "store", "shape": "bars"})
        _link, token = self.make(cast, board)
        for end in ("", "tv/", "?period=30d&scope=store:Centro"):
            page = Client().get(f"/b/{token}/{end}")
            text = page.content.decode()
            assert (page.status_code, page["X-Robots-Tag"], page["Referrer-Policy"]) == (
                200,
                "noindex, nofollow",
                "no-referrer",
            )
            assert page["Cache-Control"] == "private, no-store"
            assert "R$\xa070,00" in text
            assert "/t/aurora/" not in text
            assert "Boreal" not in text
            assert Client().post(f"/b/{token}/{end}").status_code == 405

    def test_ended_revoked_and_unknown_links_open_nothing(self, cast: Cast, board: Board) -> None:
        link, token = self.make(cast, board)
        BoardLink.objects.filter(pk=link.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
        for end in ("", "tv/"):
            page = Client().get(f"/b/{token}/{end}")
            assert page.status_code == 410
            assert "Aurora" not in page.content.decode()
        other, token = self.make(cast, board)
        assert signed_in(cast.ana).post(f"/t/aurora/boards/links/{other.pk}/revoke/").status_code == 302
        assert Client().get(f"/b/{token}/").status_code == 410
        assert Client().get("/b/nothing/").status_code == 404
        assert Client().get(f"/b/{'x' * 500}/").status_code == 404

    def test_a_closed_company_and_a_deleted_board_close_the_link(self, cast: Cast, board: Board) -> None:
        _link, token = self.make(cast, board)
        board.delete()
        assert Client().get(f"/b/{token}/").status_code == 410
        type(cast.aurora).objects.filter(pk=cast.aurora.pk).update(is_active=False)
        assert Client().get(f"/b/{token}/").status_code == 404

    def test_a_fixed_period_stays(self, cast: Cast, board: Board) -> None:
        _link, token = self.make(cast, board, period="2026-01-01..2026-01-31")
        page = Client().get(f"/b/{token}/tv/?period=today").content.decode()
        assert "01/01/2026 – 31/01/2026" in page
        assert 'popovertarget="period"' not in Client().get(f"/b/{token}/").content.decode()

    def test_only_ones_own_boards_for_a_year_at_most(self, cast: Cast, board: Board) -> None:
        other = services.create_board(tenant=cast.boreal, name="x", actor=access_of(cast.carla, cast.boreal))
        for shown, changes in (
            ((other,), {}), ((), {}), ((board,), {"expires_at": timezone.now() + timedelta(days=367)}), ((board,), {"expires_at": timezone.now()}),
            ((board,), {"period": "eternity"}), ((board,), {"name": " "}),
        ):  # fmt: skip
            with pytest.raises(OptionsError):
                self.make(cast, *shown, **changes)
        page = signed_in(cast.ana).post(
            "/t/aurora/boards/links/", {"name": "TV", "boards": [str(other.key)], "days": "30"}
        )
        assert page.status_code == 200
        assert not BoardLink.objects.exists()

    def test_a_link_is_renamed_and_ends_on_another_day(self, cast: Cast, board: Board) -> None:
        link, token = self.make(cast, board)
        ana, carla, address = signed_in(cast.ana), signed_in(cast.carla), f"/t/aurora/boards/links/{link.pk}/"
        soon = clock.today(cast.aurora.zone) + timedelta(days=90)
        asked = {"name": " Contador novo ", "last_day": soon.isoformat()}
        for who, slug, status in (
            (carla, "aurora", 404),
            (carla, "boreal", 404),
            (signed_in(cast.bruno), "aurora", 403),
        ):
            url = f"/t/{slug}/boards/links/{link.pk}/"
            assert (who.get(url).status_code, who.post(url, asked).status_code) == (status, status)
        assert "Contador" in ana.get(address).content.decode()
        assert (
            ana.post(
                address,
                {
                    "name": "Contador novo",
                    "last_day": link.expires_at.astimezone(cast.aurora.zone).date().isoformat(),
                },
            ).status_code
            == 302
        )
        before = link.expires_at
        link.refresh_from_db()
        assert (link.name, link.expires_at) == ("Contador novo", before), "the day was not touched"
        assert ana.post(address, asked).status_code == 302
        assert ana.post(address, asked).status_code == 302
        link.refresh_from_db()
        end = link.expires_at.astimezone(cast.aurora.zone)
        assert (end.date(), end.hour, end.minute) == (soon, 23, 59)
        assert (
            AuditLog.objects.filter(tenant=cast.aurora, action="update", table="kpi_boardlink").count() == 2
        )
        for day in (soon + timedelta(days=300), soon - timedelta(days=91), "9999-12-31", "x", ""):
            page = ana.post(address, asked | {"last_day": str(day)})
            assert (page.status_code, "field-error" in page.content.decode()) == (200, True), day
        # One that has ended opens again with the same address; a revoked one does not.
        BoardLink.objects.filter(pk=link.pk).update(expires_at=timezone.now() - timedelta(days=1))
        assert Client().get(f"/b/{token}/").status_code == 410
        assert ana.post(address, asked).status_code == 302
        assert Client().get(f"/b/{token}/").status_code == 200
        sharing.revoke_link(link=link, actor=access_of(cast.ana, cast.aurora))
        assert ana.post(address, asked).status_code == 404
        with pytest.raises(OptionsError):
            sharing.change_link(
                link=link,
                name="x",
                expires_at=timezone.now() + timedelta(days=1),
                actor=access_of(cast.ana, cast.aurora),
            )
        assert Client().get(f"/b/{token}/").status_code == 410

    def test_use_is_remembered_and_revoking_is_the_companys(self, cast: Cast, board: Board) -> None:
        link, token = self.make(cast, board)
        Client().get(f"/b/{token}/")
        link.refresh_from_db()
        assert link.last_used_at is not None
        for slug in ("aurora", "boreal"):
            assert signed_in(cast.carla).post(f"/t/{slug}/boards/links/{link.pk}/revoke/").status_code == 404
        assert boards.is_open(link)
