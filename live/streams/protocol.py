"""What a WebSocket client may say, read strictly: `{"event": "…", "data": {…}}`. Pure: no Django, no waiting."""

import html
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

MAX_BYTES: Final = 16_384  # of one message; the server itself stops reading at 64 KiB
MAX_NAMES: Final = 100
EVENTS: Final = ("connect", "subscribe", "unsubscribe", "heartbeat")
_SLUG: Final = re.compile(r"[a-z0-9-]{1,40}")
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,4096}")


def gettext_noop(template: str) -> str:
    """Return the template: marks one for the catalogues."""
    return template


class Refused(Exception):
    """The message cannot be used. `code` is a word for programs, the text a sentence that is safe to show.

    Who sends it says `template` in the reader's language, with `values`: this module knows no gettext.
    """

    def __init__(self, code: str, template: str, **values: str | int) -> None:
        super().__init__(template % values)
        self.code, self.template, self.values = code, template, values


class TooBig(Refused):
    """The message is longer than MAX_BYTES."""

    def __init__(self) -> None:
        super().__init__("too_big", gettext_noop("A message has at most %(most)d bytes."), most=MAX_BYTES)


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a client."""

    event: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Hello:
    """What `connect` brings: who, for which company, from which number on, and what they want to hear of."""

    token: str = ""
    user_id: str = ""
    tenant: str = ""
    last_seen: str = ""
    events: frozenset[str] = field(default_factory=frozenset)


def read(text: str) -> Said:
    """Return the message. Raises Refused, TooBig."""
    if len(text) > MAX_BYTES or len(text.encode()) > MAX_BYTES:
        raise TooBig
    try:
        body = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Refused("bad_json", "This is not JSON.") from None
    if not isinstance(body, dict):
        raise Refused("bad_message", "A message is an object with “event” and “data”.")
    event, data = body.get("event"), body.get("data", {})
    if not isinstance(event, str) or not isinstance(data, dict):
        raise Refused("bad_message", "“event” is text and “data” is an object.")
    if event not in EVENTS:
        raise Refused(
            "unknown_event",
            "Unknown event: %(event)s. Known: %(known)s.",
            event=safe(event),
            known=", ".join(EVENTS),
        )
    return Said(event, data)


def hello(data: Mapping[str, Any], known: Collection[str]) -> Hello:
    """Return what a `connect` says. Raises Refused."""
    token, slug = data.get("token") or "", data.get("tenant") or ""
    if not isinstance(token, str) or (token and not _TOKEN.fullmatch(token)):
        raise Refused("bad_message", "“token” is a token or an API key.")
    if not isinstance(slug, str) or (slug and not _SLUG.fullmatch(slug)):
        raise Refused("bad_message", "“tenant” is the slug of a company.")
    seen, user = data.get("lastEventId"), data.get("userId")
    if (seen is not None and not _is_number(seen)) or (user is not None and not _is_number(user)):
        raise Refused("bad_message", "“lastEventId” and “userId” are numbers.")
    return Hello(
        token=token,
        user_id="" if user is None else str(user),
        tenant=slug,
        last_seen="" if seen is None else str(seen),
        events=names(data, known) if "events" in data else frozenset(),
    )


def names(data: Mapping[str, Any], known: Collection[str]) -> frozenset[str]:
    """Return the names in `events`. Raises Refused when one does not exist."""
    wanted = data.get("events")
    if (
        not isinstance(wanted, list)
        or len(wanted) > MAX_NAMES
        or not all(isinstance(one, str) for one in wanted)
    ):
        raise Refused("bad_message", "“events” is a list of at most %(most)d names.", most=MAX_NAMES)
    strange = sorted(set(wanted) - set(known))
    if strange:
        shown = ", ".join(safe(one) for one in strange[:5])
        raise Refused(
            "unknown_event",
            "Unknown: %(shown)s. Known: %(known)s.",
            shown=shown,
            known=", ".join(sorted(known)),
        )
    return frozenset(wanted)


def refusal(body: bytes) -> dict[str, str]:
    """Return word and sentence of an answer of the API that let nobody in."""
    try:
        found = orjson.loads(body)
        return {"code": str(found["code"]), "message": str(found["message"])}
    except (orjson.JSONDecodeError, TypeError, KeyError):
        return {"code": "refused", "message": "Not now."}


def echo(value: Any) -> Any:
    """Return a client's own time stamp as it may go back: a number, or short text that no page can take for markup."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return safe(value) if isinstance(value, str) else None


def safe(text: str) -> str:
    """Return text of a stranger so that it can be shown: short, printable, without markup."""
    return html.escape("".join(letter for letter in text[:64] if letter.isprintable()))


def _is_number(value: Any) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**62) or (
        isinstance(value, str) and re.fullmatch(r"[0-9]{1,18}", value) is not None
    )
