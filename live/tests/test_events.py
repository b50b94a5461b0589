"""Events: told with the change, numbered at commit, without gap or repeat, whoever writes."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import connection, transaction

from live import events, services
from live.models import Event, Generation
from tenants import services as people
from tenants.models import Membership, Role, Tenant
from tests.factories import make_member, make_tenant, make_user

WRITERS, EACH = 8, 25


def numbers(tenant: Tenant) -> list[int | None]:
    """Return the numbers of the company's events in the order in which they were given."""
    return list(Event.objects.filter(tenant=tenant).order_by("number").values_list("number", flat=True))


@pytest.mark.django_db(transaction=True)
def test_eight_writers_leave_no_gap_and_no_repeat() -> None:
    tenant, other = make_tenant(), make_tenant("Boreal")

    def write(n: int) -> None:
        try:
            for i in range(EACH):
                with transaction.atomic():
                    events.publish("sync", tenant_id=tenant.pk, writer=n, i=i)
                    if i % 5 == 4:  # every fifth change is taken back, with its event
                        transaction.set_rollback(True)
                with transaction.atomic():
                    events.publish("facts_changed", tenant_id=(tenant if i % 2 else other).pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    kept = WRITERS * EACH * 4 // 5
    odd, even = WRITERS * (EACH // 2), WRITERS * (EACH - EACH // 2)
    assert numbers(tenant) == list(range(1, kept + odd + 1))
    assert numbers(other) == list(range(1, even + 1))
    assert Generation.objects.get(tenant=tenant).facts == odd
    assert Generation.objects.get(tenant=other).facts == even
    assert Generation.objects.get(tenant=tenant).event_number == kept + odd


@pytest.mark.django_db(transaction=True)
def test_an_event_commits_with_its_change_and_wakes_who_listens() -> None:
    tenant = make_tenant()
    wanted = connection.get_connection_params()
    address = {key: wanted[key] for key in ("dbname", "user", "password", "host", "port") if wanted.get(key)}
    with psycopg.connect(**address, autocommit=True) as listener:
        listener.execute("LISTEN painel")
        with transaction.atomic():
            events.publish("sync_complete", tenant_id=tenant.pk, run=7)
            assert list(listener.notifies(timeout=0)) == [], "nothing is heard before the commit"
            assert Event.objects.get().number is None
        heard = [note.payload for note in listener.notifies(timeout=5, stop_after=1)]
    assert heard == [f"{tenant.pk}:1"]
    event = Event.objects.get()
    assert (event.number, event.name, event.payload) == (1, "sync_complete", {"run": 7})
    assert Generation.objects.get(tenant=tenant).facts == 1


@pytest.mark.django_db(transaction=True)
def test_published_outside_a_transaction_it_is_one_of_its_own() -> None:
    tenant = make_tenant()
    events.publish("reconciliation_changed", tenant_id=tenant.pk)
    events.publish("sync_complete", tenant_id=tenant.pk, changed=False)
    assert numbers(tenant) == [1, 2]
    row = Generation.objects.get(tenant=tenant)
    assert (row.facts, row.recon, row.settings) == (0, 1, 0), "a run that found nothing drops nothing"


@pytest.mark.django_db(transaction=True)
def test_a_change_that_is_taken_back_was_never_told() -> None:
    tenant = make_tenant()
    with transaction.atomic():
        events.publish("facts_changed", tenant_id=tenant.pk)
        transaction.set_rollback(True)
    assert not Event.objects.exists()
    assert Generation.objects.get(tenant=tenant).facts == 0


def test_an_unknown_event_is_a_mistake(db: None) -> None:
    with pytest.raises(KeyError):
        events.publish("somthing_changed", tenant_id=make_tenant().pk)


@pytest.mark.django_db(transaction=True)
def test_companies_and_people_are_heard_through_triggers() -> None:
    tenant = make_tenant()
    row = Generation.objects.get(tenant=tenant)
    assert (row.facts, row.recon, row.settings, row.event_number) == (0, 0, 0, 0)
    owner = make_member(tenant, Role.OWNER)
    bruno = make_member(tenant, Role.VIEWER)
    people.save_settings(tenant=tenant, changes={"weight_name": 30}, actor=owner)
    people.save_settings(tenant=tenant, changes={"weight_name": 30}, actor=owner)
    people.save_company(tenant=tenant, changes={"name": "Aurora Azul"}, actor=owner)
    people.change_role(membership=Membership.objects.get(user=bruno), role=Role.ANALYST, actor=owner)
    people.revoke_member(membership=Membership.objects.get(user=bruno), actor=owner)
    told = list(
        Event.objects.filter(tenant=tenant).order_by("number").values_list("number", "name", "payload")
    )
    assert [number for number, _name, _payload in told] == list(range(1, len(told) + 1))
    # Who is given another role is also notified.
    assert [(name, payload) for _number, name, payload in told if name != "notification"] == [
        ("membership_changed", {"user": owner.pk, "operation": "INSERT"}),
        ("membership_changed", {"user": bruno.pk, "operation": "INSERT"}),
        ("settings_changed", {}),
        ("settings_changed", {}),
        ("membership_changed", {"user": bruno.pk, "operation": "UPDATE"}),
        ("membership_changed", {"user": bruno.pk, "operation": "DELETE"}),
    ]
    assert Generation.objects.get(tenant=tenant).settings == 2


@pytest.mark.django_db(transaction=True)
def test_a_company_can_be_deleted_with_everything_of_it() -> None:
    tenant = make_tenant()
    Membership.objects.create(tenant=tenant, user=make_user(), role=Role.OWNER)
    events.publish("facts_changed", tenant_id=tenant.pk)
    tenant.delete()
    assert not Event.objects.exists()
    assert not Generation.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_old_events_go_and_numbers_go_on() -> None:
    tenant = make_tenant()
    events.publish("sync", tenant_id=tenant.pk)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE live_event SET created_at = now() - interval '25 hours'")
    events.publish("sync", tenant_id=tenant.pk)
    assert services.prune() == 1
    assert numbers(tenant) == [2]
