"""What staff does in the console with an upstream behind it: a connection is tried, a record is looked at beside what became of it."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from sync.models import RawRecord
from sync.providers.gestaoclick.tests import samples
from sync.tests.support import connect, tenant_of
from tests.api import signed_in
from tests.factories import make_customer, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(settings: Any) -> Client:
    """Staff, where no second factor is asked for."""
    settings.ADMIN_SECOND_FACTOR = False
    return signed_in(make_user("staff@example.com", is_staff=True))


def test_a_connection_is_tried_and_a_refusal_is_said(sandbox, staff: Client) -> None:
    connection = connect(sandbox, tenant_of(sandbox, "clinic"), "gestaoclick")
    address = reverse("admin:sync_connection_changelist")
    chosen = {"action": "test", "_selected_action": [connection.pk]}
    assert "Feito: 1" in staff.post(address, chosen, follow=True).content.decode()
    assert sum(sandbox.requests.values()) == 1
    connection.set_credentials({"access_token": "wrong", "secret_access_token": "wrong"})
    connection.save()
    said = staff.post(address, chosen, follow=True).content.decode()
    assert "Feito" not in said
    assert f"{connection.tenant} · {connection}: " in said


def test_a_record_stands_beside_what_became_of_it(sandbox, staff: Client) -> None:
    tenant = tenant_of(sandbox, "clinic")
    connection = connect(sandbox, tenant, "gestaoclick")
    kept: dict[str, Any] = {
        "tenant": tenant,
        "connection": connection,
        "kind": "customer",
        "content_hash": b"x",
    }
    raw = RawRecord.objects.create(
        **kept, external_id="33120", payload=samples.customer(nome="Maria do Raio")
    )
    fact = make_customer(tenant, "Maria de Ontem", source=connection.source, external_id="33120")
    page = staff.get(reverse("admin:sync_rawrecord_change", args=[raw.pk])).content.decode()
    assert "Maria do Raio" in page, "what upstream said"
    way = re.escape(reverse("admin:ledger_customer_change", args=[fact.pk]))
    assert re.search(rf'<a [^>]*href="{way}">{fact.pk}</a> Maria de Ontem', page), "what the ledger holds"
    alone = RawRecord.objects.create(**kept, external_id="8", payload=samples.customer(id="8"))
    page = staff.get(reverse("admin:sync_rawrecord_change", args=[alone.pk])).content.decode()
    assert "nada nos dados financeiros" in page
    assert sandbox.requests == {}
