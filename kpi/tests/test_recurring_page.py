"""Recurring lines of companies: found in the database, kept, counted once in the projection, denied by people, on page and API."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from kpi.analysis.projection import Projection, projection
from kpi.analysis.recurring import party_of, text_key
from kpi.models import Occasion, RecurringLine, RecurringState
from kpi.recurrence import services
from ledger.models import Account
from lib import clock
from lib.clock import add_months
from lib.workdays import Calendar
from live import cache
from live.models import Event
from tenants.models import AuditLog, Role, Tenant
from tests.api import make_key, signed_in
from tests.cast import Cast
from tests.factories import DAY, access_of, make_account, make_member, make_open_item, make_transaction

pytestmark = pytest.mark.django_db
D = Decimal
DOCUMENT = "11222333000181"


@pytest.fixture(autouse=True)
def on_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is DAY."""
    monkeypatch.setattr(clock, "today", lambda zone: DAY)


def months(account: Account, amount: str, day: int, n: int = 4, **fields: Any) -> list[date]:
    """Make a bank line on this day of each of the last months, moved to a business day; return the days."""
    days = []
    for back in range(n, 0, -1):
        when = add_months(DAY.replace(day=1), -back).replace(day=day)
        while not Calendar().works(when):
            when += timedelta(days=1)
        days.append(when)
        make_transaction(account, amount, date=when, **fields)
    return days


def rent(tenant: Tenant, amount: str = "-1450.00", **fields: Any) -> list[date]:
    """Make a company's rent, due on the 20th."""
    account = make_account(tenant, balance=D(10_000))
    named = {
        "counterparty_document": DOCUMENT,
        "counterparty_name": "IMOBILIARIA SOL",
        "description": "Boleto pago",
    } | fields
    return months(account, amount, 20, **named)


def seen(tenant: Tenant) -> Projection:
    found = projection(tenant, today=DAY)
    assert found is not None
    return found


def outs(tenant: Tenant) -> list[Decimal]:
    """Return recurring money out of each week that has some."""
    return [week.recurring_out for week in seen(tenant).weeks if week.recurring_out]


class TestFinding:
    def test_a_company_has_its_own_lines_and_they_change_with_the_facts(self, cast: Cast) -> None:
        days = rent(cast.aurora)
        rent(cast.boreal, "-77.00", counterparty_document="")
        assert [services.refresh(tenant=tenant) for tenant in (cast.aurora, cast.boreal)] == [True, True]
        (line,) = RecurringLine.objects.filter(tenant=cast.aurora)
        assert (line.code, line.name, line.amount, line.rhythm, line.kind, line.number, line.share) == (
            f"out:monthly:1:d:{DOCUMENT}", "IMOBILIARIA SOL", D("-1450.00"), "monthly", "day", 20, D(1),
        )  # fmt: skip
        assert line.paid == [[day.isoformat(), "-1450.00"] for day in days]
        assert RecurringLine.objects.get(tenant=cast.boreal).party == "n:imobiliaria sol"
        assert services.refresh(tenant=cast.aurora) is False, "nothing changed"
        assert Event.objects.filter(tenant=cast.aurora, name="settings_changed").count() == 1

    @pytest.mark.parametrize(
        "fields", [{"ignored": True}, {"status": "pending"}, {"nature": "own_transfer"}, {"void_at": clock.now()}, {"currency": "USD"}]
    )  # fmt: skip
    def test_what_no_total_counts_is_no_line(self, cast: Cast, fields: dict[str, Any]) -> None:
        rent(cast.aurora, **fields)
        assert services.refresh(tenant=cast.aurora) is False

    def test_one_party_whose_bank_tells_its_document_now_and_then(self, cast: Cast) -> None:
        account = make_account(cast.aurora)
        told = [DOCUMENT, "", "112223*****", "", DOCUMENT]
        names = ["ANA LIMA", "", "ANA LIMA", "ANA LI", ""]
        for n, (document, name) in enumerate(zip(told, names, strict=True)):
            make_transaction(
                account, "-900", date=add_months(date(2025, 11, 5), n), counterparty_document=document, counterparty_name=name,
                description="Pagamento de salário Ana Lima",
            )  # fmt: skip
        services.refresh(tenant=cast.aurora)
        line = RecurringLine.objects.get(tenant=cast.aurora)
        assert (line.party, len(line.paid)) == (f"d:{DOCUMENT}", 5)

    @pytest.mark.parametrize(
        "text", ["DÉB. AUT. ENERGIA 03/2026 Nº 88", "Parcela 3/12 Empréstimo JAN FEV", "  Tarifa   Março  ", "Café São João 2", "123"]
    )  # fmt: skip
    def test_the_database_reads_a_text_like_the_library(self, cast: Cast, text: str) -> None:
        account = make_account(cast.aurora)
        for n in range(3):
            make_transaction(account, "-10", date=date(2026, 1, 5) + timedelta(weeks=4 * n), description=text)
        found = [(one.party, one.text) for one in services._movements(cast.aurora, DAY)]
        assert found == ([(party_of("", "", text), text_key(text))] * 3 if text_key(text) else [])

    def test_only_who_is_behind_is_due(self, cast: Cast) -> None:
        rent(cast.aurora)
        assert services.find_due() == 1
        assert services.find_due() == 0
        state = RecurringState.objects.get(tenant=cast.aurora)
        assert (state.day, RecurringState.objects.filter(tenant=cast.boreal).exists()) == (DAY, False)


