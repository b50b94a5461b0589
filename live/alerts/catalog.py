"""The kinds of alerts, and the registry of those who look. Upper apps add theirs in `AppConfig.ready()`."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Literal

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext

from live.models import AlertRule

Text = str | Promise
# The limit in force of each kind that is switched on; None for a kind without one.
Limits = Mapping[str, Decimal | None]


@dataclass(frozen=True, slots=True)
class AlertKind:
    """One kind. `limit` is the code's own; the row of AlertRule outranks it. `unit` belongs to limit and value.

    It is open after `open_after` looks in a row that found it, and over after `close_after` that did not. `advice` says what to do, for
    whoever can do it. `tells` is False where another notification says it already: the alert is then shown only. One of the
    installation that `concerns_everybody` is shown to every company.
    """

    code: str
    label: Text
    advice: Text
    severity: Literal["warning", "critical"] = "warning"
    limit: Callable[[], Decimal | None] = lambda: None
    unit: Text = ""
    open_after: int = 2
    close_after: int = 3
    tells: bool = True
    concerns_everybody: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong at this moment. `text` is a msgid, written with `values` in the reader's language.

    `subject` tells several of one kind apart ("run:12"); without `tenant_id` it is about the installation. `path` is where it is mended.
    """

    code: str
    text: str
    values: Mapping[str, Any] = field(default_factory=dict)
    value: Decimal | None = None
    subject: str = ""
    tenant_id: int | None = None
    path: str = ""

    @property
    def key(self) -> tuple[int | None, str, str]:
        """Return what makes it one alert."""
        return (self.tenant_id, self.code, self.subject)


Source = Callable[[Limits], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Entry:
    """A source and the codes that it speaks for: what it does not find of them is well, unless it failed."""

    source: Source
    codes: frozenset[str]


_kinds: Final[dict[str, AlertKind]] = {}
_sources: Final[list[Entry]] = []


def register_alert_source(source: Source, *kinds: AlertKind) -> None:
    """Add somebody who looks, and the kinds that they look for. `source` gets the limits in force and returns what is wrong now.

    Called from `AppConfig.ready()`. Raises ValueError when somebody else looks for one of the kinds.
    """
    for kind in kinds:
        if _kinds.setdefault(kind.code, kind) is not kind:
            raise ValueError(f"{kind.code} is looked for already")
    _sources.append(Entry(source, frozenset(kind.code for kind in kinds)))


def kinds() -> Mapping[str, AlertKind]:
    """Return every kind by its code."""
    return _kinds


def sources() -> Iterable[Entry]:
    """Return everybody who looks."""
    return tuple(_sources)


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds now: the limits of the kinds that are switched on, and which kinds are muted."""

    limits: Limits
    muted: frozenset[str]


def rules() -> Rules:
    """Return the rules in force: those of the code, where an operator did not change them. One query."""
    rows = {row.code: row for row in AlertRule.objects.all()}
    limits: dict[str, Decimal | None] = {}
    for kind in _kinds.values():
        row = rows.get(kind.code)
        if row is None or row.is_active:
            limits[kind.code] = row.threshold if row and row.threshold is not None else kind.limit()
    now = timezone.now()
    muted = frozenset(code for code, row in rows.items() if row.muted_until and row.muted_until > now)
    return Rules(limits, muted)


def message(params: Mapping[str, Any]) -> str:
    """Return the sentence of an alert's row in the active language."""
    return gettext(str(params.get("text", ""))) % params.get("values", {}) if params.get("text") else ""
