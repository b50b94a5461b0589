"""What Pluggy is asked, and what the answers make of the cursor."""

from datetime import date, timedelta
from typing import Any

import pytest

from sync.providers.base import Page, UpstreamError
from sync.providers.pluggy import keys
from sync.providers.pluggy.provider import Pluggy
from sync.providers.pluggy.tests import samples
from sync.providers.pluggy.tests.upstream import CLIENT, Bank, envelope, lines, make
from sync.providers.tests.wire import Answer, Wire

TODAY = date(2026, 7, 14)
SECRETS = (CLIENT["client_id"], CLIENT["client_secret"])


@pytest.fixture(autouse=True)
def _no_keys_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys.RING, "_keys", {})


@pytest.fixture
def bank() -> Bank:
    return Bank()


@pytest.fixture
def wire(bank: Bank) -> Wire:
    return Wire(bank)


def read(
    provider: Pluggy, cursor: dict[str, Any] | None = None, *, full: bool = False, today: date = TODAY
) -> list[Page]:
    return list(provider.pages(cursor=cursor or {}, full=full, today=today))


def store(pages: list[Page], cursor: dict[str, Any]) -> dict[str, Any]:
    return cursor | {page.resource: page.cursor for page in pages if page.cursor is not None}


def ids(pages: list[Page], resource: str = "transactions") -> list[str]:
    return [record.external_id for page in pages if page.resource == resource for record in page.records]


def mark(cursor: dict[str, Any], account: str = samples.ACCOUNT) -> dict[str, Any]:
    stored: dict[str, Any] = cursor["transactions"][account]
    return stored


def test_one_key_serves_many_runs_and_every_request_is_paid_for(bank: Bank, wire: Wire) -> None:
    bank.lines = lines(1)
    read(make(wire))
    read(make(wire))
    assert bank.keys == 1
    assert wire.spent == [
        "auth",
        "items",
        "accounts",
        "transactions",
        "categories",
        "items",
        "accounts",
        "transactions",
        "categories",
    ]
    assert wire.asked[0][3] == {"clientId": SECRETS[0], "clientSecret": SECRETS[1], "nonExpiring": False}
    assert all(headers["x-api-key"] in bank.valid for headers in wire.headers[1:])


def test_a_key_is_replaced_before_it_ends(bank: Bank, wire: Wire) -> None:
    bank.clock = wire.clock
    read(make(wire))
    wire.later(minutes=114)
    read(make(wire))
    assert bank.keys == 1
    wire.later(minutes=2)
    read(make(wire))
    assert bank.keys == 2


def test_a_key_of_minutes_is_not_asked_for_with_every_request(bank: Bank, wire: Wire) -> None:
    bank.key_lives = timedelta(minutes=4)
    read(make(wire))
    assert bank.keys == 1


@pytest.mark.parametrize("key", ["", "no jwt", "a.b.c", "a.eyJub3QiOiAianNvbiI.c", "a.eyJleHAiOiJzb29uIn0.c"])
def test_a_key_without_a_readable_end_is_used_for_an_hour_and_a_half(wire: Wire, key: str) -> None:
    assert keys.expiry(key, wire.now) == wire.now + timedelta(minutes=90)


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_refused_is_replaced_once(bank: Bank, wire: Wire, status: int) -> None:
    refused: list[str] = []

    def once(path: str, query: dict[str, str], answer: Answer) -> Answer:
        if path.startswith("/items/") and not refused:
            refused.append(path)
            return status, {"code": status, "message": "API key expired"}
        return answer

    bank.change = once
    read(make(wire))
    assert bank.keys == 2
    bank.change = lambda path, query, answer: (
        (status, {"code": status}) if path.startswith("/items/") else answer
    )
    with pytest.raises(UpstreamError, match="refused the credentials") as caught:
        read(make(wire))
    assert caught.value.needs_person


def test_wrong_client_keys_need_a_person(wire: Wire) -> None:
    provider = Pluggy(
        credentials=CLIENT | {"client_secret": "wrong-secret"}, config={}, batch_size=1, **wire.options()
    )
    with pytest.raises(UpstreamError, match="credentials") as caught:
        provider.check()
    assert caught.value.needs_person
    assert "wrong-secret" not in str(caught.value)


