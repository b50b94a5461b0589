"""Known payers on their page: said, changed, used no more and again, found, and nobody else's."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ledger.models import Customer
from reconciliation import services
from reconciliation.models import ClientMapping
from tenants.models import AuditLog, Role
from tests.cast import Cast
from tests.factories import access_of, make_customer, make_member

pytestmark = pytest.mark.django_db
URL = "/t/aurora/reconciliation/payers/"
CPF = "529.982.247-25"


@pytest.fixture
def maria(cast: Cast) -> Customer:
    return make_customer(cast.aurora, "Maria Alves")


@pytest.fixture
def ana(cast: Cast, client: Client) -> Client:
    client.force_login(cast.ana)
    return client


def shown(client: Client, query: str = "") -> list[str]:
    """Return the payers of the list."""
    return [row["payer_name"] for row in client.get(f"{URL}?{query}").context["page"].rows]


def test_a_payer_is_said_changed_rests_and_is_used_again(ana: Client, cast: Cast, maria: Customer) -> None:
    assert "Ainda não há pagador conhecido" in ana.get(URL).content.decode()
    ana.post(f"{URL}new/", {"name": "João Silva", "document": CPF, "customer": maria.pk})
    first = ClientMapping.objects.get()
    assert (first.payer_document, first.by_person, first.right) == ("52998224725", True, 1)
    other = make_customer(cast.aurora, "Paula Reis")
    ana.post(f"{URL}{first.pk}/", {"name": "João Silva", "document": CPF, "customer": other.pk})
    assert list(ClientMapping.objects.order_by("pk").values_list("customer", "is_active")) == [
        (maria.pk, False),
        (other.pk, True),
    ]
    second = ClientMapping.objects.get(is_active=True)
    ana.post(f"{URL}{second.pk}/", {"name": "João da Silva", "document": CPF, "customer": other.pk})
    second.refresh_from_db()
    assert (second.payer_name, second.is_active) == ("João da Silva", True)
    page = ana.post(f"{URL}{second.pk}/rest/", follow=True).content.decode()
    assert f"{URL}{second.pk}/use/" in page  # the way back stands in the toast
    assert shown(ana) == []
    assert sorted(shown(ana, "state=resting")) == ["João Silva", "João da Silva"]
    ana.post(f"{URL}{second.pk}/use/")
    assert shown(ana) == ["João da Silva"]
    assert set(
        AuditLog.objects.filter(table="reconciliation_clientmapping").values_list("action", flat=True)
    ) == {
        "mapping.create",
        "mapping.end",
    }


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"name": "João Silva", "document": "123"}, "não é um CPF nem CNPJ"),
        ({"name": "João"}, "pelo menos duas palavras"),
        ({"name": "João Silva", "customer": ""}, "Escolha o cliente primeiro"),
        ({"name": "João Silva", "customer": "99999999999999999999"}, "Escolha o cliente primeiro"),
    ],
)
def test_what_names_nobody_is_said_and_nothing_typed_is_lost(
    ana: Client, maria: Customer, data: dict[str, str], sentence: str
) -> None:
    answer = ana.post(f"{URL}new/", {"customer": maria.pk} | data)
    html = answer.content.decode()
    assert (answer.status_code, sentence in html, 'role="alert"' in html) == (200, True, True)
    assert data["name"] in html
    assert not ClientMapping.objects.exists()


def test_customers_are_found_with_and_without_script(ana: Client, cast: Cast, maria: Customer) -> None:
    make_customer(cast.boreal, "Maria Alheia")
    assert ana.get(f"{URL}customers/?find=maria").context["found"] == [(maria.pk, "Maria Alves")]
    looked = ana.post(f"{URL}new/", {"look": "1", "find": "maria", "name": "João Silva"})
    assert looked.context["found"] == [(maria.pk, "Maria Alves")]
    assert "João Silva" in looked.content.decode()


def test_the_list_is_searched_and_sorted_and_costs_the_same_at_any_length(
    ana: Client, cast: Cast, maria: Customer
) -> None:
    access, costs = access_of(cast.ana, cast.aurora), []
    for names in (("João Silva",), ("Pedro Prado", "Rita Souza", "Zilda Dias")):
        for name in names:
            services.map_payer(access=access, customer=maria, name=name)
        ana.get(URL)
        with CaptureQueriesContext(connection) as queries:
            ana.get(URL)
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 11
    assert shown(ana, "sort=name") == ["João Silva", "Pedro Prado", "Rita Souza", "Zilda Dias"]
    assert shown(ana, "q=rita") == ["Rita Souza"]
    assert len(shown(ana, "q=maria+alves")) == len(shown(ana, f"customer={maria.pk}")) == 4
    for odd in ("cursor=x", "sort=x", "state=x", "customer=x", "origin=x"):
        assert len(shown(ana, odd)) == 4, odd


def test_who_may(cast: Cast, client: Client, maria: Customer) -> None:
    row = services.map_payer(access=access_of(cast.ana, cast.aurora), customer=maria, name="João Silva")
    client.force_login(make_member(cast.aurora, Role.ANALYST, email="bia@example.com"))
    assert client.get(f"{URL}{row.pk}/").status_code == 200
    client.force_login(cast.bruno)
    html = client.get(URL).content.decode()
    assert ("João Silva" in html, "/rest/" in html) == (True, False)
    assert [client.get(f"{URL}{path}").status_code for path in ("new/", f"{row.pk}/", "customers/")] == [
        403
    ] * 3
    client.force_login(cast.carla)
    for path in (f"{row.pk}/", f"{row.pk}/rest/", f"{row.pk}/use/"):
        assert client.post(f"/t/boreal/reconciliation/payers/{path}").status_code == 404
    theirs = client.post("/t/boreal/reconciliation/payers/new/", {"name": "João Silva", "customer": maria.pk})
    assert "Escolha o cliente primeiro" in theirs.content.decode()
