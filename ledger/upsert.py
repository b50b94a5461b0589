"""The one bulk upsert: it reads everything and writes only what differs.

A re-sync that brings nothing new writes no row, fires no trigger and leaves next to nothing in the WAL. `ON CONFLICT … WHERE` alone would
not do: it locks (and so dirties) every row that it meets. So a join finds the rows that differ first, and ON CONFLICT only stands guard
against a writer that came between. Measured in `benchmarks`.

Up to MANY rows travel as one JSON parameter, which the server turns into typed rows: faster than arrays through `unnest` (psycopg builds
arrays in Python) and, unlike a temporary table, free of catalog writes. More rows go through COPY into a temporary table.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

import orjson
from django.db import DataError, connection, models

MANY: Final = 1_000
Row = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Changes:
    """What an upsert wrote: the primary keys of new rows and of rows that changed. Rows that were already as given are in neither."""

    inserted_ids: tuple[int, ...] = ()
    updated_ids: tuple[int, ...] = ()

    def __add__(self, other: "Changes") -> "Changes":
        return Changes(self.inserted_ids + other.inserted_ids, self.updated_ids + other.updated_ids)

    @property
    def inserted(self) -> int:
        """Return how many rows are new."""
        return len(self.inserted_ids)

    @property
    def updated(self) -> int:
        """Return how many rows changed."""
        return len(self.updated_ids)

    @property
    def ids(self) -> tuple[int, ...]:
        """Return the primary keys of all written rows."""
        return self.inserted_ids + self.updated_ids


def upsert(
    model: type[models.Model],
    rows: Iterable[Row],
    *,
    fixed: Mapping[str, int],
    columns: Sequence[str],
    key: Sequence[str],
    update: Sequence[str] | None = None,
    compare: Sequence[str] | None = None,
    touch: str | None = "updated_at",
    revive: str | None = "void_at",
) -> Changes:
    """Insert the rows that are new, update those that differ, leave the others untouched. Return what was written.

    `rows` hold values in the order of `columns` (database column names). `fixed` are columns with one value for all rows, such as the
    tenant; together with `key` they are a unique constraint of the table. Of rows with the same key the last one counts.
    `update` are the columns that an existing row takes over (all but the key unless given; empty: existing rows stay as they are).
    `compare` are those whose difference makes a row changed (`update` unless given). A changed row gets the current time in `touch`;
    a row with something in `revive` counts as changed and loses it. A column that people edit must not be among `columns`.

    Needs a transaction. Safe against other writers, but callers of one tenant should queue behind `Lock.LEDGER`, so that they
    cannot deadlock. Raises django.db.DataError for a value that does not fit its column.
    """
    assert connection.in_atomic_block, "staged rows and the rows they become belong to one transaction"
    # ON CONFLICT refuses to touch one row twice, and a page of an upstream may hold a record twice.
    key_of = itemgetter(*(columns.index(name) for name in key))
    latest = list({key_of(row): row for row in rows}.values())
    if not latest:
        return Changes()
    update = [name for name in columns if name not in key] if update is None else update
    plan = _Plan(
        model,
        tuple(fixed),
        tuple(columns),
        tuple(key),
        tuple(update),
        tuple(compare or update),
        touch,
        revive,
    )
    plan.refuse_nan(latest)
    return plan.run_small(latest, fixed) if len(latest) <= MANY else plan.run_large(latest, fixed)


@dataclass(frozen=True, slots=True)
class _Plan:
    """The SQL of one upsert. Every identifier comes from the model or from code, never from data."""

    model: type[models.Model]
    fixed: tuple[str, ...]
    columns: tuple[str, ...]
    key: tuple[str, ...]
    update: tuple[str, ...]
    compare: tuple[str, ...]
    touch: str | None
    revive: str | None

    def run_small(self, rows: list[Row], fixed: Mapping[str, Any]) -> Changes:
        """Send the rows as one JSON document."""
        document = _json([dict(zip(self.columns, row, strict=True)) for row in rows])
        source = f"ROWS FROM (json_to_recordset(%(rows)s) AS ({self._typed()})) WITH ORDINALITY AS s({_list(self.columns)}, ord)"
        with connection.cursor() as cursor:
            cursor.execute(self.statement(source, order="s.ord"), {**fixed, "rows": document})
            return _changes(cursor.fetchone())

    def run_large(self, rows: list[Row], fixed: Mapping[str, Any]) -> Changes:
        """Send the rows through COPY into a table that lives as long as this call."""
        encode = self._json_encoder()
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TEMPORARY TABLE upsert_stage ({self._typed()}) ON COMMIT DROP")
            with _data_errors(), cursor.copy("COPY upsert_stage FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(encode(row) if encode else row)
            cursor.execute(self.statement("upsert_stage s", order="s.ctid"), fixed)
            changes = _changes(cursor.fetchone())
            cursor.execute("DROP TABLE upsert_stage")
        return changes

    def statement(self, source: str, *, order: str) -> str:
        """Return the statement that moves what differs from `source` (aliased s) into the table.

        ORDER BY keeps upstream's order on disk. For a staged table it also ends the reading before the writing begins: while the table is
        small and without statistics the join may scan it, and would then walk over its own new rows again and again.
        """
        table, pk = _quoted(self.model._meta.db_table), self._primary_key()
        return f"""
            WITH written AS (
                INSERT INTO {table} AS t ({_list((*self.fixed, *self.columns))})
                SELECT {", ".join(f"%({name})s" for name in self.fixed)}, {_list(self.columns, "s")}
                FROM {source} LEFT JOIN {table} t ON {self._matches()}
                WHERE t.{pk} IS NULL {self._or_differs("s")}
                ORDER BY {order}
                ON CONFLICT ({_list((*self.fixed, *self.key))}) {self._on_conflict()}
                RETURNING t.{pk} AS id, t.xmax = 0 AS is_new)
            SELECT array_agg(id) FILTER (WHERE is_new), array_agg(id) FILTER (WHERE NOT is_new) FROM written
        """  # noqa: S608

    def _primary_key(self) -> str:
        return _quoted(
            str(next(field.column for field in self.model._meta.concrete_fields if field.primary_key))
        )

    def _matches(self) -> str:
        pairs = [f"t.{_quoted(name)} = %({name})s" for name in self.fixed]
        return " AND ".join(pairs + [f"t.{_quoted(name)} = s.{_quoted(name)}" for name in self.key])

    def _or_differs(self, other: str) -> str:
        if not self.update:
            return ""
        revived = f"OR t.{_quoted(self.revive)} IS NOT NULL" if self.revive else ""
        return f"OR ({_list(self.compare, 't')}) IS DISTINCT FROM ({_list(self.compare, other)}) {revived}"

    def _on_conflict(self) -> str:
        if not self.update:
            return "DO NOTHING"
        parts = [f"{_quoted(name)} = excluded.{_quoted(name)}" for name in self.update]
        parts += [f"{_quoted(self.touch)} = now()"] if self.touch else []
        parts += [f"{_quoted(self.revive)} = NULL"] if self.revive else []
        return f"DO UPDATE SET {', '.join(parts)} WHERE {self._or_differs('excluded').removeprefix('OR ')}"

    def _typed(self) -> str:
        return ", ".join(f"{_quoted(name)} {_type(self._field(name))}" for name in self.columns)

    def _field(self, column: str) -> "models.Field[Any, Any]":
        return next(field for field in self.model._meta.concrete_fields if field.column == column)

    def _places(self, kind: "type[models.Field[Any, Any]]") -> list[int]:
        return [place for place, name in enumerate(self.columns) if isinstance(self._field(name), kind)]

    def refuse_nan(self, rows: list[Row]) -> None:
        """Raise DataError when an amount is not a number: PostgreSQL would keep NaN, and every sum over it would be NaN."""
        for place in self._places(models.DecimalField):
            if any(row[place] is not None and not math.isfinite(row[place]) for row in rows):
                raise DataError(f"{self.columns[place]} is not a number")

    def _json_encoder(self) -> Callable[[Row], list[Any]] | None:
        """Return what writes the JSON columns of a row as text for COPY, or None when there are none."""
        places = [i for i, name in enumerate(self.columns) if isinstance(self._field(name), models.JSONField)]
        if not places:
            return None

        def encode(row: Row) -> list[Any]:
            values = list(row)
            for place in places:
                if values[place] is not None:
                    values[place] = _json(values[place])
            return values

        return encode


def _quoted(name: str) -> str:
    return f'"{name}"'


def _list(names: Sequence[str], alias: str = "") -> str:
    return ", ".join(f"{alias}.{_quoted(name)}" if alias else _quoted(name) for name in names)


def _type(field: "models.Field[Any, Any]") -> str:
    """Return the column's type, but text for varchar(n): a cast to that would cut what is too long, instead of refusing it."""
    name = field.db_type(connection)
    assert name, "only concrete columns are written"
    return "text" if name.startswith("varchar") else name


@contextmanager
def _data_errors() -> Iterator[None]:
    """Let COPY fail as a statement does: Django wraps the errors of execute() only, and half a surrogate pair fails before the driver."""
    try:
        with connection.wrap_database_errors:
            yield
    except UnicodeEncodeError as error:
        raise DataError(str(error)) from error


def _json(value: Any) -> str:
    """Return JSON text. Raises DataError for half a surrogate pair, which no database takes."""
    try:
        return orjson.dumps(value, default=_plain).decode()
    except orjson.JSONEncodeError as error:
        raise DataError(str(error)) from error


def _plain(value: Any) -> str:
    """Return what JSON has no word for as PostgreSQL reads it: bytes in hex, Decimal and the rest as their text."""
    return f"\\x{value.hex()}" if isinstance(value, bytes) else str(value)


def _changes(row: tuple[list[int] | None, list[int] | None]) -> Changes:
    inserted, updated = row
    return Changes(tuple(inserted or ()), tuple(updated or ()))
