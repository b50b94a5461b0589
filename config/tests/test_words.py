"""Codes that rows keep are shown as words."""

import pytest
from django.utils import translation

from config.templatetags.words import word, words
from sync.providers.gestaoclick.provider import RESOURCES
from tenants.models import ApiKey, Capability


@pytest.mark.parametrize(
    ("code", "pt", "en"),
    [
        ("receivables", "Contas a receber", "Receivables"),
        ("LOGIN_ERROR", "acesso recusado", "access refused"),
        ("connection.paused", "conexão pausada", "connection paused"),
        (ApiKey._meta.db_table, "chave de API", "API key"),
        ("a code of tomorrow", "a code of tomorrow", "a code of tomorrow"),
    ],
)
def test_a_code_is_said_in_the_readers_language(code: str, pt: str, en: str) -> None:
    with translation.override("pt-br"):
        assert word(code) == pt
    with translation.override("en"):
        assert word(code) == en


def test_scopes_are_joined_with_commas() -> None:
    with translation.override("pt-br"):
        assert words([Capability.READ, Capability.SYNC]) == "ler os dados, iniciar sincronizações"


def test_every_resource_of_the_erp_has_a_word() -> None:
    assert [one.name for one in RESOURCES if word(one.name) == one.name] == []
    assert [one.kind for one in RESOURCES if word(one.kind) == one.kind] == []
