"""Addresses that anybody may open: HEAD answers like GET without its body, and nobody without a login is given a cookie."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from kpi.boards import services, sharing
from live.notifications import mail
from tests.addresses import OPEN
from tests.api import signed_in
from tests.cast import Cast
from tests.factories import access_of

pytestmark = pytest.mark.django_db
TOKEN = "<str:token>"


@pytest.fixture
def tokens(cast: Cast) -> dict[str, list[str]]:
    """What stands in open addresses: a link that opens, one that ended, a letter's way out, and nothing that we know."""
    ana, now = access_of(cast.ana, cast.aurora), timezone.now()
    board = services.create_board(tenant=cast.aurora, name="Loja", actor=ana, template="sales")
    links = [
        sharing.create_link(
            tenant=cast.aurora, boards=[board], name="TV", expires_at=now + timedelta(days=1), actor=ana
        )
        for _n in range(2)
    ]
    sharing.revoke_link(link=links[1][0], actor=ana)
    letter = mail.token(tenant=cast.aurora, user=cast.ana)
    return {"b/": [token for _link, token in links], "notifications/": [letter]}


def urls(tokens: dict[str, list[str]]) -> list[str]:
    """Return every open address, with tokens of every kind."""
    found = ["/accounts/login/", "/"]
    for route in OPEN:
        known = next((values for start, values in tokens.items() if route.startswith(start)), [])
        texts = [*known, "nothing"] if TOKEN in route else [""]
        found += [f"/{route.replace(TOKEN, text)}" for text in texts]
    return found


def test_head_answers_like_get_without_a_body(cast: Cast, tokens: dict[str, list[str]]) -> None:
    seen = []
    for url in urls(tokens):
        get, head = Client().get(url), Client().head(url)
        assert head.status_code == get.status_code, url
        assert head.content == b"", url
        assert head.get("Content-Type") == get.get("Content-Type"), url
        assert head.get("Cache-Control") == get.get("Cache-Control"), url
        seen.append(get.status_code)
    assert {200, 302, 404, 405, 410} <= set(seen)


def test_nobody_without_a_login_is_given_a_cookie(cast: Cast, tokens: dict[str, list[str]]) -> None:
    for url in urls(tokens):
        if url == "/accounts/login/":  # a form that is sent back: it needs one
            continue
        for path in (url, f"{url}?period=30d&board=2&theme=dark"):
            client = Client()
            answer = client.get(path)
            assert not answer.cookies, path
            if answer.get("Content-Type", "").startswith("text/html"):
                assert b"csrf" not in answer.content.lower(), path
            assert not client.get(path, headers={"HX-Request": "true"}).cookies, path


def test_a_public_link_gives_none_to_a_member_either(cast: Cast, tokens: dict[str, list[str]]) -> None:
    for end in ("", "tv/"):
        assert not signed_in(cast.ana).get(f"/b/{tokens['b/'][0]}/{end}").cookies
