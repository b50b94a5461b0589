"""The API of matches: who may ask and decide, what answers look like, and that a request counts once."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ledger.lists import parse
from ledger.models import OpenItem, Transaction
from live import cache
from reconciliation import queries, services
from reconciliation.lists import QUEUE
from reconciliation.models import Decision, Match, OpenLine
from reconciliation.tests.support import clear
from tenants.models import Capability, Tenant
from tests.api import body, signed_in, with_key
from tests.cast import Cast
from tests.factories import DAY, access_of, make_account, make_open_item, make_transaction

pytestmark = pytest.mark.django_db
URL = "/api/reconciliation"


def pair(tenant: Tenant, amount: str = "100.00", **fields: Any) -> tuple[Transaction, OpenItem]:
    """Return a line in the queue and the item that it pays."""
    line = make_transaction(make_account(tenant, name="Banco"), amount, **fields)
    item = make_open_item(tenant, amount, counterparty_name="Maria", number="N-7")
    OpenLine.objects.create(
        tenant=tenant, transaction=line, date=line.date, amount=line.amount, line_changed_at=line.updated_at
    )
    return line, item


def proposal(tenant: Tenant, amount: str = "100.00", **fields: Any) -> Match:
    """Return a clear proposal."""
    line, item = pair(tenant, amount, **fields)
    services.propose(tenant=tenant, judgements=[clear(line, item)])
    return Match.objects.get(lines__transaction=line)


def post(client: Client, verb: str, data: Any, **headers: str) -> Any:
    """Send a decision."""
    return client.post(f"{URL}/{verb}", data, content_type="application/json", headers=headers)


# --- the queue -----------------------------------------------------------------------------------------------------------
def test_the_queue_shows_each_line_with_its_reasons(cast: Cast) -> None:
    match = proposal(cast.aurora, counterparty_name="MARIA S", description="PIX", reference="E1")
    pair(cast.aurora, "-5.00")
    proposal(cast.boreal)
    answer = body(signed_in(cast.ana).get(URL))
    assert [row["verdict"] for row in answer["data"]] == ["", "clear"]
    row = answer["data"][1]
    line, item = match.lines.get().transaction, match.items.get().open_item
    assert row["lines"] == [
        {
            "id": line.pk, "date": "2026-03-10", "amount": "100.00", "currency": "BRL", "account_id": line.account_id, "name": "MARIA S",
            "document": "", "description": "PIX", "reference": "E1", "operation": "other", "status": "posted",
        }
    ]  # fmt: skip
    assert row["waiting"] is False
    (shown,) = row["matches"]
    assert (shown["id"], shown["status"], shown["kind"], shown["score"]) == (
        match.pk,
        "proposed",
        "exact",
        60,
    )
    assert [reason["name"] for reason in shown["reasons"]] == ["document_equal", "amount_exact"]
    assert [(one["id"], one["amount"], one["name"], one["number"]) for one in shown["items"]] == [
        (item.pk, "100.00", "Maria", "N-7")
    ]
    assert answer["meta"]["queue"] == [
        {
            "currency": "BRL", "lines": 2, "clear": 1, "ambiguous": 0, "none": 0, "unjudged": 1, "waiting": 1, "inflow": "100.00",
            "outflow": "-5.00",
        }
    ]  # fmt: skip


def test_the_queue_answers_from_the_cache_until_something_is_decided(cast: Cast) -> None:
    match = proposal(cast.aurora)
    client = signed_in(cast.ana)
    first = client.get(URL)
    again = client.get(URL, headers={"If-None-Match": first["ETag"]})
    assert (first["X-Cache"], again.status_code) == ("MISS", 304)
    post(client, "confirm", {"match": match.pk})
    cache.forget_generations()
    after = client.get(URL)
    assert (after["X-Cache"], body(after)["data"]) == ("MISS", [])


def test_filters_and_pages(cast: Cast) -> None:
    client = signed_in(cast.ana)
    for number in range(5):
        proposal(
            cast.aurora,
            f"{10 + number}.00",
            date=DAY.replace(day=10 + number),
            counterparty_name=f"Pessoa {number}",
        )
    out, _ = pair(cast.aurora, "-99.00", date=DAY.replace(day=1))

    def amounts(query: str) -> list[str]:
        answer = client.get(f"{URL}?{query}")
        assert answer.status_code == 200, answer.content
        return [row["lines"][0]["amount"] for row in body(answer)["data"]]

    assert amounts("") == ["14.00", "13.00", "12.00", "11.00", "10.00", "-99.00"]
    assert amounts("sort=amount&verdict=clear") == ["10.00", "11.00", "12.00", "13.00", "14.00"]
    assert amounts("direction=out") == amounts("verdict=unjudged") == ["-99.00"]
    assert amounts("from=2026-03-11&to=2026-03-12") == ["12.00", "11.00"]
    assert amounts("min=13&max=90") == ["14.00", "13.00"]
    assert amounts("q=pessoa+3") == amounts("q=13,00") == ["13.00"]
    assert amounts(f"account={out.account_id}") == ["-99.00"]
    first = body(client.get(f"{URL}?limit=4"))
    assert amounts(f"limit=4&cursor={first['meta']['next']}") == ["10.00", "-99.00"]
    for wrong in ("status=x", "verdict=x", "sort=x", "limit=0", "cursor=x", "account=x", "from=x"):
        assert client.get(f"{URL}?{wrong}").status_code == 400, wrong


def test_what_was_decided_is_listed(cast: Cast) -> None:
    matches = [proposal(cast.aurora) for _ in range(3)]
    client, access = signed_in(cast.ana), access_of(cast.ana, cast.aurora)
    services.confirm(access=access, matches=[matches[0].pk, matches[1].pk])
    services.reject(access=access, matches=[matches[2].pk])
    confirmed = body(client.get(f"{URL}?status=confirmed"))["data"]
    assert {row["matches"][0]["id"] for row in confirmed} == {matches[0].pk, matches[1].pk}
    assert confirmed[0]["matches"][0]["decided_by_name"] == str(cast.ana)
    rejected = body(client.get(f"{URL}?status=rejected"))["data"]
    assert [row["matches"][0]["id"] for row in rejected] == [matches[2].pk]
    run = confirmed[0]["matches"][0]["run_id"]
    assert len(body(client.get(f"{URL}?status=confirmed&run={run}"))["data"]) == 2
    assert body(client.get(f"{URL}?status=undone"))["data"] == []


def test_a_page_costs_the_same_however_long_it_is(cast: Cast) -> None:
    filters = parse(QUEUE, {}, today=DAY)
    for rows in (4, 8):
        for _ in range(4):
            proposal(cast.aurora)
        with CaptureQueriesContext(connection) as captured:
            page = queries.open_lines(cast.aurora, filters, limit=200)
        assert (len(page.rows), len(captured)) == (rows, 7)


# --- deciding ------------------------------------------------------------------------------------------------------------
def test_one_and_several_are_confirmed(cast: Cast) -> None:
    one, *more = [proposal(cast.aurora) for _ in range(3)]
    client = signed_in(cast.ana)
    answer = body(post(client, "confirm", {"match": one.pk}))
    assert answer["data"] == {"decided": [one.pk], "refused": [], "run": None}
    answer = body(post(client, "confirm", {"matches": [one.pk, *(match.pk for match in more)]}))
    assert answer["data"]["decided"] == [match.pk for match in more]
    assert [(each["match"], each["code"]) for each in answer["data"]["refused"]] == [(one.pk, "decided")]
    undone = body(post(client, "undo", {"run": answer["data"]["run"]}))
    assert undone["data"]["decided"] == [match.pk for match in more]


def test_the_loser_is_told_who_won(cast: Cast) -> None:
    match = proposal(cast.aurora)
    client = signed_in(cast.ana)
    post(client, "confirm", {"match": match.pk})
    answer = post(client, "confirm", {"match": match.pk})
    assert answer.status_code == 409
    assert body(answer)["code"] == "conflict"
    assert str(cast.ana) in body(answer)["message"]
    assert body(answer)["details"]["refused"][0]["code"] == "decided"


def test_the_same_key_counts_once(cast: Cast) -> None:
    match = proposal(cast.aurora)
    client = signed_in(cast.ana)
    answers = [post(client, "confirm", {"match": match.pk}, **{"Idempotency-Key": "k-1"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert body(answers[0])["data"] == body(answers[1])["data"]
    assert Decision.objects.count() == 1
    assert post(client, "undo", {"match": match.pk}, **{"Idempotency-Key": "k-1"}).status_code == 409
    for key in ("", "with blank", "x" * 151):
        assert post(client, "undo", {"match": match.pk}, **{"Idempotency-Key": key}).status_code == 400


def test_linking_by_hand(cast: Cast) -> None:
    line, item = pair(cast.aurora, "93.85")
    OpenItem.objects.filter(pk=item.pk).update(amount=100, open_amount=100)
    client = signed_in(cast.ana)
    wrong = post(client, "link", {"lines": [line.pk], "items": [{"id": item.pk}]})
    assert (wrong.status_code, body(wrong)["code"]) == (400, "invalid")
    right = {
        "lines": [line.pk],
        "items": [{"id": item.pk, "amount": "100.00"}],
        "adjustments": [{"kind": "withholding_irrf_pcc", "amount": "-6.15"}],
    }
    answer = post(client, "link", right)
    assert answer.status_code == 200, answer.content
    match = Match.objects.get()
    assert (body(answer)["data"]["decided"], match.kind) == ([match.pk], "withholding")
    assert post(client, "link", right).status_code == 409


def test_several_links_stand_each_for_itself(cast: Cast) -> None:
    good, bad = pair(cast.aurora), pair(cast.aurora)
    OpenItem.objects.filter(pk=bad[1].pk).update(amount=50, open_amount=50)
    links = [{"lines": [line.pk], "items": [{"id": item.pk}]} for line, item in (bad, good)]
    for _ in range(2):
        answer = body(post(signed_in(cast.ana), "link", {"links": links}, **{"Idempotency-Key": "k"}))
        assert [one["code"] for one in answer["data"]["refused"]] == ["invalid"]
        assert len(answer["data"]["decided"]) == 1
    assert Match.objects.filter(status="confirmed").count() == 1


@pytest.mark.parametrize(
    ("verb", "data"),
    [
        ("confirm", {}),
        ("confirm", []),
        ("confirm", {"matches": []}),
        ("confirm", {"match": 1, "matches": [1]}),
        ("confirm", {"match": "x"}),
        ("confirm", {"run": 1}),
        ("undo", {"match": 1, "run": 1}),
        ("reject", {"match": 2**63}),
        ("link", {}),
        ("link", {"links": []}),
        ("link", {"lines": [1], "items": [{"id": 1, "amount": "NaN"}]}),
        ("link", {"lines": [1], "items": [{"id": 1}, {"id": 1}]}),
        ("link", {"lines": [1], "adjustments": [{"kind": "tip", "amount": "1"}]}),
        ("link", {"lines": [1, 1]}),
    ],
)
def test_what_cannot_be_used_is_a_400(cast: Cast, verb: str, data: Any) -> None:
    answer = post(signed_in(cast.ana), verb, data)
    assert answer.status_code == 400, answer.content
    assert body(answer)["error"] is True


# --- who -----------------------------------------------------------------------------------------------------------------
def test_only_who_may_decide_decides(cast: Cast) -> None:
    match = proposal(cast.aurora)
    bodies = {
        "confirm": {"match": match.pk}, "reject": {"match": match.pk}, "undo": {"match": match.pk},
        "link": {"lines": [match.lines.get().transaction_id], "items": [{"id": match.items.get().open_item_id}]},
    }  # fmt: skip
    reads = with_key(cast.aurora, [Capability.READ, Capability.WRITE, Capability.SYNC])
    for verb, data in bodies.items():
        assert post(Client(), verb, data).status_code == 401, verb
        assert post(signed_in(cast.bruno), verb, data).status_code == 403, verb
        assert post(reads, verb, data).status_code == 403, verb
        assert post(signed_in(cast.carla), verb, data).status_code == 404, verb
    assert Match.objects.get().status == "proposed"
    assert signed_in(cast.bruno).get(URL).status_code == 200
    decides = with_key(cast.aurora, [Capability.DECIDE])
    assert post(decides, "confirm", bodies["confirm"]).status_code == 200
    assert Decision.objects.get().actor_name.startswith("API key")
    assert decides.get(URL).status_code == 403


def test_no_company_sees_anothers_queue(cast: Cast) -> None:
    ours, theirs = proposal(cast.aurora), proposal(cast.boreal)
    hers = body(signed_in(cast.carla).get(URL))["data"]
    assert [row["matches"][0]["id"] for row in hers] == [theirs.pk]
    carla = signed_in(cast.carla)
    assert post(carla, "confirm", {"match": theirs.pk}).status_code == 200
    ids = [row["matches"][0]["id"] for row in body(carla.get(f"{URL}?status=confirmed"))["data"]]
    assert ids == [theirs.pk]
    answer = post(carla, "confirm", {"matches": [ours.pk, ours.pk + 1_000]})
    assert answer.status_code == 404
    line, item = ours.lines.get().transaction_id, ours.items.get().open_item_id
    mine = pair(cast.boreal)
    for data in (
        {"lines": [line], "items": [{"id": mine[1].pk}]},
        {"lines": [mine[0].pk], "items": [{"id": item}]},
    ):
        assert post(carla, "link", data).status_code == 404


# --- at size -------------------------------------------------------------------------------------------------------------
@pytest.mark.drill
def test_the_first_page_of_a_hundred_thousand_reads_a_page(cast: Cast) -> None:
    """By the plan: every table is entered by an index, and no node reads more rows than the page has."""
    account = make_account(cast.aurora)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH lines AS (
                INSERT INTO ledger_transaction (tenant_id, source_id, account_id, external_id, date, type, amount, description)
                SELECT %(tenant)s, %(source)s, %(account)s, 'l' || n, date '2026-01-01' + n %% 60, 'CREDIT', n %% 5000 + 1, 'PIX ' || n
                  FROM generate_series(1, 100000) n RETURNING *)
            INSERT INTO reconciliation_openline (tenant_id, transaction_id, date, amount, line_changed_at, verdict)
            SELECT tenant_id, id, date, amount, updated_at, (ARRAY['clear', 'ambiguous', 'none'])[id %% 3 + 1] FROM lines
            """,
            {"tenant": cast.aurora.pk, "source": account.source_id, "account": account.pk},
        )
        cursor.execute("ANALYZE ledger_transaction, reconciliation_openline")
    client = signed_in(cast.ana)
    middle = body(client.get(f"{URL}?from=2026-02-01"))["meta"]["next"]
    asked = ["", "verdict=clear", "sort=-amount", "sort=date&verdict=none", f"cursor={middle}"]
    for query in asked:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"{URL}?{query}").status_code == 200
        pages = [
            each["sql"]
            for each in captured
            if 'FROM "reconciliation_openline"' in each["sql"] and "LIMIT" in each["sql"]
        ]
        assert len(pages) == 1
        for node in plan(pages[0]):
            assert node["Node Type"] not in {"Seq Scan", "Sort"} or node.get("Actual Rows", 0) <= 60, (
                query,
                node,
            )
            assert node["Actual Rows"] * node["Actual Loops"] <= 60, (
                query,
                node["Node Type"],
                node["Actual Rows"],
            )


