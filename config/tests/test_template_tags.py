"""Figures in the reader's language and time zone, and the helpers of the page frame."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.http import HttpRequest
from django.template import Context, Template
from django.test import RequestFactory
from django.urls import resolve
from django.utils import timezone, translation

from config import navigation
from config.templatetags import shell
from live import cache, events
from tenants.models import Tenant
from tests.factories import access_of, make_account, make_member, make_tenant, make_transaction


def rendered(source: str, path: str = "/", **values: Any) -> str:
    """Return what a template with all tags prints, with non-breaking spaces as ordinary ones."""
    context = Context({"request": RequestFactory().get(path), **values})
    return Template("{% load numbers shell %}" + source).render(context).replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("source", "pt", "en"),
    [
        ("{{ v|money }}", "−R$ 1.234,50", "−R$1,234.50"),
        ('{{ v|money:"USD" }}', "−US$ 1.234,50", "−$1,234.50"),
        ("{{ v|money_short }}", "−R$ 1,2 mil", "−R$1.2K"),
        ("{{ v|number:2 }}", "−1.234,50", "−1,234.50"),
        ("{{ r|percent }}", "12,3%", "12.3%"),
        ("{{ r|delta }}", "+12,3%", "+12.3%"),
        ("{{ ms|duration }}", "180 ms", "180 ms"),
        ("{{ n|duration }} {{ n|size }}", "– –", "– –"),
        ("{{ bytes|size }}", "12,3 MB", "12.3 MB"),
        ("{{ d|day }}", "21/11/2026", "Nov 21, 2026"),
        ("{{ d|month }}", "novembro de 2026", "November 2026"),
        ("{{ n|money }}{{ n|percent }}{{ n|day }}{{ n|moment }}{{ n|ago }}{{ n|number }}", "–" * 6, "–" * 6),
    ],
)
def test_numbers_follow_the_language(source, pt, en):
    values: dict[str, Any] = {
        "v": Decimal("-1234.5"),
        "r": Decimal("0.1234"),
        "d": date(2026, 11, 21),
        "n": None,
        "ms": 180.4,
        "bytes": 12_900_000,
    }
    with translation.override("pt-br"):
        assert rendered(source, **values) == pt
    with translation.override("en"):
        assert rendered(source, **values) == en


def test_an_amount_in_a_table_carries_its_plain_value_and_its_sign():
    assert (
        rendered("{{ v|amount }}", v=Decimal("-12.50"))
        == '<data class="num neg" value="-12.50">−R$ 12,50</data>'
    )
    assert (
        rendered("{{ v|amount }}", v=Decimal("1E+3")) == '<data class="num" value="1000">R$ 1.000,00</data>'
    )
    assert rendered("{{ v|amount }}", v=None) == '<span class="num unknown">–</span>'


def test_instants_are_shown_on_the_clock_of_the_tenant():
    instant = datetime(2026, 11, 22, 2, 5, tzinfo=UTC)
    with timezone.override(ZoneInfo("America/Sao_Paulo")):
        assert (
            rendered("{{ t|moment }} {{ t|day }} {{ t|clock }}", t=instant)
            == "21/11/2026 23h05 21/11/2026 23h05"
        )
    with timezone.override(ZoneInfo("Asia/Tokyo")):
        assert rendered("{{ t|moment }}", t=instant) == "22/11/2026 11h05"


def test_a_relative_time_says_the_instant_to_scripts_and_on_hover():
    instant = timezone.now() - timedelta(minutes=3, seconds=5)
    text = rendered("{{ t|ago }}", t=instant)
    assert f'datetime="{instant.isoformat()}"' in text.replace("&#x27;", "'")
    assert "data-ago" in text
    assert text.endswith(">há 3 min</time>")


def test_a_query_is_changed_name_by_name():
    path = "/x?sort=-date&account=1&cursor=abc"
    assert rendered('{% query "cursor" None %}', path) == "?sort=-date&amp;account=1"
    assert rendered('{% query "sort" "amount" "cursor" "" %}', path) == "?account=1&amp;sort=amount"
    assert rendered('{% query "a" None %}', "/x") == "?"


def test_a_get_form_keeps_the_other_names_and_escapes_them():
    text = rendered('{% query_fields "q" %}', "/x?q=1&a=%22%3E%3Cb%3E&a=2")
    assert (
        text
        == '<input type="hidden" name="a" value="&quot;&gt;&lt;b&gt;"><input type="hidden" name="a" value="2">'
    )


@pytest.mark.parametrize(
    ("value", "whole", "share"),
    [
        (Decimal(42), Decimal(100), "42.0%"),
        (None, Decimal(1), "0%"),
        (Decimal(5), Decimal(0), "0%"),
        (Decimal(-7), Decimal(5), "100.0%"),
    ],
)
def test_a_share_never_leaves_its_bar(value, whole, share):
    assert shell.share_of(value, whole) == share


def test_a_control_has_the_class_and_points_at_its_error():
    class Form(forms.Form):
        name = forms.CharField(help_text="help")

    form = Form({})
    assert not form.is_valid()
    control = shell.control(form["name"])
    assert 'class="input"' in control
    assert 'aria-describedby="id_name_helptext id_name_error"' in control


def test_icons_are_inline_silent_and_sized_by_class():
    drawn = shell.icon("check", "large")
    assert drawn.startswith("<svg")
    assert 'class="icon large"' in drawn
    assert 'aria-hidden="true"' in drawn


def test_every_icon_of_the_navigation_exists():
    assert all(shell.icon(entry.icon) for _, entries in navigation.GROUPS for entry in entries)


@pytest.mark.django_db
def test_navigation_leaves_out_places_that_do_not_exist(monkeypatch):
    entries = (
        navigation.Entry("account_login", "Entrar", "x"),
        navigation.Entry("tenants:start", "Início", "x"),
    )
    monkeypatch.setattr(navigation, "GROUPS", (("", entries),))
    tenant = make_tenant("Aurora")
    # Neither of these two takes a company, so neither is a place inside one.
    assert navigation.groups(asked(), access_of(make_member(tenant), tenant)) == []


def asked(path: str = "/") -> HttpRequest:
    """Return a request with the page that it asks for."""
    request = RequestFactory().get(path)
    request.resolver_match = resolve(path)
    return request


def places(role: str, path: str = "/t/aurora/") -> dict[str, bool]:
    """Return the places that Aurora's navigation offers a person, each with whether it is lit."""
    tenant = Tenant.objects.get(slug="aurora")
    groups = navigation.groups(asked(path), access_of(make_member(tenant, role), tenant))
    return {link.url.removeprefix("/t/aurora/"): link.active for _, links in groups for link in links}