def test_a_first_reading_takes_a_year_and_later_ones_what_was_stored_since(bank: Bank, wire: Wire) -> None:
    bank.lines = lines(*range(1, 8))
    pages = read(make(wire))
    assert ids(pages, "items") == [samples.ITEM]
    assert ids(pages, "accounts") == [samples.ACCOUNT]
    assert ids(pages) == [f"line-{number}" for number in range(7, 0, -1)]
    assert wire.queries("/v2/transactions")[0] == {"accountId": samples.ACCOUNT, "dateFrom": "2025-07-14"}
    cursor = store(pages, {})
    assert mark(cursor) == {
        "top": "2026-07-07T09:00:00.000+00:00", "oldest": "2026-07-01T03:00:00.000+00:00", "refreshed": "2026-07-14T09:02:40.981Z", "pending": [],
    }  # fmt: skip
    wire.asked.clear()
    bank.lines += lines(8)
    pages = read(make(wire), cursor)
    assert wire.queries("/v2/transactions") == [
        {"accountId": samples.ACCOUNT, "createdAtFrom": "2026-07-07T08:00:00.000Z"}
    ]
    assert ids(pages) == ["line-8", "line-7"]
    assert mark(store(pages, cursor))["top"] == "2026-07-08T09:00:00.000+00:00"


def test_an_account_without_lines_is_asked_for_its_year_again(bank: Bank, wire: Wire) -> None:
    cursor = store(read(make(wire)), {})
    assert "top" not in mark(cursor)
    read(make(wire), cursor)
    assert [query["dateFrom"] for query in wire.queries("/v2/transactions")] == ["2025-07-14"] * 2


def test_the_last_days_are_read_again_when_the_bank_was_read_anew(bank: Bank, wire: Wire) -> None:
    bank.lines = lines(1, 6, 12)
    cursor = store(read(make(wire)), {})
    bank.items[samples.ITEM]["lastUpdatedAt"] = "2026-07-14T17:00:00.000Z"
    bank.lines[1]["description"] = "Changed, and createdAt is as it was"
    wire.asked.clear()
    pages = read(make(wire), cursor)
    assert wire.queries("/v2/transactions")[1] == {"accountId": samples.ACCOUNT, "dateFrom": "2026-07-04"}
    assert "Changed, and createdAt is as it was" in [
        record.payload.get("description") for page in pages for record in page.records
    ]
    cursor = store(pages, cursor)
    wire.asked.clear()
    read(make(wire), cursor)
    assert len(wire.queries("/v2/transactions")) == 1


def test_a_pending_line_that_posts_under_another_id_is_gone_and_new(bank: Bank, wire: Wire) -> None:
    bank.lines = lines(1) + lines(12, status="PENDING") + lines(13, status="PENDING")
    cursor = store(read(make(wire)), {})
    assert mark(cursor)["pending"] == ["line-12", "line-13"]
    bank.items[samples.ITEM]["lastUpdatedAt"] = "2026-07-14T17:00:00.000Z"
    posted = lines(14)[0] | {"id": "another-id", "date": "2026-07-12T03:00:00.000Z"}
    bank.lines = [bank.lines[0], posted, bank.lines[2] | {"status": "POSTED"}]
    pages = read(make(wire), cursor)
    assert [page.gone for page in pages if page.gone] == [(("transaction", "line-12"),)]
    assert {"another-id", "line-13"} <= set(ids(pages))
    assert mark(store(pages, cursor))["pending"] == []


def test_a_pending_line_of_long_ago_that_is_still_there_is_not_gone(bank: Bank, wire: Wire) -> None:
    bank.lines = lines(1, status="PENDING") + lines(12)
    cursor = store(read(make(wire)), {})
    bank.items[samples.ITEM]["lastUpdatedAt"] = "2026-07-14T17:00:00.000Z"
    pages = read(make(wire), cursor)
    assert [page.gone for page in pages if page.gone] == []
    assert "line-1" in ids(pages)
    assert mark(store(pages, cursor))["pending"] == ["line-1"]


def test_a_complete_listing_takes_no_dates_and_says_so(bank: Bank, wire: Wire) -> None:
    bank.lines = lines(*range(1, 8))
    pages = read(make(wire), full=True)
    assert wire.queries("/v2/transactions")[0] == {"accountId": samples.ACCOUNT}
    (last,) = [page for page in pages if page.listed == ("transaction",)]
    assert last.scope == ("accountId", samples.ACCOUNT)


def test_a_page_that_is_skipped_is_found_by_reading_until_nothing_new_comes(bank: Bank, wire: Wire) -> None:
    bank.lines = lines(*range(1, 10))
    skipped: list[str] = []

    def skipping(path: str, query: dict[str, str], answer: Answer) -> Answer:
        if path == "/v2/transactions" and "after" in query and not skipped:
            skipped.append(query["after"])
            return bank.answer("GET", path, query | {"after": "Ng=="}, None)  # 6 instead of 3
        return answer

    bank.change = skipping
    pages = read(make(wire), full=True)
    assert sorted(ids(pages)) == [f"line-{number}" for number in range(1, 10)]
    assert len(ids(pages)) == 9
    assert [page.listed for page in pages if page.resource == "transactions"][-1] == ("transaction",)


