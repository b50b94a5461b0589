"""What people can be told: every event with its sentences, who may hear it, and whether they do unless they say otherwise.

Filled in `AppConfig.ready()`; see docs/notifications.md.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.conf import settings
from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext, to_locale

from lib import formats
from live.models import Notification
from tenants.models import Capability, Membership, Role

Text = str | Promise


class UnknownEvent(ValueError):
    """No such event is in the catalog. The message names it and lists those that exist."""

    def __init__(self, events: Collection[str]) -> None:
        super().__init__(f"unknown: {', '.join(sorted(events))}; known: {', '.join(names())}")
        self.events = sorted(events)


@dataclass(frozen=True, slots=True)
class Kind:
    """One event that people can be told of.

    `title` and `body` are templates (`%(name)s`) written with the notification's params in the reader's language. A param that is a code is
    shown in words through `words`: its name → the choices that it is one of; with a param `<name>_of` beside it ("Revenue · Centro"). A param may itself be a sentence, kept as
    `{"text": msgid, "values": {…}}` (as `sync.words.kept` does), which is translated when it is read. `label` and `when` say on the page of preferences what the
    event is. `audience` is a capability, or roles: who may hear it. `page` is the URL name, reversed with the company's slug, where
    the reader goes from here unless `notify` says another path.
    """

    event: str
    group: Text
    label: Text
    when: Text
    title: Text
    body: Text = ""
    severity: str = Notification.Severity.INFO
    on: bool = True
    audience: Capability | frozenset[Role] = Capability.READ
    page: str = ""
    words: Mapping[str, type[TextChoices]] = field(default_factory=dict)

    def is_for(self, membership: Membership) -> bool:
        """Return whether a person with this membership may hear of it."""
        if isinstance(self.audience, Capability):
            return self.audience in membership.capabilities
        return membership.role in self.audience

    def filters(self) -> dict[str, list[str]]:
        """Return what a person may narrow this event by: how much it matters, and each code in its sentences; with every value that there is."""
        return {"severity": Notification.Severity.values} | {
            name: list(choices.values) for name, choices in self.words.items()
        }

    def written(self, params: Mapping[str, Any]) -> tuple[str, str]:
        """Return title and body in the active language. A param that is missing is shown as "–", so that an old row can be read."""
        values = _Values({name: _said(value) for name, value in params.items()})
        for name, choices in self.words.items():
            if params.get(name) in choices.values:
                label, of = choices(params[name]).label, params.get(f"{name}_of")
                values[name] = f"{label} · {of}" if of else label
        return str(self.title) % values, str(self.body) % values


def _said(value: Any) -> Any:
    """Return a kept sentence (`{"text": template of the catalogues, "values": …}`) or a whole number in the active language, else the value."""
    if isinstance(value, int) and not isinstance(value, bool):
        return formats.number(value, to_locale(get_language() or settings.LANGUAGE_CODE))
    if not isinstance(value, dict) or "text" not in value:
        return value
    text, values = str(value["text"]), value.get("values")
    if values is None:
        return text
    return gettext(text) % values if values else gettext(text)


class _Values(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return "–"


_kinds: Final[dict[str, Kind]] = {}


def register(*kinds: Kind) -> None:
    """Add events to the catalog. Raises ValueError when another event has the name already."""
    for kind in kinds:
        if _kinds.setdefault(kind.event, kind) is not kind:
            raise ValueError(f"{kind.event} is in the catalog already")


def get(event: str) -> Kind:
    """Return the event's entry. Raises UnknownEvent."""
    if event not in _kinds:
        raise UnknownEvent([event])
    return _kinds[event]


def kinds() -> list[Kind]:
    """Return every event, in the order in which they were registered: the apps from below to above."""
    return list(_kinds.values())


def names() -> list[str]:
    """Return the names of all events, sorted."""
    return sorted(_kinds)


def check(events: Collection[str]) -> None:
    """Raise UnknownEvent when one of the names is not in the catalog."""
    unknown = set(events) - set(_kinds)
    if unknown:
        raise UnknownEvent(unknown)


def written(event: str, params: Mapping[str, Any]) -> tuple[str, str]:
    """Return title and body of a stored notification in the active language, also of an event that is in the catalog no more."""
    kind = _kinds.get(event)
    return kind.written(params) if kind else (gettext("Something happened"), event)
