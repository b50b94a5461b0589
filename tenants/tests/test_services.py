"""What is done to companies and people, and that each deed is in the audit log."""

import re
from decimal import Decimal
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.test import Client

from live.models import Generation
from tenants import invitations, services
from tenants.models import AuditLog, Membership, Role, Tenant, TenantSettings, User
from tests.api import signed_in
from tests.cast import Cast
from tests.factories import PASSWORD, access_of, make_member, make_tenant, make_user

Entry = tuple[str, str, Any, Any]


def entries(tenant: Tenant | None = None) -> list[Entry]:
    """Return what the audit log says, oldest first: action, who, before, after."""
    rows = AuditLog.objects.filter(tenant=tenant).order_by("id")
    return [(row.action, row.actor_name, row.before, row.after) for row in rows]


def test_a_company_comes_with_its_settings_and_generation(cast: Cast) -> None:
    tenant = services.create_tenant(name=" Pet Feliz Ltda ", document="12.345.678/0001-95", actor=cast.ana)
    assert (tenant.slug, tenant.name, tenant.document) == (
        "pet-feliz-ltda",
        "Pet Feliz Ltda",
        "12345678000195",
    )
    settings = TenantSettings.objects.get(tenant=tenant)
    weights = [
        settings.weight_document, settings.weight_name, settings.weight_amount, settings.weight_date, settings.weight_contact,
    ]  # fmt: skip
    assert (weights, settings.amount_tolerance, settings.preferences) == ([40, 25, 20, 10, 5], Decimal(0), {})
    assert Generation.objects.filter(tenant=tenant, facts=0).exists()
    assert entries(tenant) == [
        ("create", "ana@example.com", None, {"name": "Pet Feliz Ltda", "slug": "pet-feliz-ltda"})
    ]


@pytest.mark.parametrize("slug", ["aurora", "api", "Grande", "-a", "a_b"])
def test_a_slug_that_cannot_be_is_refused(cast: Cast, slug: str) -> None:
    with pytest.raises(ValidationError) as refused:
        services.create_tenant(name="Outra", slug=slug)
    assert list(refused.value.message_dict) == ["slug"]


def test_settings_change_what_changed_and_nothing_else(cast: Cast) -> None:
    access = access_of(cast.ana, cast.aurora)
    changes = {"weight_name": 30, "date_tolerance_days": 5, "amount_tolerance": Decimal("0.05")}
    saved = services.save_settings(tenant=cast.aurora, changes=changes, actor=access)
    assert (saved.weight_name, saved.amount_tolerance) == (30, Decimal("0.05"))
    before = {"weight_name": 25, "amount_tolerance": "0.00"}
    after = {"weight_name": 30, "amount_tolerance": "0.05"}
    assert entries(cast.aurora) == [("change", "ana@example.com", before, after)]
    services.save_settings(tenant=cast.aurora, changes=changes, actor=access)
    assert len(entries(cast.aurora)) == 1, "what nobody changed is not audited"
    for bad in (
        {"weight_name": 101},
        {"amount_tolerance": Decimal(-1)},
        {"tenant_id": 1},
        {"date_tolerance_days": None},
    ):
        with pytest.raises(ValidationError):
            services.save_settings(tenant=cast.aurora, changes=bad, actor=access)
    assert TenantSettings.objects.get(tenant=cast.boreal).weight_name == 25


