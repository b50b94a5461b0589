"""Settings of a company as people see and change them."""

from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ledger import edits
from live import cache
from tenants import audit, services, zones
from tenants.models import ApiKey, AuditLog, Membership, Role, Tenant, TenantSettings, User
from tests import factories
from tests.cast import Cast


def url(name: str, **kwargs: object) -> str:
    return reverse(f"tenants:{name}", kwargs={"slug": "aurora", **kwargs})


@pytest.mark.parametrize(
    ("name", "bruno"), [("settings", 200), ("people", 200), ("keys", 403), ("audit", 403)]
)
def test_who_may_open_what(client, cast: Cast, name: str, bruno: int) -> None:
    for person, status in ((cast.ana, 200), (cast.bruno, bruno), (cast.carla, 404)):
        client.force_login(person)
        assert client.get(url(name)).status_code == status


def test_matching_is_saved_and_audited(client, cast: Cast) -> None:
    client.force_login(cast.ana)
    page = client.get(url("settings"))
    data = {field.html_name: field.value() for field in page.context["matching"] if field.value() is not None}
    client.post(url("settings"), {**data, "weight_name": "30", "matching": "1"})
    assert TenantSettings.objects.get(tenant=cast.aurora).weight_name == 30
    assert AuditLog.objects.get(tenant=cast.aurora).after == {"weight_name": 30}


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("11.222.333/0001-81", "11222333000181"),
        ("111.444.777-35", "11144477735"),
        ("", ""),
        ("11.222.333/0001-82", "old"),
        ("1" * 14, "old"),
    ],
)
def test_a_document_is_taken_as_people_write_it_and_a_wrong_one_is_refused(
    client, cast: Cast, typed: str, kept: str
) -> None:
    Tenant.objects.filter(pk=cast.aurora.pk).update(document="old")
    client.force_login(cast.ana)
    client.post(
        url("settings"),
        {"name": "Aurora", "document": typed, "time_zone": "America/Sao_Paulo", "company": "1"},
    )
    cast.aurora.refresh_from_db()
    assert cast.aurora.document == kept


def test_bruno_sees_settings_and_cannot_save_them(client, cast: Cast) -> None:
    client.force_login(cast.bruno)
    assert client.post(url("settings"), {"name": "Mine", "company": "1"}).status_code == 403


def test_an_owner_adds_changes_and_revokes_people(client, cast: Cast) -> None:
    client.force_login(cast.ana)
    client.post(url("people"), {"email": "nova@example.com", "role": "analyst"})
    member = Membership.objects.get(tenant=cast.aurora, user__email="nova@example.com")
    client.post(url("change_member", pk=member.pk), {"role": "manager"})
    member.refresh_from_db()
    assert member.role == Role.MANAGER
    client.post(url("change_member", pk=member.pk), {"revoke": "1"})
    assert not Membership.objects.filter(pk=member.pk).exists()


def test_the_last_owner_stays(client, cast: Cast) -> None:
    client.force_login(cast.ana)
    own = Membership.objects.get(tenant=cast.aurora, user=cast.ana)
    client.post(url("change_member", pk=own.pk), {"revoke": "1"})
    assert Membership.objects.filter(pk=own.pk).exists()


def test_a_key_is_shown_once_and_only_its_hash_is_kept(client, cast: Cast) -> None:
    client.force_login(cast.ana)
    made = client.post(url("keys"), {"name": "Robot", "scopes": ["read"]})
    text = made.context["shown"]
    key = ApiKey.objects.get(tenant=cast.aurora)
    assert made["Cache-Control"] == "no-store"
    assert text in made.content.decode()
    assert text not in client.get(url("keys")).content.decode()
    assert text.rsplit("_", 1)[1] not in key.secret_hash
    client.post(url("revoke_key", pk=key.pk))
    key.refresh_from_db()
    assert key.revoked_at is not None


def test_another_company_s_member_and_key_are_not_found(client, cast: Cast) -> None:
    theirs = Membership.objects.get(tenant=cast.boreal)
    client.force_login(cast.ana)
    assert client.post(url("change_member", pk=theirs.pk), {"revoke": "1"}).status_code == 404
    assert Membership.objects.filter(pk=theirs.pk).exists()


def test_the_audit_log_speaks_of_names_and_leads_to_rows(client, cast: Cast) -> None:
    row = factories.make_transaction(factories.make_account(cast.aurora), counterparty_name="MARIA SOUZA")
    access = factories.access_of(cast.ana, cast.aurora)
    edits.edit(access=access, row=row, fields={"category_override": "Frete", "ignored": True})
    client.force_login(cast.ana)
    member = Membership.objects.get(tenant=cast.aurora, user=cast.bruno)
    client.post(url("change_member", pk=member.pk), {"role": "manager"})
    role, edit = client.get(url("audit")).context["entries"]
    assert (edit.row_name, edit.url) == ("MARIA SOUZA", f"/t/aurora/list/transactions/{row.pk}/")
    assert {(one.label, one.before, one.after) for one in edit.changes} == {
        ("Categoria corrigida", "", "Frete"),
        ("Ignorado", "não", "sim"),
    }
    assert [(one.label, one.before, one.after) for one in role.changes] == [("Papel", "só leitura", "gestor")]
    assert (role.row_name, role.url) == ("", "")
    html = client.get(url("audit")).content.decode()
    assert "category_override" not in html
    assert "tenants_membership" not in html


