"""One registration: the folders, the table, the fields of the forms and the kinds of connections agree."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lib import http as lib_http
from sync.models import Connection
from sync.providers import registry
from sync.providers.base import UpstreamError
from sync.providers.tests.wire import Wire

FOLDER = Path(registry.__file__).parent
CREDENTIALS: dict[str, dict[str, str]] = {
    kind: {field.name: f"{field.name}-0123456789" for field in fields}
    for kind, fields in registry.FIELDS.items()
}


def open_(kind: str, wire: Wire, **changes: Any) -> Any:
    options = {"credentials": CREDENTIALS[kind], "config": {}, "batch_size": 100, **wire.options(), **changes}
    return registry.open_provider(kind, **options)


def test_every_folder_with_a_provider_is_registered_and_nothing_else() -> None:
    folders = {path.parent.name for path in FOLDER.glob("*/provider.py")}
    assert (
        folders
        == set(registry.PROVIDERS)
        == set(registry.FIELDS)
        == set(registry.NAMES)
        == set(Connection.Kind.values)
    )


@pytest.mark.parametrize("kind", sorted(registry.PROVIDERS))
def test_a_provider_opens_without_asking_anything_and_closes(kind: str) -> None:
    wire = Wire(lambda *_: (500, {}))
    provider = open_(kind, wire)
    provider.close()
    assert (provider.kind, provider.mapper_version >= 1, wire.asked, wire.spent) == (kind, True, [], [])


@pytest.mark.parametrize("kind", sorted(registry.PROVIDERS))
@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_missing_credential_needs_a_person_and_is_named(kind: str, value: str | None) -> None:
    wire = Wire(lambda *_: (500, {}))
    name = registry.FIELDS[kind][0].name
    changed = {key: text for key, text in (CREDENTIALS[kind] | {name: value}).items() if text is not None}
    with pytest.raises(UpstreamError, match=registry.FIELDS[kind][0].label) as caught:
        open_(kind, wire, credentials=changed)
    assert caught.value.needs_person


@pytest.mark.parametrize("kind", sorted(registry.PROVIDERS))
@pytest.mark.parametrize("value", ["chave—copiada", "é", "a\nb"])
def test_a_credential_that_no_header_can_carry_needs_a_person(kind: str, value: str) -> None:
    wire = Wire(lambda *_: (500, {}))
    field = registry.FIELDS[kind][-1]
    with pytest.raises(UpstreamError, match=field.label) as caught:
        open_(kind, wire, credentials=CREDENTIALS[kind] | {field.name: value})
    assert (caught.value.needs_person, wire.asked) == (True, [])


def test_an_unknown_kind_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        registry.open_provider("nobody", credentials={}, config={}, spend=lambda endpoint: None, batch_size=1)


@pytest.mark.parametrize("kind", sorted(registry.PROVIDERS))
def test_an_address_that_must_not_be_asked_is_refused(kind: str) -> None:
    provider = registry.open_provider(
        kind, credentials=CREDENTIALS[kind], config={"base_url": "https://127.0.0.1:9"}, spend=lambda endpoint: None, batch_size=10
    )  # fmt: skip
    with pytest.raises(UpstreamError, match="not allowed") as caught:
        provider.check()
    assert caught.value.needs_person
    for address in (
        "http://example.com",
        "ftp://example.com",
        "https://user:word@example.com",
        "https://example.com:port",
        "nonsense",
    ):
        with pytest.raises(UpstreamError, match="not allowed") as caught:
            registry.open_provider(
                kind, credentials=CREDENTIALS[kind], config={"base_url": address}, spend=lambda endpoint: None, batch_size=10
            )  # fmt: skip
        assert caught.value.needs_person


@pytest.mark.parametrize("kind", sorted(registry.PROVIDERS))
def test_a_name_that_is_unknown_is_tried_again(kind: str) -> None:
    def lost(base_url: str, **options: Any) -> lib_http.Client:
        return lib_http.Client(base_url, sleep=lambda seconds: None, **options)

    provider = registry.open_provider(
        kind, credentials=CREDENTIALS[kind], config={"base_url": "https://painel.invalid"}, http=lost, spend=lambda endpoint: None, batch_size=10
    )  # fmt: skip
    with pytest.raises(UpstreamError, match="cannot be reached") as caught:
        provider.check()
    assert caught.value.retry_after is not None


def test_providers_import_no_django() -> None:
    program = "import sys, sync.providers.registry; sys.exit(any(name.partition('.')[0] in ('django', 'celery') for name in sys.modules))"
    assert (
        subprocess.run([sys.executable, "-c", program], cwd=FOLDER.parent.parent, check=False).returncode == 0
    )
