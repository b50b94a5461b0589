"""Filters kept under a name, for oneself or the company."""

import pytest
from django.urls import reverse

from tenants.models import AuditLog
from tests.cast import Cast


def save_view(client, slug: str = "aurora", *, query: str = "type=DEBIT&cursor=x", **data: str):
    """Save the list of transactions as it is."""
    url = reverse("ledger:save_view", kwargs={"slug": slug, "name": "transactions"})
    return client.post(f"{url}?{query}", {"name": "Saídas", **data}, follow=True)


def offered(client, slug: str = "aurora", name: str = "transactions") -> list[tuple[str, str, bool]]:
    """Return name, query and whether it may be deleted of every view that the page offers."""
    views = client.get(reverse(f"ledger:{name}", kwargs={"slug": slug})).context["saved"]["views"]
    return [(one["view"].name, one["view"].query, one["deletable"]) for one in views]


def test_a_view_keeps_the_filters_and_not_the_page(client, cast: Cast, facts) -> None:
    client.force_login(cast.ana)
    save_view(client)
    save_view(client, query="type=DEBIT&sort=-amount")
    assert offered(client) == [("Saídas", "type=DEBIT&sort=-amount", True)]
    assert offered(client, name="sales") == []
    page = client.get(reverse("ledger:transactions", kwargs={"slug": "aurora"}) + "?type=DEBIT&sort=-amount")
    assert page.context["saved"]["open"].name == "Saídas"


def test_a_view_is_its_owners_unless_shared_with_the_company(client, cast: Cast, facts) -> None:
    client.force_login(cast.ana)
    save_view(client, name="Só minha")
    save_view(client, name="De todos", shared="on")
    client.force_login(cast.bruno)
    assert offered(client) == [("De todos", "type=DEBIT", False)]
    client.force_login(cast.carla)
    assert offered(client, "boreal") == []


def test_sharing_and_deleting_what_is_shared_need_the_right_to_write(client, cast: Cast, facts) -> None:
    from ledger.models import SavedView

    client.force_login(cast.ana)
    save_view(client, shared="on")
    view = SavedView.objects.get()
    url = reverse("ledger:delete_view", kwargs={"slug": "aurora", "name": "transactions", "pk": view.pk})
    client.force_login(cast.bruno)
    assert save_view(client, shared="on").status_code == 403
    assert client.post(url).status_code == 404
    save_view(client)
    assert SavedView.objects.filter(user=cast.bruno, shared=False).count() == 1
    client.force_login(cast.carla)
    assert client.post(url.replace("aurora", "boreal")).status_code == 404
    client.force_login(cast.ana)
    assert client.post(url).status_code == 302
    assert not SavedView.objects.filter(user=cast.ana).exists()
    assert AuditLog.objects.filter(table="ledger_savedview").count() == 2


@pytest.mark.parametrize("data", [{"name": " "}, {"name": "x" * 61}, {"query": "q=" + "x" * 1000}])
def test_a_view_that_does_not_fit_is_told_and_not_kept(
    client, cast: Cast, facts, data: dict[str, str]
) -> None:
    from ledger.models import SavedView

    client.force_login(cast.ana)
    page = save_view(client, **{"query": "type=DEBIT", **data})
    assert [message.level_tag for message in page.context["messages"]] == ["error"]
    assert not SavedView.objects.exists()
