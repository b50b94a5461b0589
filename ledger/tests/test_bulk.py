"""Many rows changed at once, told, audited, taken back."""

import json

import pytest
from django.urls import reverse

from ledger.models import Transaction
from tenants.models import AuditLog
from tests import factories
from tests.cast import Cast
from tests.factories import DAY

SPAN = f"from={DAY}&to={DAY}"


def bulk_url(slug: str, name: str = "transactions") -> str:
    """Return where the bulk bar of a list posts."""
    return reverse("ledger:bulk", kwargs={"slug": slug, "name": name}) + f"?{SPAN}"


def test_many_rows_are_changed_audited_and_told_at_once(client, cast: Cast, facts) -> None:
    from live.models import Event
    from tenants.models import AuditLog

    account = facts["transactions"].account
    rows = [factories.make_transaction(account, "10.00", category_override="Aluguel") for _ in range(3)]
    others = [factories.make_transaction(account, "10.00", category_override="Antiga") for _ in range(40)]
    client.force_login(cast.ana)
    ids = [row.pk for row in (*rows, *others)]
    answer = client.post(bulk_url("aurora"), {"do": "categorise", "category": " Aluguel ", "ids": ids})
    assert answer.url == reverse("ledger:transactions", kwargs={"slug": "aurora"}) + f"?{SPAN}"
    assert Transaction.objects.filter(category_override="Aluguel").count() == 43
    entries = AuditLog.objects.filter(tenant=cast.aurora, action="edit")
    assert {entry.row_id for entry in entries} == {str(row.pk) for row in others}
    assert {(str(entry.before), str(entry.after)) for entry in entries} == {
        ("{'category_override': 'Antiga'}", "{'category_override': 'Aluguel'}")
    }
    told = Event.objects.get(tenant=cast.aurora, name="facts_changed")
    assert sorted(told.payload["ids"]) == sorted(row.pk for row in others)


def test_a_bulk_change_is_taken_back_exactly_and_in_the_log(client, cast: Cast, facts) -> None:
    account = Transaction.objects.get().account
    rows = [factories.make_transaction(account, category_override=kept) for kept in ("", "Frete", "Outros")]
    client.force_login(cast.ana)
    data = {"do": "categorise", "category": "Aluguel", "ids": [row.pk for row in rows]}
    (said,) = client.post(bulk_url("aurora"), data, follow=True).context["messages"]
    assert set(
        Transaction.objects.filter(pk__in=data["ids"]).values_list("category_override", flat=True)
    ) == {"Aluguel"}
    Transaction.objects.filter(pk=rows[2].pk).update(category_override="Depois")
    client.force_login(cast.carla)
    assert client.post(said.extra_tags).status_code == 404
    client.force_login(cast.bruno)
    assert client.post(said.extra_tags).status_code == 403
    client.force_login(cast.ana)
    answer = client.post(said.extra_tags, headers={"HX-Request": "true"})
    assert (answer.status_code, "record-saved" in json.loads(answer["HX-Trigger"])) == (204, True)
    kept = dict(Transaction.objects.filter(pk__in=data["ids"]).values_list("pk", "category_override"))
    assert [kept[row.pk] for row in rows] == ["", "Frete", "Depois"]
    back = AuditLog.objects.filter(action="undo").order_by("row_id")
    assert [(entry.before, entry.after) for entry in back] == [
        ({"category_override": "Aluguel"}, {"category_override": ""}),
        ({"category_override": "Aluguel"}, {"category_override": "Frete"}),
    ]
    again = client.post(said.extra_tags, follow=True).context["messages"]
    assert [message.level_tag for message in again] == ["warning"]
    assert AuditLog.objects.filter(action="undo").count() == 2


def test_a_colleague_cannot_take_back_what_another_person_did(client, cast: Cast, facts) -> None:
    row = factories.make_transaction(Transaction.objects.get().account)
    client.force_login(cast.ana)
    (said,) = client.post(bulk_url("aurora"), {"do": "ignore", "ids": [row.pk]}, follow=True).context[
        "messages"
    ]
    client.force_login(factories.make_member(cast.aurora))
    client.post(said.extra_tags)
    row.refresh_from_db()
    assert row.ignored


def test_a_request_named_like_no_address_still_changes_rows(client, cast: Cast, facts) -> None:
    row = factories.make_transaction(Transaction.objects.get().account)
    client.force_login(cast.ana)
    named = {"X-Request-ID": "a/b" * 40}
    assert (
        client.post(bulk_url("aurora"), {"do": "ignore", "ids": [row.pk]}, headers=named).status_code == 302
    )
    row.refresh_from_db()
    assert row.ignored


def test_lines_left_out_in_bulk_leave_the_totals_and_come_back(client, cast: Cast, facts) -> None:
    from kpi.models import Daily

    account = facts["transactions"].account
    ids = [factories.make_transaction(account, "10.00").pk for _ in range(3)]
    client.force_login(cast.ana)

    def counted() -> str:
        return str(Daily.objects.get(tenant=cast.aurora, day=DAY, type="CREDIT").flow_total)

    client.post(bulk_url("aurora"), {"do": "ignore", "ids": ids[:2]})
    assert (counted(), Transaction.objects.filter(ignored=True).count()) == ("10.00", 2)
    client.post(bulk_url("aurora"), {"do": "count", "ids": ids})
    assert (counted(), Transaction.objects.filter(ignored=True).count()) == ("30.00", 0)


def test_the_rows_of_another_company_stay_as_they_are(client, cast: Cast, facts) -> None:
    row = facts["transactions"]
    client.force_login(cast.carla)
    assert client.post(bulk_url("aurora"), {"do": "ignore", "ids": [row.pk]}).status_code == 404
    assert client.post(bulk_url("boreal"), {"do": "ignore", "ids": [row.pk]}).status_code == 302
    row.refresh_from_db()
    assert (row.ignored, row.edited_at) == (False, None)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("transactions", {"do": "delete", "ids": ["1"]}),
        ("transactions", {"do": "ignore", "ids": []}),
        ("transactions", {"do": "ignore", "ids": ["1;DROP", "²", "9" * 30]}),
        ("transactions", {"do": "ignore", "ids": [str(n) for n in range(501)]}),
        ("transactions", {"do": "categorise", "category": "x" * 81, "ids": ["1"]}),
        ("customers", {"do": "ignore", "ids": ["1"]}),
    ],
)
def test_what_a_bulk_bar_cannot_do_is_told_and_changes_nothing(client, cast: Cast, facts, name, data) -> None:
    client.force_login(cast.ana)
    page = client.post(bulk_url("aurora", name), data, follow=True)
    assert next(message.level_tag for message in page.context["messages"]) in {"warning", "error"}
    assert not Transaction.objects.filter(edited_at__isnull=False).exists()


def test_who_only_reads_gets_no_boxes_and_no_bulk(client, cast: Cast, facts) -> None:
    client.force_login(cast.bruno)
    html = client.get(reverse("ledger:transactions", kwargs={"slug": "aurora"}) + f"?{SPAN}").content.decode()
    assert "data-select" not in html
    assert client.post(bulk_url("aurora"), {"do": "ignore", "ids": [1]}).status_code == 403


def test_the_totals_row_and_the_line_above_say_the_same(client, cast: Cast, facts) -> None:
    factories.make_transaction(facts["transactions"].account, "2000.00")
    client.force_login(cast.bruno)
    url = reverse("ledger:totals", kwargs={"slug": "aurora", "name": "transactions"})
    html = client.get(f"{url}?{SPAN}").content.decode()
    assert html.count("R$\xa0765,44") == 2
    assert 'id="total" hx-swap-oob="true"' in html
