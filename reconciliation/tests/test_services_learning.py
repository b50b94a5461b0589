"""Learning who pays for whom."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from ledger.models import OpenItem
from reconciliation import services
from reconciliation.models import ClientMapping, Match
from reconciliation.tests.test_services import proposal
from tenants.access import Access
from tenants.models import Tenant
from tests.cast import Cast
from tests.factories import access_of, make_customer

pytestmark = pytest.mark.django_db
JOAO, MARIA = "52998224725", "11144477735"


@pytest.fixture
def ana(cast: Cast) -> Access:
    """Ana inside Aurora."""
    return access_of(cast.ana, cast.aurora)


def paid_by_joao(tenant: Tenant, **line: Any) -> Match:
    """Return a proposal by which João pays for Maria."""
    maria = make_customer(tenant, "Maria Souza", document=MARIA)
    match = proposal(tenant, counterparty_name="João Lima", **{"counterparty_document": JOAO, **line})
    OpenItem.objects.filter(pk=match.items.get().open_item_id).update(customer=maria)
    return match


def counts() -> list[tuple[str, str, int, int]]:
    """Return what was learned."""
    return list(ClientMapping.objects.values_list("payer_document", "name_key", "right", "wrong"))


def test_who_pays_for_whom_is_learned_and_unlearned(cast: Cast, ana: Access) -> None:
    match = paid_by_joao(cast.aurora)
    services.confirm(access=ana, matches=[match.pk])
    assert counts() == [(JOAO, "", 1, 0)]
    services.undo(access=ana, matches=[match.pk])
    assert counts() == [(JOAO, "", 0, 1)]


def test_without_a_document_the_name_is_learned(cast: Cast, ana: Access) -> None:
    match = paid_by_joao(cast.aurora, counterparty_document="***982247**")
    services.confirm(access=ana, matches=[match.pk])
    assert counts() == [("", "JOAO LIMA", 1, 0)]


def test_who_pays_for_oneself_teaches_nothing(cast: Cast, ana: Access) -> None:
    match = paid_by_joao(cast.aurora, counterparty_document=MARIA)
    services.confirm(access=ana, matches=[match.pk])
    assert counts() == []


@pytest.mark.parametrize(
    ("document", "name", "learned"),
    [
        ("", "MARIA APARECIDA SOU", []),  # cut by the bank
        ("", "Maria A. Souza", []),
        ("***444777**", "M A S", []),  # what the document shows is Maria's
        ("", "Maria Aparecida Lima", ["MARIA APARECIDA LIMA"]),
        ("", "Maria Souza Neto", ["MARIA SOUZA NETO"]),
        ("", "Ana Souza", ["ANA SOUZA"]),
    ],
)
def test_how_a_bank_writes_the_customers_own_name_is_no_other_payer(
    cast: Cast, ana: Access, document: str, name: str, learned: list[str]
) -> None:
    maria = make_customer(cast.aurora, "Maria Aparecida de Souza", document=MARIA)
    match = proposal(cast.aurora, counterparty_name=name, counterparty_document=document)
    OpenItem.objects.filter(pk=match.items.get().open_item_id).update(customer=maria)
    services.confirm(access=ana, matches=[match.pk])
    assert list(ClientMapping.objects.values_list("name_key", flat=True)) == learned


def test_a_rejection_counts_against_what_was_learned(cast: Cast, ana: Access) -> None:
    match = paid_by_joao(cast.aurora)
    customer = match.items.get().open_item.customer
    mapping = services.map_payer(access=ana, customer=customer, document="529.982.247-25", name="João Lima")
    services.reject(access=ana, matches=[match.pk])
    assert counts() == [(JOAO, "", 1, 1)]
    services.forget_payer(access=ana, mapping=mapping)
    mapping.refresh_from_db()
    assert not mapping.is_active
    with pytest.raises(ValidationError):
        services.map_payer(access=ana, customer=customer, name="Pix")
