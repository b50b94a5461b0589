"""What a person may not do is not offered to them: no link or form of a reader's pages ends in "you may not do this"."""

import re

import pytest
from django.test import Client
from django.urls import Resolver404, resolve

from tenants.models import Capability
from tests import factories
from tests.cast import Cast

PAGES = (
    "", "transactions/", "sales/", "customers/", "products/", "open-items/", "reconciliation/", "connections/", "runs/", "accounts/", "boards/", "settings/",
    "settings/people/",
)  # fmt: skip


@pytest.fixture
def reader(cast: Cast, client: Client) -> Client:
    """Bruno, who may only read Aurora, which has a row of everything."""
    wire = factories.make_connection(cast.aurora)
    account = factories.make_account(cast.aurora, source=wire.source)
    factories.make_transaction(account)
    product = factories.make_product(cast.aurora, source=wire.source)
    customer = factories.make_customer(cast.aurora, source=wire.source)
    factories.make_sale(cast.aurora, customer=customer, items=[(product, "100.00")])
    factories.make_open_item(cast.aurora, customer=customer)
    factories.make_run(wire)
    client.force_login(cast.bruno)
    return client


def offered(html: str) -> set[str]:
    """Return the addresses inside a company that a page links or posts to, without their queries."""
    found = re.findall(r'(?:href|action|hx-get|hx-post|data-row-url)="(/t/[^"?#]*)', html)
    return set(found)


def needs(address: str) -> Capability:
    """Return what a person must be allowed to open an address."""
    try:
        return getattr(resolve(address).func, "requires", Capability.READ)
    except Resolver404:
        raise AssertionError(f"{address} leads nowhere") from None


def test_a_reader_is_offered_nothing_that_ends_in_a_refusal(reader: Client) -> None:
    pages = [f"/t/aurora/{path}" for path in PAGES]
    refused: dict[str, list[str]] = {}
    seen: set[str] = set()
    while pages:
        page = pages.pop()
        seen.add(page)
        answer = reader.get(page, {"period": "all", "status": "all"} if "settings" not in page else {})
        assert answer.status_code == 200, page
        found = offered(answer.content.decode())
        closed = sorted(address for address in found if needs(address) != Capability.READ)
        if closed:
            refused[page] = closed
        pages += [one for one in found if re.search(r"/list/\w+/\d+/$", one) and one not in seen | set(pages)]
    assert refused == {}
    assert len(seen) > len(PAGES)