class TestProjection:
    def test_rent_comes_each_month(self, cast: Cast) -> None:
        rent(cast.aurora)
        services.refresh(tenant=cast.aurora)
        found = seen(cast.aurora)
        # March 20th, April 20th and May 20th: weeks begin on Tuesdays from March 10th
        weeks = {week.start: week.recurring_out for week in found.weeks if week.recurring_out}
        assert weeks == dict.fromkeys(
            (date(2026, 3, 17), date(2026, 4, 14), date(2026, 5, 19)), D("-1450.00")
        )
        assert [week.balance_known for week in found.weeks[:2]] == [D("10000.00"), D("8550.00")]
        assert (found.weeks[-1].balance_due, found.weeks[-1].balance_known, found.source) == (
            D(10_000),
            D(5_650),
            "none",
        )
        assert found.weeks[-1].balance_expected == D(5_650)
        assert [(one.name, one.next) for one in found.recurring] == [("IMOBILIARIA SOL", date(2026, 3, 20))]

    @pytest.mark.parametrize(
        ("fields", "left"),
        [
            (
                {"counterparty_document": DOCUMENT, "due_date": date(2026, 3, 23)},
                2,
            ),  # the same party near the day
            ({"counterparty_name": "Imobiliária Sol", "due_date": date(2026, 3, 10)}, 2),
            (
                {"counterparty_name": "Aluguel da loja", "due_date": date(2026, 3, 23)},
                2,
            ),  # the same amount near the day
            ({"counterparty_name": "Aluguel da loja", "due_date": date(2026, 3, 30)}, 3),  # not near
            (
                {"counterparty_name": "Outro", "amount": "-1300.00", "due_date": date(2026, 3, 20)},
                3,
            ),  # another amount
            (
                {"counterparty_document": DOCUMENT, "amount": "1450.00", "due_date": date(2026, 3, 20)},
                3,
            ),  # to receive
            ({"counterparty_document": DOCUMENT, "due_date": date(2026, 3, 23), "status": "paid"}, 3),
        ],
    )
    def test_what_stands_as_an_open_item_is_counted_once(
        self, cast: Cast, fields: dict[str, Any], left: int
    ) -> None:
        rent(cast.aurora)
        services.refresh(tenant=cast.aurora)
        make_open_item(cast.boreal, "-1450.00", counterparty_document=DOCUMENT, due_date=date(2026, 4, 20))
        make_open_item(cast.aurora, fields.pop("amount", "-1450.00"), **fields)
        assert outs(cast.aurora) == [D("-1450.00")] * left

    def test_paid_before_its_day_is_paid(self, cast: Cast) -> None:
        rent(cast.aurora)
        make_transaction(
            Account.objects.get(tenant=cast.aurora), "-1450", date=DAY, counterparty_document=DOCUMENT
        )  # fmt: skip
        services.refresh(tenant=cast.aurora)
        assert outs(cast.aurora) == [D("-1450.00")] * 2

    def test_the_usual_week_does_not_hold_the_rent_again(self, cast: Cast) -> None:
        """Rent of 1,450 and 100 of other things in each of eight weeks: a usual week is 100, and the rent comes on top in its weeks."""
        rent(cast.aurora)
        account = Account.objects.get(tenant=cast.aurora)
        for week in range(1, 9):
            make_transaction(
                account,
                "-100",
                date=DAY - timedelta(weeks=week),
                description=f"compra {'abcdefgh'[week - 1] * 3}",
            )
        services.refresh(tenant=cast.aurora)
        found = seen(cast.aurora)
        assert found.source == "usual"
        assert [week.expected_out for week in found.weeks[:3]] == [D("-100.00"), D("-1550.00"), D("-100.00")]
        # 30 of something else is due in the second week, and the rent stands as an item: both are a part of what usually comes
        make_open_item(cast.aurora, "-1450.00", counterparty_document=DOCUMENT, due_date=date(2026, 3, 20))
        make_open_item(cast.aurora, "-30.00", due_date=date(2026, 3, 20))
        again = seen(cast.aurora)
        assert (again.weeks[1].due_out, again.weeks[1].recurring_out, again.weeks[1].expected_out) == (
            D(-1480),
            D(0),
            D("-1550.00"),
        )
        assert (
            again.weeks[-1].balance_expected
            == found.weeks[-1].balance_expected
            == D(10_000 - 13 * 100 - 3 * 1_450)
        )

    def test_a_day_on_which_the_company_is_closed_moves_it(self, cast: Cast) -> None:
        rent(cast.aurora)
        Occasion.objects.create(
            tenant=cast.aurora,
            kind="free",
            label="Balanço",
            first_day=date(2026, 3, 20),
            last_day=date(2026, 3, 23),
        )
        services.refresh(tenant=cast.aurora)
        assert seen(cast.aurora).recurring[0].next == date(2026, 3, 24)


