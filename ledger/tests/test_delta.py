"""Lists of which clients keep a copy: what changed since the last answer, told at least once, whatever runs beside."""

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from ledger import services
from ledger.edits import edit
from ledger.models import Account, Customer, OpenItem, Product, Sale, Transaction
from lib import clock, pg
from live import events
from live import services as live
from live.cache import forget_generations
from live.models import Removed
from tenants.access import enter
from tenants.models import Tenant
from tests.api import body, with_key
from tests.cast import Cast
from tests.factories import (
    make_account,
    make_customer,
    make_open_item,
    make_product,
    make_sale,
    make_transaction,
)

pytestmark = pytest.mark.django_db(transaction=True)
SALES = "/api/sales?period=all"


@contextmanager
def told(tenant: Tenant) -> Iterator[None]:
    """Write in a transaction that tells of itself, as every writer of facts does."""
    with transaction.atomic():
        yield
        events.publish("facts_changed", tenant_id=tenant.pk)


def aged(hours: float = 2) -> None:
    """Make everything that is stored look as if it had been written hours ago."""
    for model in (Transaction, Sale, Customer, Product, OpenItem, Account):
        moment = clock.now() - timedelta(hours=hours)
        model._default_manager.update(created_at=moment, updated_at=moment)
    Removed.objects.update(at=clock.now() - timedelta(hours=hours))


def since(answer: Any, url: str = SALES) -> str:
    """Return the address that asks for what changed since an answer."""
    return f"{url}&since={body(answer)['timestamp']}"


def operations(answer: Any) -> dict[int, str]:
    """Return what happened to each row, by id."""
    assert body(answer)["isDelta"] is True
    return {row["id"]: row["_operation"] for row in body(answer)["data"]}


# --- the shape -------------------------------------------------------------------------------------------------------------
def test_first_everything_then_only_what_changed(cast: Cast) -> None:
    kept, changed, voided = (make_sale(cast.aurora, total) for total in ("1.00", "2.00", "3.00"))
    aged()
    client = with_key(cast.aurora)
    first = body(client.get(SALES))
    assert first["success"] is True
    assert (first["isDelta"], {row["id"] for row in first["data"]}) == (
        False,
        {kept.pk, changed.pk, voided.pk},
    )
    assert all("_operation" not in row for row in first["data"])
    with told(cast.aurora):
        fresh = make_sale(cast.aurora, "4.00")
        services.void(
            model=Sale,
            tenant_id=cast.aurora.pk,
            source_id=voided.source_id,
            external_ids=[voided.external_id],
        )
    edit(access=enter(user=cast.ana, slug="aurora"), row=changed, fields={"note": "seen"})
    answer = client.get(f"{SALES}&since={first['timestamp']}")
    found = body(answer)
    rows = {row["id"]: row for row in found["data"]}
    assert found["isDelta"] is True
    assert rows.keys() == {fresh.pk, changed.pk, voided.pk}
    assert rows[voided.pk] == {"id": voided.pk, "_operation": "delete"}
    assert (rows[changed.pk]["_operation"], rows[changed.pk]["note"]) == ("update", "seen")
    assert (rows[fresh.pk]["_operation"], rows[fresh.pk]["total"]) == ("insert", "4.00")
    assert found["data"][-1]["id"] == changed.pk, "oldest change first"
    assert found["etag"] != first["etag"]
    assert answer["ETag"] == f'W/"{found["etag"]}"'
    assert datetime.fromisoformat(first["timestamp"]) <= datetime.fromisoformat(found["timestamp"])
    assert found["meta"].keys() == first["meta"].keys()
    assert answer["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("name", ["pluggy/transactions", "sales", "customers", "products", "open-items"])
def test_every_list_of_facts_is_one(cast: Cast, name: str) -> None:
    account = make_account(cast.aurora)
    makers: dict[str, Callable[[], Any]] = {
        "pluggy/transactions": lambda: make_transaction(account),
        "sales": lambda: make_sale(cast.aurora),
        "customers": lambda: make_customer(cast.aurora),
        "products": lambda: make_product(cast.aurora),
        "open-items": lambda: make_open_item(cast.aurora),
    }
    period = "" if name in {"customers", "products"} else "period=all&"
    url, client = f"/api/{name}?{period}limit=50", with_key(cast.aurora)
    old = makers[name]()
    aged()
    first = client.get(url)
    assert [row["id"] for row in body(first)["data"]] == [old.pk]
    with told(cast.aurora):
        new = makers[name]()
        type(old)._default_manager.filter(pk=old.pk).delete()
    assert operations(client.get(since(first, url))) == {old.pk: "delete", new.pk: "insert"}
    assert [row["id"] for row in body(client.get(url))["data"]] == [new.pk]


# --- the validator ---------------------------------------------------------------------------------------------------------
def test_unchanged_costs_no_query_of_rows(cast: Cast) -> None:
    make_sale(cast.aurora)
    client = with_key(cast.aurora)
    first = client.get(SALES)
    asks = [
        {"path": since(first), "headers": {"If-None-Match": first["ETag"]}},
        {"path": SALES, "headers": {"If-None-Match": f'"x", {first["ETag"]}'}},
        {"path": f"{SALES}&etag={quote(first['ETag'])}"},
        {"path": f"{since(first)}&etag={body(first)['etag']}"},
    ]
    for ask in asks:
        forget_generations()
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(**ask)
        assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", first["ETag"])
        assert [q["sql"] for q in queries if "ledger_" in q["sql"] or "pg_stat" in q["sql"]] == []
        assert len(queries) == 2, "the key and the generation"


def test_the_validator_is_of_one_question(cast: Cast) -> None:
    make_sale(cast.aurora)
    client = with_key(cast.aurora)
    tags = {
        client.get(url)["ETag"]
        for url in (
            SALES,
            f"{SALES}&status=void",
            f"{SALES}&fields=total",
            "/api/customers",
            "/api/products",
        )
    }
    assert len(tags) == 5
    assert client.get(f"{SALES}&limit=3")["ETag"] == client.get(SALES)["ETag"], "pages are of one state"
    before = client.get(SALES)["ETag"]
    with told(cast.aurora):
        make_sale(cast.aurora)
    assert client.get(SALES, headers={"If-None-Match": before}).status_code == 200


# --- what cannot be told gets everything -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "given",
    [
        "yesterday", "2026-03-10T10:00:00", "2026-03-10", "1", "", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-23:00",
        "2026-01-01T00:00:00Z", "2999-01-01T00:00:00Z", "\x00", "١٢",
    ],
)  # fmt: skip
def test_an_odd_moment_gets_the_whole_list(cast: Cast, given: str) -> None:
    sale = make_sale(cast.aurora)
    found = body(
        with_key(cast.aurora).get(SALES, query_params=None)
        if not given
        else with_key(cast.aurora).get(f"{SALES}&since={quote(given)}")
    )
    assert (found["isDelta"], [row["id"] for row in found["data"]]) == (False, [sale.pk])