@pytest.mark.django_db
def test_a_company_without_sales_is_not_offered_them_and_one_without_anything_everything() -> None:
    aurora = make_tenant("Aurora")
    assert {"sales/", "products/", "customers/", "transactions/", "open-items/"} <= set(places("owner"))
    make_transaction(make_account(aurora))
    events.publish("facts_changed", tenant_id=aurora.pk)
    cache.forget_generations()
    assert {"transactions/"} == set(places("owner")) & {
        "sales/", "products/", "customers/", "transactions/", "open-items/"
    }  # fmt: skip
    assert places("owner", "/t/aurora/sales/")["sales/"]


@pytest.mark.django_db
def test_navigation_offers_nobody_what_they_may_not_open_and_lights_the_place_of_a_page() -> None:
    make_tenant("Aurora")
    assert "import/" not in places("viewer")
    assert "import/" in places("manager")
    assert places("owner", "/t/aurora/settings/people/")["settings/"]
    assert places("owner", "/t/aurora/list/sales/7/")["sales/"]
    assert sum(places("owner", "/t/aurora/list/sales/7/").values()) == 1


def test_the_palette_gets_plain_data():
    links = [navigation.Link("Vendas", "/t/a/sales", "x", "Negócio", True, False)]
    assert json.loads(json.dumps(shell.palette_items([("Negócio", links)]))) == [
        {"label": "Vendas", "url": "/t/a/sales", "group": "Negócio"}
    ]


@pytest.mark.django_db
def test_the_switcher_offers_only_the_persons_own_active_companies():
    mine, closed, _other = (
        make_tenant("Aurora"),
        make_tenant("Fechada", is_active=False),
        make_tenant("Boreal"),
    )
    ana = make_member(mine)
    make_member(closed, user=ana)
    request = SimpleNamespace(user=ana)
    assert shell.companies(Context({"request": request})) == [mine]


def test_cells_take_the_head_of_their_column_unless_they_say_otherwise() -> None:
    head = '<th scope="col" class="cell-select"><input></th><th><a>Due <svg></svg></a></th><th>Who</th><th>A "b"</th>'
    rows = '<tr><td></td><td class="num">1</td><th scope="row">Ana</th><td data-label="">x</td></tr><tr><td></td><td>2</td><td>3</td><td>4</td></tr>'
    assert rendered("{{ rows|labelled:head }}", rows=rows, head=head) == (
        '<tr><td></td><td class="num" data-label="Due">1</td><th scope="row">Ana</th><td data-label="">x</td></tr>'
        '<tr><td></td><td data-label="Due">2</td><td data-label="Who">3</td><td data-label="A &quot;b&quot;">4</td></tr>'
    )
