"""The connect widget, our own webhooks, and what a delivery means."""

from typing import Any

import pytest

from sync.providers.base import Page, UpstreamError
from sync.providers.pluggy import keys
from sync.providers.pluggy.tests import samples
from sync.providers.pluggy.tests.upstream import Bank, lines, make
from sync.providers.tests.wire import Wire

SINCE = "2026-07-12T00:00:00.000Z"


@pytest.fixture(autouse=True)
def _no_keys_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys.RING, "_keys", {})


@pytest.fixture
def bank() -> Bank:
    found = Bank()
    found.lines = lines(1, 12, 13)
    return found


@pytest.fixture
def wire(bank: Bank) -> Wire:
    return Wire(bank)


def event(name: str, **fields: Any) -> dict[str, Any]:
    return {
        "event": name,
        "eventId": "9b1a6b3e",
        "id": samples.ITEM,
        "itemId": samples.ITEM,
        "clientUserId": "tenant-42",
        "triggeredBy": "SYNC",
        **fields,
    }


def created(**fields: Any) -> dict[str, Any]:
    return event(
        "transactions/created", **{"accountId": samples.ACCOUNT, "transactionsCreatedAtFrom": SINCE, **fields}
    )


def pages_of(wire: Wire, body: dict[str, Any], **config: Any) -> list[Page]:
    return list(make(wire, **config).event_pages(body))


def ids(pages: list[Page]) -> list[str]:
    return [record.external_id for page in pages for record in page.records]


def test_a_connect_token_names_the_company_and_reconnects_a_bank(bank: Bank, wire: Wire) -> None:
    assert make(wire, client_user_id="tenant-42").connect_token() == "token-None"
    assert make(wire).connect_token(samples.ITEM) == f"token-{samples.ITEM}"
    assert [body for _, path, _, body in wire.asked if path == "/connect_token"] == [
        {"options": {"avoidDuplicates": True, "clientUserId": "tenant-42"}},
        {"options": {"avoidDuplicates": True}, "itemId": samples.ITEM},
    ]
    bank.change = lambda path, query, answer: (200, {}) if path == "/connect_token" else answer
    with pytest.raises(UpstreamError, match="accessToken"):
        make(wire).connect_token()


def test_webhooks_are_registered_listed_and_removed(bank: Bank, wire: Wire) -> None:
    provider = make(wire)
    assert provider.webhooks() == [], "204 without a body is an empty list"
    hook = provider.register_webhook(
        "https://painel.example.com/hook", "all", {"X-Secret": "s3cret-of-the-hook"}
    )
    assert (hook["id"], bank.hooks[0]["headers"]) == ("hook-1", {"X-Secret": "s3cret-of-the-hook"})
    assert [each["url"] for each in provider.webhooks()] == ["https://painel.example.com/hook"]
    provider.delete_webhook("hook-1")
    provider.delete_webhook("hook-1")
    assert bank.hooks == []


def test_the_secret_of_a_webhook_shows_up_in_no_error(bank: Bank, wire: Wire) -> None:
    bank.change = lambda path, query, answer: (
        (400, {"code": 400, "message": "bad header s3cret-of-the-hook"}) if path == "/webhooks" else answer
    )
    with pytest.raises(UpstreamError) as caught:
        make(wire).register_webhook(
            "https://painel.example.com/hook", "all", {"X-Secret": "s3cret-of-the-hook"}
        )
    assert "s3cret" not in str(caught.value)


def test_created_lines_are_read_by_the_link_of_our_own_upstream(wire: Wire) -> None:
    link = f"https://api.pluggy.ai/v2/transactions?accountId={samples.ACCOUNT}&createdAtFrom=2026-07-13T00:00:00.000Z"
    assert ids(pages_of(wire, created(createdTransactionsLink=link))) == ["line-13"]


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example.com/v2/transactions?accountId=6f0f7a52-0001",
        "http://api.pluggy.ai/v2/transactions?accountId=6f0f7a52-0001",
        "https://api.pluggy.ai.evil.example.com/v2/transactions?accountId=6f0f7a52-0001",
        "https://api.pluggy.ai@evil.example.com/v2/transactions?accountId=6f0f7a52-0001",
        "https://api.pluggy.ai/webhooks?accountId=6f0f7a52-0001",
        "https://api.pluggy.ai/v2/transactions?accountId=somebody-elses",
        "not a link",
        "",
    ],
)
def test_any_other_link_is_rebuilt(wire: Wire, link: str) -> None:
    assert ids(pages_of(wire, created(createdTransactionsLink=link))) == ["line-13", "line-12"]
    assert wire.queries("/v2/transactions") == [{"accountId": samples.ACCOUNT, "createdAtFrom": SINCE}]
    assert "/webhooks" not in [path for _, path, _, _ in wire.asked]


def test_a_link_to_the_older_listing_is_paged_by_its_own_envelope(bank: Bank, wire: Wire) -> None:
    bank.lines = lines(*range(1, 9))
    link = f"https://api.pluggy.ai/transactions?accountId={samples.ACCOUNT}&createdAtFrom=2026-07-01T00:00:00.000Z"
    assert sorted(ids(pages_of(wire, created(createdTransactionsLink=link)))) == [
        f"line-{number}" for number in range(1, 9)
    ]
    assert [query.get("page") for query in wire.queries("/transactions")][:3] == [None, "2", "3"]
    assert {query["pageSize"] for query in wire.queries("/transactions")} == {"500"}


def test_changed_lines_are_read_again_by_id(bank: Bank, wire: Wire) -> None:
    pages = pages_of(
        wire, event("transactions/updated", accountId=samples.ACCOUNT, transactionIds=["line-12", "line-13"])
    )
    assert (ids(pages), pages[0].gone, pages[0].cursor) == (["line-13", "line-12"], (), None)


def test_deleted_lines_are_believed_only_when_upstream_lacks_them(wire: Wire) -> None:
    (page,) = pages_of(
        wire, event("transactions/deleted", accountId=samples.ACCOUNT, transactionIds=["line-12", "vanished"])
    )
    assert page.gone == (("transaction", "vanished"),)
    assert ids([page]) == ["line-12"]


def test_a_bank_event_reads_the_bank_again(bank: Bank, wire: Wire) -> None:
    bank.items[samples.ITEM]["status"] = "LOGIN_ERROR"
    pages = pages_of(wire, event("item/error", error={"code": "INVALID_CREDENTIALS"}))
    assert [(page.resource, [record.payload.get("status") for record in page.records]) for page in pages] == [
        ("items", ["LOGIN_ERROR"]),
        ("accounts", [None]),
    ]
    bank.items.clear()
    (page,) = pages_of(wire, event("item/deleted"))
    assert page.gone == (("item", samples.ITEM),)


@pytest.mark.parametrize(
    "body",
    [
        event("item/updated", itemId="somebody-elses", id="somebody-elses"),
        created(accountId="somebody-elses"),
        event("transactions/deleted", accountId="somebody-elses", transactionIds=["line-1"]),
        event("connector/status_updated", id="601", data={"status": "OFFLINE"}),
        event("transactions/of_tomorrow", accountId=samples.ACCOUNT),
        {},
    ],
)
def test_what_is_not_about_us_or_not_known_means_nothing(wire: Wire, body: dict[str, Any]) -> None:
    assert pages_of(wire, body) == []


def test_an_event_without_ids_asks_for_nothing(wire: Wire) -> None:
    (page,) = pages_of(wire, event("transactions/deleted", accountId=samples.ACCOUNT, transactionIds=None))
    assert (page.records, page.gone) == ((), ())
    assert wire.queries("/v2/transactions") == []
