"""The style guide shows every component and only exists for developers."""

import re
from pathlib import Path

import pytest
from django.test import RequestFactory
from django.urls import NoReverseMatch, path, reverse
from django.utils import translation

from config.styleguide import styleguide
from config.urls import urlpatterns as product

ROOT = Path(__file__).resolve().parent.parent.parent
TEMPLATES = ROOT / "templates"
COMPONENTS = sorted(path.stem for path in (TEMPLATES / "cotton").glob("*.html"))

urlpatterns = [*product, path("styleguide", styleguide, name="styleguide")]
pytestmark = pytest.mark.urls(__name__)


@pytest.mark.parametrize("language", ["pt-br", "en"])
def test_the_page_renders_completely(client, language):
    with translation.override(language):
        response = client.get("/styleguide", HTTP_ACCEPT_LANGUAGE=language)
    text = response.content.decode()
    assert response.status_code == 200
    assert "<c-" not in text
    assert "{{" not in text
    assert text.count("<svg") > 100


def test_the_page_obeys_the_policy(client):
    response = client.get("/styleguide")
    text = response.content.decode()
    assert "'unsafe" not in response["Content-Security-Policy"]
    assert re.findall(r"\sstyle=\"|<style|\sonclick=", text) == []


def test_ids_are_unique(client):
    ids = re.findall(r'\sid="([^"]+)"', client.get("/styleguide").content.decode())
    assert sorted(ids) == sorted(set(ids))


@pytest.mark.parametrize("name", COMPONENTS)
def test_every_component_is_shown(name):
    shown = [
        *TEMPLATES.glob("styleguide*.html"),
        *(TEMPLATES / "styleguide").glob("*.html"),
        TEMPLATES / "base.html",
    ]
    inside = [TEMPLATES / "cotton" / f"{other}.html" for other in COMPONENTS]
    quiet = [
        TEMPLATES / "quiet.html",
        *(TEMPLATES / "allauth").rglob("*.html"),
        *(TEMPLATES / "parts").glob("*.html"),
    ]
    used = "\n".join(path.read_text() for path in [*shown, *inside, *quiet])
    assert re.search(rf"<c-{name.replace('_', '-')}[\s/>]", used)


def test_the_drawer_gets_a_fragment_and_a_reader_the_page(client):
    fragment = client.get("/styleguide?row=2", HTTP_HX_REQUEST="true").content.decode()
    assert "data-drawer-title" in fragment
    assert "<html" not in fragment
    assert "<html" in client.get("/styleguide?row=2").content.decode()


def test_a_server_message_becomes_a_toast(client):
    text = client.get("/styleguide?toast=1").content.decode()
    toasts = text.split('<div class="toasts"')[1].split("<template")[0]
    assert "Conciliação confirmada." in toasts
    assert 'class="toast good"' in toasts


@pytest.mark.urls("config.urls")
def test_it_does_not_exist_in_production():
    with pytest.raises(NoReverseMatch):
        reverse("styleguide")


@pytest.mark.parametrize("code", ["400", "403", "404", "429", "500"])
def test_error_pages_render_without_request_or_context(code):
    from django.template.loader import render_to_string

    with translation.override("pt-br"):
        text = render_to_string(f"{code}.html")
    assert f">{code}</span>" in text
    assert "<c-" not in text


def test_error_pages_render_with_a_request():
    from django.shortcuts import render

    response = render(RequestFactory().get("/nowhere"), "404.html", status=404)
    assert response.status_code == 404