def test_a_page_that_comes_twice_brings_nothing_twice_and_a_circle_is_left(bank: Bank, wire: Wire) -> None:
    bank.lines = lines(*range(1, 6))
    bank.change = lambda path, query, answer: (
        (200, answer[1] | {"next": "?after=Mw%3D%3D"}) if path == "/v2/transactions" else answer
    )
    pages = read(make(wire), full=True)
    assert sorted(ids(pages)) == [f"line-{number}" for number in range(1, 6)]
    assert [page.listed for page in pages if page.resource == "transactions"][-1] == (), (
        "what never ended is not complete"
    )


@pytest.mark.parametrize(
    "shape",
    [
        "?accountId=a&after={}",
        "accountId=a&after={}",
        "https://api.pluggy.ai/v2/transactions?accountId=a&after={}",
        "{}",
    ],
)
def test_the_cursor_is_taken_out_of_next_and_decoded_once(bank: Bank, wire: Wire, shape: str) -> None:
    token, asked = "a+b/c==%25", list[str | None]()
    written = "a%2Bb%2Fc%3D%3D%2525" if "after" in shape else token

    def answer(method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        if path != "/v2/transactions":
            return bank(method, path, query, body)
        asked.append(query.get("after"))
        return 200, {"results": lines(1), "next": shape.format(written) if len(asked) == 1 else None}

    wire.handler = answer
    read(make(wire))
    assert asked[:2] == [None, token]


def test_a_cursor_that_ended_is_tried_again_later(bank: Bank, wire: Wire) -> None:
    bank.lines = lines(*range(1, 8))
    bank.change = lambda path, query, answer: (
        (400, {"code": 400, "message": "Invalid cursor"}) if "after" in query else answer
    )
    with pytest.raises(UpstreamError) as caught:
        read(make(wire))
    assert caught.value.retry_after == timedelta(minutes=1)


def test_old_rows_that_upstream_drops_do_not_take_our_history_with_them(bank: Bank, wire: Wire) -> None:
    bank.lines = lines(1, 2, 12)
    cursor = store(read(make(wire), full=True), {})
    bank.lines = lines(12)
    pages = read(make(wire), cursor, full=True)
    assert all(page.listed != ("transaction",) for page in pages)
    assert mark(store(pages, cursor))["oldest"] == "2026-07-01T03:00:00.000+00:00"
    bank.lines = []
    assert all(page.listed != ("transaction",) for page in read(make(wire), cursor, full=True))


def test_a_bank_in_trouble_is_a_state_of_that_bank_and_the_others_go_on(bank: Bank, wire: Wire) -> None:
    bank.items["other"] = samples.item(id="other")
    bank.accounts["other-account"] = samples.account(id="other-account", itemId="other")
    bank.items[samples.ITEM] |= {
        "status": "LOGIN_ERROR",
        "error": {"code": "INVALID_CREDENTIALS", "message": "Wrong"},
    }
    bank.lines = lines(1) + [line | {"id": "o", "accountId": "other-account"} for line in lines(2)]
    pages = read(make(wire, item_ids=[samples.ITEM, "other"]))
    assert (ids(pages, "items"), sorted(ids(pages))) == ([samples.ITEM, "other"], ["line-1", "o"])
    assert [(page.listed, page.scope) for page in pages if page.resource == "accounts"] == [
        ((), ("itemId", samples.ITEM)),
        (("account",), ("itemId", "other")),
    ]


def test_a_bank_that_was_removed_is_gone_and_its_accounts_are_not(bank: Bank, wire: Wire) -> None:
    bank.items.clear()
    pages = read(make(wire))
    assert [(page.resource, page.gone, page.records) for page in pages] == [
        ("items", (("item", samples.ITEM),), ())
    ]


def test_without_a_bank_there_is_nothing_to_read(wire: Wire) -> None:
    assert read(make(wire, item_ids=[])) == []
    assert make(wire, item_ids=[]).check() == "Pluggy"
    assert make(wire).check() == "Pluggy: Itaú"


def test_the_bank_is_named_on_the_account_because_upstream_does_not(wire: Wire) -> None:
    (record,) = [record for page in read(make(wire)) for record in page.records if record.kind == "account"]
    assert record.payload["_connector"] == {"name": "Itaú", "type": "BUSINESS_BANK"}
    assert make(wire).fetch("account", samples.ACCOUNT) == record


def test_lines_carry_what_their_mapping_needs(bank: Bank, wire: Wire) -> None:
    own = samples.payment(payer=samples.person("X", None, routingNumber="0341", accountNumber="000012345-6"))
    bank.lines = lines(1) + lines(2, paymentData=own) + lines(3, categoryId=None)
    pages = read(make(wire))
    found = {
        record.external_id: record.payload
        for page in pages
        for record in page.records
        if record.kind == "transaction"
    }
    assert found["line-1"]["_account"] == {
        "type": "BANK",
        "subtype": "CHECKING_ACCOUNT",
        "currencyCode": "BRL",
    }
    assert (found["line-1"]["_category"], "_own" in found["line-1"]) == ("Transferência - PIX", False)
    assert "_category" not in found["line-3"]
    assert (samples.account()["bankData"]["transferNumber"], found["line-2"].get("_own")) == (
        "341/0123/12345-6",
        True,
    )
    assert make(wire).transactions_by_ids(samples.ACCOUNT, ["line-2"])[0].payload == found["line-2"]
    assert make(wire).fetch("transaction", "line-2").payload == found["line-2"]


def test_a_list_of_categories_that_is_not_offered_costs_nothing(bank: Bank, wire: Wire) -> None:
    bank.lines = lines(1)
    bank.change = lambda path, query, answer: (404, {"code": 404}) if path == "/categories" else answer
    assert ids(read(make(wire))) == ["line-1"]
    bank.change = lambda path, query, answer: (
        (200, [{"id": "05070000", "description": "PIX"}]) if path == "/categories" else answer
    )
    (record,) = [
        record for page in read(make(wire)) for record in page.records if record.kind == "transaction"
    ]
    assert record.payload["_category"] == "PIX"


def test_bills_are_read_for_cards_only_and_when_the_bank_was_read_anew(bank: Bank, wire: Wire) -> None:
    bank.accounts[samples.CARD] = samples.card()
    pages = read(make(wire))
    assert ids(pages, "bills") == ["bill-1"]
    assert wire.queries("/bills") == [{"accountId": samples.CARD}]
    wire.asked.clear()
    read(make(wire), store(pages, {}))
    assert wire.queries("/bills") == []
    (record,) = [record for page in pages for record in page.records if record.kind == "bill"]
    assert make(wire).map(record, samples.CONTEXT) == ()


def test_many_ids_are_asked_for_in_portions(bank: Bank, wire: Wire) -> None:
    make(wire).transactions_by_ids(samples.ACCOUNT, [f"id-{number}" for number in range(1001)])
    assert [len(query["ids"].split(",")) for query in wire.queries("/v2/transactions")] == [500, 500, 1]


def test_a_page_envelope_of_several_pages_is_read_to_its_end(bank: Bank, wire: Wire) -> None:
    def paged(path: str, query: dict[str, str], answer: Answer) -> Answer:
        if path != "/accounts":
            return answer
        number = int(query.get("page", 1))
        return 200, envelope([samples.account(id=f"account-{number}")]) | {"page": number, "totalPages": 3}

    bank.change = paged
    assert ids(read(make(wire)), "accounts") == ["account-1", "account-2", "account-3"]


def test_fetch_says_what_upstream_does_not_have(wire: Wire) -> None:
    for kind in ("item", "account", "bill", "transaction"):
        wire.handler = lambda method, path, query, body: (
            (200, {"apiKey": "k" * 20}) if path == "/auth" else (404, {"code": 404})
        )
        with pytest.raises(KeyError):
            make(wire).fetch(kind, "nobody")


@pytest.mark.parametrize(
    ("status", "answer", "headers", "retry", "person"),
    [
        (
            429,
            {"code": 429, "message": "Too many requests"},
            {"Retry-After": "60"},
            timedelta(seconds=60),
            False,
        ),
        (500, {"code": 500, "codeDescription": "INTERNAL_SERVER_ERROR"}, {}, timedelta(minutes=1), False),
        (400, {"code": 400, "message": "accountId must be a UUID"}, {}, None, False),
        (200, b'{"results": [', {}, timedelta(minutes=5), False),
        (200, {"results": None, "next": None}, {}, timedelta(minutes=5), False),
        (200, {"results": [{"amount": 1}], "next": None}, {}, timedelta(minutes=5), False),
    ],
)
def test_the_error_carries_the_decision(
    bank: Bank,
    wire: Wire,
    status: int,
    answer: Any,
    headers: dict[str, str],
    retry: timedelta | None,
    person: bool,
) -> None:
    bank.change = lambda path, query, good: (status, answer, headers) if path == "/v2/transactions" else good
    with pytest.raises(UpstreamError, match="Pluggy") as caught:
        read(make(wire))
    assert (caught.value.retry_after, caught.value.needs_person) == (retry, person)
    assert not any(secret in str(caught.value) for secret in (*SECRETS, *bank.valid))