class TestPeople:
    def say(self, cast: Cast, line: RecurringLine, word: str, client: Client | None = None) -> Any:
        answer = (client or signed_in(cast.ana)).post(f"/t/aurora/recurring/{line.pk}/", {"recurring": word})
        cache.forget_generations()  # as at the end of every transaction
        return answer

    def test_somebody_says_it_is_none_and_takes_it_back(self, cast: Cast) -> None:
        rent(cast.aurora)
        services.refresh(tenant=cast.aurora)
        line = RecurringLine.objects.get(tenant=cast.aurora)
        client = signed_in(cast.ana)
        page = client.get("/t/aurora/analysis/").content.decode()
        assert "IMOBILIARIA SOL" in page
        assert "todo mês" in page
        assert "/t/aurora/transactions/?type=DEBIT&amp;q=IMOBILIARIA+SOL" in page
        answer = self.say(cast, line, "no", client)
        assert answer.url == "/t/aurora/analysis/#recurring"
        assert outs(cast.aurora) == []
        page = client.get("/t/aurora/analysis/").content.decode()
        assert "Contar de novo" in page
        services.refresh(tenant=cast.aurora)
        assert outs(cast.aurora) == [], "found again, and still none"
        self.say(cast, line, "yes", client)
        assert len(outs(cast.aurora)) == 3
        said = AuditLog.objects.filter(tenant=cast.aurora, action="recurring_line.say").order_by("id")
        assert [(one.before, one.after) for one in said] == [
            ({"recurring": True}, {"recurring": False, "name": "IMOBILIARIA SOL"}),
            ({"recurring": False}, {"recurring": True, "name": "IMOBILIARIA SOL"}),
        ]

    def test_what_was_said_outlives_a_line_that_went(self, cast: Cast) -> None:
        rent(cast.aurora)
        services.refresh(tenant=cast.aurora)
        line = RecurringLine.objects.get(tenant=cast.aurora)
        services.say(access=access_of(cast.ana, cast.aurora), line=line, recurring=False)
        rows = Account.objects.get(tenant=cast.aurora).transactions
        rows.update(ignored=True)
        assert services.refresh(tenant=cast.aurora) is True
        line.refresh_from_db()
        assert (line.is_found, line.denied_at is None) == (False, False)
        rows.update(ignored=False)
        services.refresh(tenant=cast.aurora)
        assert outs(cast.aurora) == []

    def test_who_may_not_decide_reads_only_and_a_stranger_sees_nothing(self, cast: Cast) -> None:
        rent(cast.aurora)
        services.refresh(tenant=cast.aurora)
        line = RecurringLine.objects.get(tenant=cast.aurora)
        viewer = signed_in(make_member(cast.aurora, Role.VIEWER))
        page = viewer.get("/t/aurora/analysis/").content.decode()
        assert "IMOBILIARIA SOL" in page
        assert "recurring/" not in page
        assert self.say(cast, line, "no", viewer).status_code == 403
        other = signed_in(make_member(cast.boreal, Role.OWNER))
        assert other.post(f"/t/boreal/recurring/{line.pk}/", {"recurring": "no"}).status_code == 404
        line.refresh_from_db()
        assert line.denied_at is None

    def test_the_largest_come_first_and_all_on_request(self, cast: Cast) -> None:
        account = make_account(cast.aurora, balance=D(10_000))
        for n in range(11):
            named = {"counterparty_name": f"FORNECEDOR {chr(65 + n)}", "description": "Boleto pago"}
            months(account, f"-{1_000 - n}.00", 20, **named)
        services.refresh(tenant=cast.aurora)
        client = signed_in(cast.ana)
        page = client.get("/t/aurora/analysis/?measure=expenses").content.decode()
        assert page.count('<form method="post" action="/t/aurora/recurring/') == 8
        assert "FORNECEDOR H" in page
        assert "FORNECEDOR I" not in page
        assert (
            '<a href="?measure=expenses&amp;recurring=all#recurring">mais 3 lançamentos recorrentes</a>'
            in page
        )
        every = client.get("/t/aurora/analysis/?measure=expenses&recurring=all").content.decode()
        assert "FORNECEDOR K" in every
        assert "mais 3 lançamentos" not in every

    def test_without_any_the_page_is_silent(self, cast: Cast) -> None:
        make_account(cast.aurora, balance=D(50))
        assert 'id="recurring"' not in signed_in(cast.ana).get("/t/aurora/analysis/").content.decode()