@pytest.mark.parametrize(
    "given", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00-23:59", "0001-01-02T00:00:00Z"]
)
def test_the_ends_of_the_calendar_have_no_periods_around_them(cast: Cast, given: str) -> None:
    answer = with_key(cast.aurora).get(f"/api/sales?since={quote(given)}")
    assert (answer.status_code, body(answer)["isDelta"]) == (200, False)


def test_who_stays_away_for_a_day_reads_all_anew(cast: Cast) -> None:
    make_sale(cast.aurora)
    client, now = with_key(cast.aurora), datetime.now(UTC)
    for ago, is_delta in ((timedelta(hours=23, minutes=59), True), (timedelta(hours=24, minutes=1), False)):
        moment = (now - ago).isoformat()
        assert body(client.get(f"{SALES}&since={quote(moment)}"))["isDelta"] is is_delta
        assert body(client.get(f"{SALES}&since={moment}"))["isDelta"] is is_delta, (
            "a plus that was not escaped"
        )


def test_marks_of_what_is_gone_outlive_every_client_that_may_ask(cast: Cast) -> None:
    sales = [make_sale(cast.aurora) for _ in range(2)]
    Sale.objects.filter(tenant=cast.aurora).delete()
    Removed.objects.filter(row_id=sales[0].pk).update(at=clock.now() - timedelta(hours=24, minutes=30))
    assert live.prune() == 0
    Removed.objects.filter(row_id=sales[0].pk).update(at=clock.now() - timedelta(hours=25, minutes=1))
    assert live.prune() == 1
    assert list(Removed.objects.values_list("list", "row_id")) == [("sales", sales[1].pk)]


def test_switched_off_every_answer_is_whole(cast: Cast, settings: Any) -> None:
    make_sale(cast.aurora)
    aged()
    client = with_key(cast.aurora)
    first = client.get(SALES)
    settings.ENABLE_DELTA_UPDATES = False
    assert (body(client.get(since(first)))["isDelta"], len(body(client.get(since(first)))["data"])) == (
        False,
        1,
    )