def plan(sql: str) -> list[dict[str, Any]]:
    """Return every node of the executed plan."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
        todo, found = [cursor.fetchone()[0][0]["Plan"]], []
    while todo:
        node = todo.pop()
        found.append(node)
        todo += node.get("Plans", [])
    return found


def test_what_is_left_of_items(cast: Cast) -> None:
    """The smaller of what the ERP shows open and face − confirmed settlements, in either direction."""
    access, account = access_of(cast.ana, cast.aurora), make_account(cast.aurora)
    expected = {}
    for sign in (1, -1):
        for open_amount, settled, left in (
            (100, 0, 100),
            (100, 30, 70),
            (40, 30, 40),
            (80, 100, 0),
            (0, 0, 0),
        ):
            item = make_open_item(cast.aurora, sign * 100, open_amount=Decimal(sign * open_amount))
            if settled:
                line = make_transaction(account, sign * settled)
                services.link(access=access, lines=[line.pk], items={item.pk: Decimal(sign * settled)})
            expected[item.pk] = Decimal(sign * left)
    assert queries.still_open(cast.aurora.pk, expected) == expected
    rows = queries.with_left(OpenItem.objects.filter(tenant=cast.aurora))
    assert dict(rows.values_list("pk", "left")) == expected
    assert queries.still_open(cast.boreal.pk, expected) == {}
