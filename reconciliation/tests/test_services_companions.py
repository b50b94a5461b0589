"""Lines of an earlier run that a new line completes are judged with it."""

from datetime import date, timedelta

import pytest

from reconciliation import loading, runner
from reconciliation import services as decide
from reconciliation.models import Match, OpenLine
from reconciliation.tests.support import queue
from tenants.models import Tenant
from tests.cast import Cast
from tests.factories import access_of, make_account, make_open_item, make_source, make_transaction

pytestmark = pytest.mark.django_db(transaction=True)
DAY = date(2026, 7, 15)
MARIA = {"counterparty_name": "MARIA SOUZA", "counterparty_document": "11144477735"}


def run(tenant: Tenant) -> None:
    assert runner.run(tenant.pk) is not None


def test_the_second_half_of_a_transfer(cast: Cast) -> None:
    one, two = make_account(cast.aurora), make_account(cast.aurora)
    text = {"description": "TRANSF MESMA TITULARIDADE"}
    out = make_transaction(one, "-900.00", date=DAY, **text)
    other = make_transaction(make_account(cast.boreal), "900.00", date=DAY, **text)
    run(cast.aurora)
    run(cast.boreal)
    assert queue(cast.aurora) == {out.pk: "none"}
    back = make_transaction(two, "900.00", date=DAY + timedelta(1), **text)
    run(cast.aurora)
    assert queue(cast.aurora) == {out.pk: "clear", back.pk: "clear"}
    assert queue(cast.boreal) == {other.pk: "none"}
    assert Match.objects.get(status="proposed").kind == "transfer"


def test_a_refund_finds_what_it_undoes_weeks_later(cast: Cast) -> None:
    account = make_account(cast.aurora)
    paid = make_transaction(account, "340.00", date=DAY, description="Pix recebido", **MARIA)
    run(cast.aurora)
    back = make_transaction(
        account, "-340.00", date=DAY + timedelta(40), description="Pix devolvido", **MARIA
    )
    run(cast.aurora)
    assert queue(cast.aurora) == {paid.pk: "clear", back.pk: "clear"}
    far = make_transaction(
        account, "-340.00", date=DAY + timedelta(200), description="Pix devolvido", **MARIA
    )
    run(cast.aurora)
    assert queue(cast.aurora)[far.pk] != "clear"


def test_a_pending_line_is_left_to_the_one_that_posted(cast: Cast) -> None:
    account = make_account(cast.aurora)
    pending = make_transaction(account, "77.10", date=DAY, status="pending", **MARIA)
    run(cast.aurora)
    posted = make_transaction(account, "77.10", date=DAY + timedelta(1), **MARIA)
    run(cast.aurora)

    assert OpenLine.objects.get(transaction=pending).posted_as_id == posted.pk


def test_the_second_part_of_a_payment(cast: Cast) -> None:
    account = make_account(cast.aurora)
    make_open_item(cast.aurora, "1000.37", source=make_source(cast.aurora), due_date=DAY, **MARIA)
    first = make_transaction(account, "400.11", date=DAY, **MARIA)
    run(cast.aurora)
    second = make_transaction(account, "600.26", date=DAY + timedelta(20), **MARIA)
    run(cast.aurora)
    assert queue(cast.aurora) == {first.pk: "clear", second.pk: "clear"}
    assert Match.objects.get(status="proposed", verdict="clear").kind == "many_to_one"


def test_the_rate_of_confirmed_payouts_is_known_to_later_runs(cast: Cast) -> None:
    tenant, account, erp = cast.aurora, make_account(cast.aurora), make_source(cast.aurora)

    def sale(amount: str, on: date) -> None:
        text = f"Recebimento CIELO VISA débito vendas de {on:%d/%m/%Y}"
        make_open_item(
            tenant, amount, source=erp, due_date=on, description=text, payment_method="Cartão de débito"
        )

    for n, (gross, net) in enumerate((("1000.00", "986.10"), ("2000.00", "1972.20"), ("700.00", "690.27"))):
        sale(gross, DAY + timedelta(n))
        make_transaction(account, net, date=DAY + timedelta(n), description="CIELO VISA DB1047")
    run(tenant)
    proposed = Match.objects.filter(tenant=tenant, status="proposed", kind="payout", verdict="clear")
    assert proposed.count() == 3
    decide.confirm(access=access_of(cast.ana, tenant), matches=list(proposed.values_list("pk", flat=True)))
    assert loading.rates(tenant.pk) == {("cielo", "visa", "debit"): 0.0139}
    assert loading.rates(cast.boreal.pk) == {}
    later = DAY + timedelta(9)
    sale("812.00", later)
    sale("455.00", later)
    line = make_transaction(account, "448.68", date=later, description="CIELO VISA DB1047")
    run(tenant)
    assert queue(tenant)[line.pk] == "clear"