def test_a_renamed_account_shows_in_all_its_lines(cast: Cast) -> None:
    account = make_account(cast.aurora)
    make_transaction(account)
    other = make_transaction(make_account(cast.boreal))
    aged()
    url, client = "/api/pluggy/transactions?period=all", with_key(cast.aurora)
    foreign = with_key(cast.boreal)
    first, theirs = client.get(url), foreign.get(url)
    with told(cast.aurora):
        Account.objects.filter(pk=account.pk).update(balance="5.00", updated_at=clock.now())
    assert body(client.get(since(first, url)))["data"] == [], "a balance is not shown there"
    with told(cast.aurora):
        Account.objects.filter(pk=account.pk).update(name_override="Caixa")
    found = body(client.get(since(first, url)))
    assert (found["isDelta"], [row["account_name"] for row in found["data"]]) == (False, ["Caixa"])
    assert body(foreign.get(since(theirs, url)))["isDelta"] is True, "another company's list is as it was"
    assert other.account_id != account.pk


def test_a_cleared_cache_lets_copies_be_read_anew(cast: Cast) -> None:
    make_sale(cast.aurora)
    aged()
    client, foreign = with_key(cast.aurora), with_key(cast.boreal)
    first, theirs = client.get(SALES), foreign.get(SALES)
    live.clear_cache(tenant=cast.aurora, resource="settings", actor=None)
    assert body(client.get(since(first)))["isDelta"] is True, "settings are not in the list"
    live.clear_cache(tenant=cast.aurora, actor=None)
    assert (body(client.get(since(first)))["isDelta"], len(body(client.get(since(first)))["data"])) == (
        False,
        1,
    )
    assert body(foreign.get(since(theirs)))["isDelta"] is True
    live.clear_cache(tenant=None, actor=None)
    assert body(foreign.get(since(theirs)))["isDelta"] is False


# --- filters ---------------------------------------------------------------------------------------------------------------
def test_a_row_that_leaves_the_filter_is_gone_and_one_that_enters_is_there(cast: Cast) -> None:
    leaves, enters = (
        make_open_item(cast.aurora, "1.00"),
        make_open_item(cast.aurora, "2.00", status="paid", open_amount=0),
    )
    outside = make_open_item(cast.aurora, "3.00", status="paid", open_amount=0)
    aged()
    url, client = "/api/open-items?status=unsettled", with_key(cast.aurora)
    first = client.get(url)
    assert [row["id"] for row in body(first)["data"]] == [leaves.pk]
    with told(cast.aurora):
        now = pg.started()
        OpenItem.objects.filter(pk=leaves.pk).update(status="paid", open_amount=0, updated_at=now)
        OpenItem.objects.filter(pk=enters.pk).update(status="open", open_amount=2, updated_at=now)
        OpenItem.objects.filter(pk=outside.pk).update(note="x", updated_at=now)
    assert operations(client.get(since(first, url))) == {
        leaves.pk: "delete",
        enters.pk: "update",
        outside.pk: "delete",
    }


def test_a_period_that_moves_with_the_day_is_read_anew_on_another_day(cast: Cast) -> None:
    make_sale(cast.aurora)
    client, now = with_key(cast.aurora), datetime.now(UTC)
    yesterday = quote((now - timedelta(hours=23, minutes=55)).isoformat())
    same_day = (
        now.astimezone(cast.aurora.zone).date()
        == (now - timedelta(hours=23, minutes=55)).astimezone(cast.aurora.zone).date()
    )
    assert body(client.get(f"/api/sales?period=30d&since={yesterday}"))["isDelta"] is same_day
    assert body(client.get(f"/api/open-items?status=overdue&since={yesterday}"))["isDelta"] is same_day
    for still in (
        "/api/sales?period=all",
        "/api/sales?from=2026-01-01&to=2026-12-31",
        "/api/open-items?limit=50",
    ):
        assert body(client.get(f"{still}&since={yesterday}"))["isDelta"] is True


# --- pages, fields, gzip ---------------------------------------------------------------------------------------------------
def test_many_changes_come_by_pages_and_what_changes_meanwhile_comes_next(cast: Cast) -> None:
    sales = [make_sale(cast.aurora, str(n)) for n in range(1, 6)]
    aged()
    client = with_key(cast.aurora)
    first = client.get(SALES)
    for sale in sales:
        with told(cast.aurora):
            Sale.objects.filter(pk=sale.pk).update(note="changed", updated_at=pg.started())
    page = client.get(f"{since(first)}&limit=2")
    stamp, seen = body(page)["timestamp"], [row["id"] for row in body(page)["data"]]
    with told(cast.aurora):
        Sale.objects.filter(pk=sales[0].pk).update(note="again", updated_at=pg.started())
    while following := body(page)["meta"]["next"]:
        page = client.get(f"{since(first)}&limit=2&cursor={following}")
        assert body(page)["timestamp"] == stamp, "of the first page"
        seen += [row["id"] for row in body(page)["data"]]
    assert seen[:5] == [sale.pk for sale in sales]
    assert seen[5:] == [sales[0].pk], "changed again while the pages were read"
    again = body(client.get(f"{SALES}&since={stamp}"))
    assert {row["id"]: row["note"] for row in again["data"]}[sales[0].pk] == "again"