def test_an_invited_person_sets_a_password_and_comes_in(
    cast: Cast, mailoutbox: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        page = signed_in(cast.ana).post(
            "/t/aurora/settings/people/", {"email": " Nova@Example.com ", "role": Role.ANALYST}
        )
    assert page.status_code == 302
    user = User.objects.get(email="nova@example.com")
    assert not user.has_usable_password()
    assert EmailAddress.objects.filter(user=user, verified=True, primary=True).count() == 1
    (mail,) = mailoutbox
    assert (mail.to, mail.subject) == (["nova@example.com"], "Seu acesso a Aurora")
    way = re.search(r"http://testserver(/accounts/password/reset/key/\S+)", mail.body)
    assert way is not None
    client = Client()
    form = client.get(way.group(1), follow=True).redirect_chain[-1][0]
    client.post(form, {"password1": PASSWORD, "password2": PASSWORD})
    entered = client.post("/accounts/login/", {"login": "nova@example.com", "password": PASSWORD})
    assert (entered.status_code, entered["Location"]) == (302, "/")
    assert client.get("/")["Location"] == "/t/aurora/"
    assert client.get("/t/aurora/settings/").status_code == 200
    assert User.objects.get(pk=user.pk).password.startswith("argon2$argon2id$")
    assert Client().get(way.group(1), follow=True).context["token_fail"], "the link works once"


def test_who_has_a_password_gets_no_reset_link(
    cast: Cast, mailoutbox: Any, django_capture_on_commit_callbacks: Any
) -> None:
    user = make_user("velho@example.com", password=PASSWORD)
    with django_capture_on_commit_callbacks(execute=True):
        membership = services.add_member(
            tenant=cast.aurora, email="VELHO@example.com", role=Role.VIEWER, actor=cast.ana
        )
        invitations.send(user=membership.user, tenant=cast.aurora, root="https://painel.example/")
    assert membership.user == user
    assert "https://painel.example/t/aurora/" in mailoutbox[0].body
    assert "password/reset" not in mailoutbox[0].body
    with pytest.raises(services.AlreadyMember):
        services.add_member(tenant=cast.aurora, email=user.email, role=Role.OWNER, actor=cast.ana)
    with pytest.raises(ValidationError):
        services.add_member(tenant=cast.aurora, email="x@example.com", role="emperor", actor=cast.ana)
    assert not User.objects.filter(email="x@example.com").exists(), "nothing is left of what failed"


def test_a_company_keeps_an_owner(cast: Cast) -> None:
    ana = Membership.objects.get(user=cast.ana)
    for act in (
        lambda: services.change_role(membership=ana, role=Role.VIEWER, actor=cast.ana),
        lambda: services.revoke_member(membership=ana, actor=cast.ana),
    ):
        with pytest.raises(services.LastOwner):
            act()
    second = make_member(cast.aurora, Role.OWNER, user=make_user(is_active=False))
    with pytest.raises(services.LastOwner):
        services.revoke_member(membership=ana, actor=cast.ana)
    User.objects.filter(pk=second.pk).update(is_active=True)
    services.change_role(membership=ana, role=Role.MANAGER, actor=second)
    assert entries(cast.aurora)[-1] == ("change_role", str(second), {"role": "owner"}, {"role": "manager"})
    services.revoke_member(membership=ana, actor=second)
    assert entries(cast.aurora)[-1][2] == {"user": "ana@example.com", "role": "manager"}
    assert not Membership.objects.filter(user=cast.ana).exists()


def test_the_audit_log_knows_the_request_and_outlives_the_person(cast: Cast) -> None:
    signed_in(cast.ana).post("/api/settings", {"weight_date": 12}, content_type="application/json")
    entry = AuditLog.objects.get(tenant=cast.aurora)
    assert (entry.actor, entry.table) == (cast.ana, "tenants_tenantsettings")
    assert re.fullmatch(r"[0-9a-f]{32}", entry.request_id), "the id that the log lines of the request bear"
    cast.ana.delete()
    entry.refresh_from_db()
    assert (entry.actor, entry.actor_name) == (None, "ana@example.com")


def test_a_closed_company_is_nowhere(cast: Cast) -> None:
    client = signed_in(cast.ana)
    services.set_active(tenant=cast.aurora, active=False, actor=None)
    services.set_active(tenant=cast.aurora, active=False, actor=None)
    assert client.get("/t/aurora/settings/").status_code == 404
    assert client.get("/api/settings").status_code == 404
    assert client.get("/").status_code == 200, "a friendly dead end"
    assert entries(cast.aurora) == [("close", "system", None, None)]


def test_the_start_page_leads_on(cast: Cast) -> None:
    assert Client().get("/")["Location"] == "/accounts/login/?next=/"
    assert signed_in(cast.ana).get("/")["Location"] == "/t/aurora/"
    make_member(cast.boreal, user=cast.ana)
    page = signed_in(cast.ana).get("/").content.decode()
    assert 'href="/t/aurora/"' in page
    assert 'href="/t/boreal/"' in page
    assert "/t/" not in signed_in(make_user()).get("/").content.decode()


def test_language_and_theme_are_remembered(cast: Cast) -> None:
    client = signed_in(cast.ana)
    assert 'lang="pt-br"' in client.get("/t/aurora/settings/").content.decode()
    changed = client.post("/language", {"language": "en", "next": "/t/aurora/settings/"})
    assert (changed.status_code, changed["Location"]) == (302, "/t/aurora/settings/")
    assert changed.cookies["django_language"].value == "en"
    elsewhere = signed_in(cast.ana).get("/t/aurora/settings/")
    assert 'lang="en"' in elsewhere.content.decode(), "the account remembers, not only the browser"
    away = client.post("/language", {"language": "pt-br", "next": "https://evil.example/"})
    assert away["Location"] == "/"
    assert client.post("/language", {"language": "xx"}).status_code == 400
    assert Client().post("/language", {"language": "en", "next": "/accounts/login/"}).status_code == 302
    assert client.post("/preferences", {"theme": "dark", "name": "Ana"}).json() == {
        "name": "Ana",
        "language": "pt-br",
        "theme": "dark",
    }
    assert client.post("/preferences", {"theme": "neon"}).status_code == 400
    assert User.objects.get(pk=cast.ana.pk).theme == "dark"
    assert Client().post("/preferences", {"theme": "dark"}).status_code == 302


def test_several_tenants_are_made_one_by_one(db: None) -> None:
    """The database itself makes what belongs to a company, also for rows that no service made."""
    tenants = Tenant.objects.bulk_create([Tenant(name="A", slug="a"), Tenant(name="B", slug="b")])
    assert TenantSettings.objects.filter(tenant__in=tenants).count() == 2
    assert Generation.objects.filter(tenant__in=tenants).count() == 2
    assert make_tenant("C").settings.weight_document == 40