class TestApi:
    def test_the_projection_names_them_and_a_key_that_decides_denies_one(self, cast: Cast) -> None:
        rent(cast.aurora)
        rent(cast.boreal, "-77777.00")
        for tenant in (cast.aurora, cast.boreal):
            services.refresh(tenant=tenant)
        line = RecurringLine.objects.get(tenant=cast.aurora)
        reader = Client(headers={"Authorization": f"Api-Key {make_key(cast.aurora, ['read'])}"})
        told = {
            "id": line.pk, "name": "IMOBILIARIA SOL", "rhythm": "monthly", "day": "day", "number": 20, "moved": "next", "amount": "-1450.00",
            "last": "2026-02-20", "times": 4, "share": "1.00", "next": "2026-03-20",
        }  # fmt: skip
        data = reader.get("/api/kpis/projection").json()["data"]
        assert data["recurring"] == [told]
        assert (data["weeks"][1]["recurring_out"], data["weeks"][1]["balance_known"]) == (
            "-1450.00",
            "8550.00",
        )
        assert reader.get("/api/kpis/recurring").json()["data"] == {"lines": [told], "denied": []}
        url = f"/api/kpis/recurring/{line.pk}"
        assert reader.post(url, {"recurring": False}, "application/json").status_code == 403
        decider = Client(headers={"Authorization": f"Api-Key {make_key(cast.aurora, ['read', 'decide'])}"})
        assert decider.post(url, {"recurring": "perhaps"}, "application/json").status_code == 400
        assert decider.post(url, {"recurring": False}, "application/json").json()["data"] == {
            "id": line.pk,
            "recurring": False,
        }
        cache.forget_generations()
        assert reader.get("/api/kpis/recurring").json()["data"] == {
            "lines": [],
            "denied": [told | {"next": None}],
        }
        assert reader.get("/api/kpis/projection").json()["data"]["recurring"] == []
        theirs = RecurringLine.objects.get(tenant=cast.boreal)
        assert (
            decider.post(
                f"/api/kpis/recurring/{theirs.pk}", {"recurring": False}, "application/json"
            ).status_code
            == 404
        )