def test_pages_of_the_whole_list_carry_the_time_of_the_first(cast: Cast) -> None:
    sales = {make_sale(cast.aurora, str(n)).pk for n in range(1, 6)}
    aged()
    client = with_key(cast.aurora)
    page = client.get(f"{SALES}&limit=2")
    stamp, seen = body(page)["timestamp"], {row["id"] for row in body(page)["data"]}
    with told(cast.aurora):
        late = make_sale(cast.aurora, "9.00", date="2026-12-31")
    while following := body(page)["meta"]["next"]:
        page = client.get(f"{SALES}&limit=2&cursor={following}")
        assert (body(page)["timestamp"], body(page)["isDelta"]) == (stamp, False)
        seen |= {row["id"] for row in body(page)["data"]}
    assert seen == sales, "the newest came before the page that was read first"
    assert operations(client.get(f"{SALES}&since={stamp}")) == {late.pk: "insert"}


@pytest.mark.parametrize(
    "cursor", ["x", "w.1", "w.x.y", "c.1.2.3", "c.1.2.3.x", f"w.{9**17}9.a", "w.1.", "c.1.1.1.1.1", "w.١.a"]
)
def test_a_forged_cursor_is_refused(cast: Cast, cursor: str) -> None:
    answer = with_key(cast.aurora).get(f"{SALES}&cursor={quote(cursor)}")
    assert (answer.status_code, body(answer)["code"]) == (400, "bad_parameter")


def test_only_the_fields_that_are_wanted(cast: Cast) -> None:
    sale = make_sale(cast.aurora, "1.00")
    aged()
    client = with_key(cast.aurora)
    first = client.get(f"{SALES}&fields=total,note")
    assert body(first)["data"] == [{"id": sale.pk, "total": "1.00", "note": ""}]
    with told(cast.aurora):
        Sale.objects.filter(pk=sale.pk).update(note="x", updated_at=pg.started())
    found = body(client.get(since(first, f"{SALES}&fields=note")))
    assert found["data"] == [{"id": sale.pk, "note": "x", "_operation": "update"}]
    refused = client.get(f"{SALES}&fields=total,tenant_id")
    assert (refused.status_code, list(body(refused)["details"])) == (400, ["fields"])
    assert "tenant_id" in body(refused)["message"]


def test_gzip_by_header_and_by_force(cast: Cast, settings: Any) -> None:
    for n in range(1, 9):
        make_sale(cast.aurora, str(n))
    client = with_key(cast.aurora)
    plain = client.get(SALES)
    assert not plain.has_header("Content-Encoding")
    for answer in (
        client.get(SALES, headers={"Accept-Encoding": "gzip"}),
        client.get(f"{SALES}&compress=true"),
    ):
        assert answer["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in answer["Vary"]
        assert int(answer["Content-Length"]) == len(answer.content)
        assert gzip.decompress(answer.content)[:-60] == plain.content[:-60], "all but the time of the answer"
    small = client.get("/api/customers?compress=true")
    assert small["Content-Encoding"] == "gzip"
    assert client.get(f"{SALES}&compress=maybe").status_code == 400
    settings.COMPRESSION_LEVEL = 1
    quick = client.get(f"{SALES}&compress=true")
    assert gzip.decompress(quick.content)[:20] == plain.content[:20]
    settings.ENABLE_COMPRESSION = False
    for answer in (
        client.get(SALES, headers={"Accept-Encoding": "gzip"}),
        client.get(f"{SALES}&compress=true"),
    ):
        assert not answer.has_header("Content-Encoding")


# --- two companies ---------------------------------------------------------------------------------------------------------
def test_nobody_hears_of_another_companys_rows(cast: Cast) -> None:
    make_sale(cast.aurora)
    aged()
    mine, theirs = with_key(cast.aurora), with_key(cast.boreal)
    first = theirs.get(SALES)
    with told(cast.aurora):
        make_sale(cast.aurora)
        Sale.objects.filter(
            tenant=cast.aurora, pk__in=[Sale.objects.filter(tenant=cast.aurora).earliest("pk").pk]
        ).delete()
    assert body(theirs.get(since(first)))["data"] == []
    assert len(body(mine.get(since(first)))["data"]) == 2
