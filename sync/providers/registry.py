"""The providers that speak to an upstream over HTTP. This is the only place where one is registered; files have no provider."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from lib import clock
from lib import http as lib_http
from sync.providers.advbox.provider import Advbox
from sync.providers.answers import OpenHttp, Spend, judge, missing, unsendable
from sync.providers.base import Provider
from sync.providers.gestaoclick.provider import GestaoClick
from sync.providers.pluggy.provider import Pluggy

PROVIDERS: Final[dict[str, type[GestaoClick] | type[Pluggy] | type[Advbox]]] = {
    provider.kind: provider for provider in (GestaoClick, Pluggy, Advbox)
}
NAMES: Final = {"gestaoclick": "GestãoClick", "pluggy": "Pluggy", "advbox": "Advbox"}


def _(text: str) -> str:
    """Mark a text for translation; whoever shows it translates it."""
    return text


@dataclass(frozen=True, slots=True)
class CredentialField:
    """One field of the credentials form. Label and help are English message ids. All of them are secret: never shown again."""

    name: str
    label: str
    help: str


FIELDS: Final[dict[str, tuple[CredentialField, ...]]] = {
    "gestaoclick": (
        CredentialField(
            "access_token", _("Access token"), _("In GestãoClick under Settings, API: the access token.")
        ),
        CredentialField(
            "secret_access_token",
            _("Secret token"),
            _("In GestãoClick under Settings, API: the secret access token."),
        ),
    ),
    "pluggy": (
        CredentialField(
            "client_id", _("Client ID"), _("In the Pluggy dashboard under your application: CLIENT_ID.")
        ),
        CredentialField(
            "client_secret",
            _("Client secret"),
            _("In the Pluggy dashboard under your application: CLIENT_SECRET."),
        ),
    ),
    "advbox": (
        CredentialField("token", _("API token"), _("In Advbox under Settings, Integrations: the API token.")),
    ),
}


def _fits_a_header(text: str) -> bool:
    return text.isascii() and text.isprintable()


def open_provider(
    kind: str,
    *,
    credentials: Mapping[str, str],
    config: Mapping[str, Any],
    http: OpenHttp = lib_http.Client,
    spend: Spend,
    batch_size: int,
    now: Callable[[], datetime] = clock.now,
) -> Provider:
    """Return the provider of this kind, ready to read. Sends nothing yet. `close()` it when done.

    `http` opens the way out (`lib.http.Client` or a partial of it); `spend` is called with the endpoint's name before every request and
    may wait or raise UpstreamError; `batch_size` is the wished page size, cut to what upstream gives. Raises KeyError for an unknown
    kind, UpstreamError (needs a person) when a credential is missing or cannot be one, or the address is not allowed.
    """
    absent = [field.label for field in FIELDS[kind] if not credentials.get(field.name, "").strip()]
    if absent:
        raise missing(NAMES[kind], absent)
    odd = [field.label for field in FIELDS[kind] if not _fits_a_header(credentials[field.name].strip())]
    if odd:
        raise unsendable(NAMES[kind], odd)
    try:
        return PROVIDERS[kind](
            credentials={field.name: credentials[field.name].strip() for field in FIELDS[kind]},
            config=config,
            http=http,
            spend=spend,
            batch_size=batch_size,
            now=now,
        )
    except lib_http.HttpError as error:
        raise judge(error, NAMES[kind]) from error