def test_the_audit_log_keeps_what_no_column_explains(client, cast: Cast) -> None:
    after = {"weight_name": 30, "amount_tolerance": "5.00", "odd_thing": [1, "a"]}
    settings = TenantSettings.objects.get(tenant=cast.aurora)
    audit.record(tenant=cast.aurora, action="change", row=settings, actor=cast.ana, after=after)
    client.force_login(cast.ana)
    (told,) = client.get(url("audit")).context["entries"]
    assert {one.label: one.after for one in told.changes} == {
        "Peso do nome": "30",
        "Tolerância de valor": "5,00",
        "Odd thing": "1, a",
    }


def test_the_audit_log_costs_as_many_queries_for_many_rows(client, cast: Cast) -> None:
    account = factories.make_account(cast.aurora)
    access = factories.access_of(cast.ana, cast.aurora)
    client.force_login(cast.ana)

    def queries_after(rows: int) -> int:
        for _ in range(rows):
            edits.edit(access=access, row=factories.make_transaction(account), fields={"note": "visto"})
        cache.forget_generations()
        client.get(url("audit"))
        cache.forget_generations()
        with CaptureQueriesContext(connection) as seen:
            client.get(url("audit"))
        return len(seen)

    assert queries_after(1) == queries_after(20) <= 9


def test_search_engines_are_sent_away_and_the_icon_is_found(client) -> None:
    robots = client.get("/robots.txt")
    assert (robots.status_code, robots.content.decode()) == (200, "User-agent: *\nDisallow: /\n")
    assert robots["Content-Type"].startswith("text/plain")
    assert client.get("/favicon.ico")["Location"].endswith("img/icon.svg")


def test_a_title_says_which_company_and_revoking_asks_first(client, cast: Cast) -> None:
    client.force_login(cast.ana)
    client.post(url("keys"), {"name": "Robot", "scopes": ["read"]})
    html = client.get(url("keys")).content.decode()
    assert "<title>Chaves de API · Aurora · Painel</title>" in html
    key = ApiKey.objects.get(tenant=cast.aurora)
    assert f'data-dialog-open="revoke-{key.pk}"' in html
    assert f'<dialog class="dialog" id="revoke-{key.pk}"' in html
    people = client.get(url("people")).content.decode()
    assert people.count('<dialog class="dialog" id="revoke-') == 2


@pytest.mark.parametrize("name", ["Aurora\r\nBcc: x@example.com", "Aur\x00ora", "A\u2028B", "\u202earoruA"])
def test_a_name_that_would_break_a_mail_header_is_refused(client, cast: Cast, name: str) -> None:
    client.force_login(cast.ana)
    data = {"name": name, "document": "", "time_zone": "America/Sao_Paulo", "company": "1"}
    assert client.post(url("settings"), data).status_code == 200
    cast.aurora.refresh_from_db()
    assert cast.aurora.name == "Aurora"
    for broken in ({"name": name}, {"name": "Nova", "slug": "nova\n"}):
        with pytest.raises(ValidationError):
            services.create_tenant(**broken)
    with pytest.raises(ValidationError):
        services.create_user(email="novo@example.com", name=name)


def test_a_time_zone_is_chosen_and_not_typed(client, cast: Cast) -> None:
    client.force_login(cast.ana)
    html = client.get(url("settings")).content.decode()
    assert '<option value="America/Manaus">Manaus (GMT−4)</option>' in html
    assert '<option value="Asia/Tokyo">Tóquio (GMT+9)</option>' in html
    assert '<option value="Asia/Kolkata">Kolkata (GMT+5:30)</option>' in html
    assert html.count("Buenos Aires (GMT−3)") == 1  # of two names for one city
    data = {"name": "Aurora", "document": "", "company": "1"}
    client.post(url("settings"), {**data, "time_zone": "America/Manaus"})
    client.post(url("settings"), {**data, "time_zone": "Mars/Olympus"})
    cast.aurora.refresh_from_db()
    assert cast.aurora.time_zone == "America/Manaus"


def test_roles_say_what_they_may_where_they_are_chosen(client, cast: Cast) -> None:
    client.force_login(cast.ana)
    html = client.get(url("people")).content.decode()
    assert "vê tudo e exporta, não altera nada" in html
    assert 'value="approver_a1"' not in html
    approver = factories.make_member(cast.aurora, Role.APPROVER_A1)
    html = client.get(url("people")).content.decode()
    assert html.count('<option value="approver_a1" selected>') == 1
    client.force_login(approver)
    assert "vê tudo e exporta, não altera nada" in client.get(url("people")).content.decode()


def test_a_zone_that_is_chosen_is_offered_under_its_own_name() -> None:
    offered = dict(zones.choices("America/Buenos_Aires")[1][1])
    assert offered["America/Buenos_Aires"] == "Buenos Aires (GMT−3)"
    assert "America/Argentina/Buenos_Aires" not in offered


def test_an_invited_person_is_shown_as_invited(client: Any, cast: Cast) -> None:
    client.force_login(cast.ana)
    assert (
        client.get(url("people")).content.decode().count("convite enviado") == 1
    )  # Bruno's, who never came in
    User.objects.filter(pk=cast.bruno.pk).update(password=make_password("x"))
    assert "convite enviado" not in client.get(url("people")).content.decode()


def test_a_form_without_its_token_says_what_to_do(cast: Cast) -> None:
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(cast.ana)
    answer = careful.post(url("people"), {})
    assert (answer.status_code, "Este formulário ficou velho" in answer.content.decode()) == (403, True)
    told = careful.post("/api/settings", "{}", content_type="application/json")
    assert (told.status_code, told["Content-Type"]) == (403, "application/json")
