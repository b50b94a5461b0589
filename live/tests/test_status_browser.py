"""The status page in a real browser, with things broken: readable for everybody, and true while one looks."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from config.tests import browser
from live import events, situation
from live.models import Alert, PerformanceMetric, Process
from sync.models import Connection
from tenants.models import Role, Tenant
from tests import factories
from tests.test_pages_browser import EMAIL

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def aurora(settings) -> Tenant:
    """A company where much is wrong, and Ana, who owns it and runs the installation."""
    settings.ADMIN_SECOND_FACTOR = False
    situation.count_statements()
    tenant = factories.make_tenant("Aurora")
    person = factories.make_user(EMAIL, password=factories.PASSWORD, is_staff=True)
    factories.make_member(tenant, Role.OWNER, user=person)
    state = Connection.State.NEEDS_PERSON
    factories.make_connection(tenant, "advbox", name="Advbox", state=state, state_reason="A chave mudou.")
    old = timezone.now() - timedelta(days=2)
    factories.make_connection(tenant, name="ERP", last_good_at=old, failures=4, last_error="Sem resposta.")
    params = {"text": "No worker is running: nothing new is being read.", "values": {}}
    Alert.objects.create(code="NO_WORKER", severity="critical", is_pending=False, params=params)
    Alert.objects.create(
        tenant=tenant,
        code="STUCK_RUN",
        severity="warning",
        is_pending=False,
        closed_at=timezone.now(),
        params=params,
    )
    PerformanceMetric.objects.create(tenant=tenant, metric_type="event_to_screen_ms", metric_value=180)
    gauges = {"memory_bytes": 190_000_000, "connections": 3}
    Process.objects.create(kind="web", host="painel-1", pid=11, counters={"gauges": gauges})
    return tenant


@pytest.mark.parametrize(("width", "theme"), [(390, "light"), (1440, "dark")])
def test_everything_broken_is_accessible_and_fits(visit, door, aurora, width: int, theme: str) -> None:
    with visit("about:blank", width=width, theme=theme) as seen:
        browser.sign_in(seen.page, door.url)
        browser.go(seen.page, f"{door.url}/t/aurora/status/")
        expect(seen.page.get_by_role("heading", name="3 coisas precisam de atenção")).to_be_visible()
        assert seen.axe() == []
        assert not seen.page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert seen.complaints == []


def test_it_stays_true_while_one_looks(visit, door, aurora) -> None:
    with visit("about:blank") as seen:
        browser.sign_in(seen.page, door.url)
        browser.go(seen.page, f"{door.url}/t/aurora/status/")
        expect(seen.page.locator("[data-live-dot]:visible")).to_have_attribute("data-state", "live")
        Connection.objects.update(
            state=Connection.State.ACTIVE, failures=0, last_error="", last_good_at=timezone.now()
        )
        Alert.objects.update(closed_at=timezone.now())
        events.publish("sync_complete", tenant_id=aurora.pk, changed=False)
        expect(seen.page.get_by_text("Está tudo em dia")).to_be_visible()


def test_quiet_for_a_day(visit, door, aurora) -> None:
    with visit("about:blank") as seen:
        browser.sign_in(seen.page, door.url)
        browser.go(seen.page, f"{door.url}/t/aurora/status/")
        seen.page.get_by_role("button", name="Silenciar por um dia").click()
        expect(seen.page.get_by_role("button", name="Voltar a avisar")).to_be_visible()
