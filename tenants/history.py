"""The audit log as people read it: names instead of columns, words instead of codes, and the page of the row where it has one."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.models import AuditLog, Capability, Role, Tenant

# What entries tell besides columns of their table.
LABELS: Final[dict[str, str | Promise]] = {
    "user": gettext_lazy("Person"),
    "email": gettext_lazy("E-mail"),
    "role": gettext_lazy("Role"),
    "scopes": gettext_lazy("It may"),
    "prefix": gettext_lazy("Begins with"),
    "name": gettext_lazy("Name"),
    "query": gettext_lazy("Filters"),
    "file": gettext_lazy("File"),
    "rows": gettext_lazy("Rows"),
    "new": gettext_lazy("New rows"),
    "known": gettext_lazy("Rows known before"),
    "voided": gettext_lazy("Rows taken back"),
    "resource": gettext_lazy("What was cleared"),
    "slug": gettext_lazy("Address"),
}
WORDS: Final[dict[str, Mapping[str, str | Promise]]] = {
    "role": {role.value: role.label for role in Role},
    "scopes": {scope.value: scope.label for scope in Capability},
}
# Ids of other rows and of upstream: they say nothing to a person.
SILENT: Final = frozenset({"account", "item", "groups", "connection", "into", "source"})
LONGEST: Final = 160


@dataclass(frozen=True, slots=True)
class Place:
    """The page of the rows of one table: its URL name, and what the URL takes besides the company and the row."""

    url_name: str
    kwargs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """One value that changed, in words; empty text: there was none."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Told:
    """One entry: the row's own name and address ("" where it has none, or is gone), and what changed."""

    entry: AuditLog
    row_name: str
    url: str
    changes: tuple[Change, ...]


_places: dict[str, Place] = {}


def register(table: str, url_name: str, **kwargs: str) -> None:
    """Say that the rows of a table have a page. Called from `AppConfig.ready()`."""
    _places[table] = Place(url_name, kwargs)


def tell(tenant: Tenant, entries: Iterable[AuditLog]) -> list[Told]:
    """Return the entries as people read them, in their order. One query for each table whose rows have pages."""
    entries = list(entries)
    names = _names(tenant, entries)
    return [_told(tenant, entry, names.get((entry.table, entry.row_id), "")) for entry in entries]


def _names(tenant: Tenant, entries: Iterable[AuditLog]) -> dict[tuple[str, str], str]:
    """Return what the rows are called that still exist, by table and id."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for entry in entries:
        if entry.table in _places and entry.row_id.isdecimal():
            wanted[entry.table].add(int(entry.row_id))
    found: dict[tuple[str, str], str] = {}
    for table, ids in wanted.items():
        model = _models()[table]
        heavy = [field.name for field in model._meta.fields if isinstance(field, models.BinaryField)]
        rows = model._default_manager.filter(tenant=tenant, pk__in=ids).defer(*heavy).select_related()
        found |= {(table, str(row.pk)): str(row) for row in rows}
    return found


def _told(tenant: Tenant, entry: AuditLog, row_name: str) -> Told:
    place, url = _places.get(entry.table), ""
    if place and row_name:
        url = reverse(place.url_name, kwargs={"slug": tenant.slug, "pk": entry.row_id, **place.kwargs})
    before, after = entry.before or {}, entry.after or {}
    fields = [name for name in {**before, **after} if name not in SILENT]
    return Told(
        entry,
        row_name,
        url,
        tuple(
            Change(
                _label(entry.table, name),
                _text(entry.table, name, before.get(name)),
                _text(entry.table, name, after.get(name)),
            )
            for name in fields
        ),
    )


@lru_cache(maxsize=1)
def _models() -> dict[str, type[models.Model]]:
    return {model._meta.db_table: model for model in apps.get_models()}


def _field(table: str, name: str) -> "models.Field[Any, Any] | None":
    model = _models().get(table)
    try:
        found = model._meta.get_field(name) if model else None
    except FieldDoesNotExist:
        return None
    return found if isinstance(found, models.Field) else None


def _label(table: str, name: str) -> str:
    field = None if name in LABELS else _field(table, name)
    label = str(LABELS.get(name) or (field.verbose_name if field else name.replace("_", " ")))
    return label[:1].upper() + label[1:]


def _text(table: str, name: str, value: Any) -> str:
    """Return a stored value in words. JSON keeps amounts and days as text; the column says which it was."""
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    words = WORDS.get(name)
    if isinstance(value, list):
        return ", ".join(str((words or {}).get(str(one), one)) for one in value)
    if isinstance(value, dict):
        return "; ".join(f"{key}: {one}" for key, one in value.items())[:LONGEST]
    field = _field(table, name)
    named = {**(words or {}), **dict(getattr(field, "flatchoices", ()))}
    return str(named[value]) if value in named else _written(field, value)


def _written(field: "models.Field[Any, Any] | None", value: Any) -> str:
    if isinstance(field, models.DecimalField):
        return formats.number_format(Decimal(str(value)), decimal_pos=field.decimal_places, use_l10n=True)
    if isinstance(field, models.DateTimeField) and (moment := parse_datetime(str(value))):
        return formats.date_format(timezone.localtime(moment), "SHORT_DATETIME_FORMAT")
    if isinstance(field, models.DateField) and (day := parse_date(str(value))):
        return formats.date_format(day, "SHORT_DATE_FORMAT")
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
