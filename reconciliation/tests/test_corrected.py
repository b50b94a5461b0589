"""What people linked by hand becomes a labelled set, of one company only."""

import json
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from reconciliation import services
from reconciliation.corrected import corrected
from tests.cast import Cast
from tests.factories import access_of, make_account, make_customer, make_open_item, make_transaction

pytestmark = pytest.mark.django_db
MARIA = "11144477735"


@pytest.fixture
def linked(cast: Cast):
    """Ana linked one line with two items, one of them in part; Carla did so in another company."""
    found = {}
    for who, tenant in ((cast.ana, cast.aurora), (cast.carla, cast.boreal)):
        customer = make_customer(tenant, "Maria Souza", document=MARIA)
        shown = {"counterparty_name": "MARIA SOUZA", "counterparty_document": MARIA}
        line = make_transaction(make_account(tenant), "100.00", **shown)
        whole = make_open_item(tenant, "70.00", customer=customer)
        part = make_open_item(tenant, "50.00", customer=customer)
        services.refresh(tenant.pk)
        services.link(
            access=access_of(who, tenant), lines=[line.pk], items={whole.pk: None, part.pk: Decimal(30)}
        )
        found[tenant.slug] = (line, whole, part)
    return found


def test_a_link_becomes_a_labelled_case_with_the_items_as_they_were(cast: Cast, linked) -> None:
    line, whole, part = linked[cast.aurora.slug]
    made = corrected(cast.aurora.pk)
    assert [found.id for found in made.lines] == [str(line.pk)]
    assert {item.id: item.amount for item in made.items} == {str(whole.pk): 70, str(part.pk): 50}
    assert {item.document for item in made.items} == {MARIA}
    truth = made.truth[str(line.pk)]
    assert (truth.case, truth.items, truth.lines) == (
        "corrected",
        frozenset({str(whole.pk), str(part.pk)}),
        frozenset({str(line.pk)}),
    )


def test_the_command_judges_them_beside_the_generated_set(cast: Cast, linked) -> None:
    out = StringIO()
    call_command(
        "evaluate_matcher", lines=6000, items=4000, each=0, company=cast.aurora.slug, json=True, stdout=out
    )
    said = json.loads(out.getvalue())
    assert said["cases"]["corrected"]["lines"] == 1
    assert said["missed"] == []
    with pytest.raises(CommandError, match="no company 'nowhere'"):
        call_command("evaluate_matcher", lines=10, items=10, each=0, company="nowhere", stdout=StringIO())
