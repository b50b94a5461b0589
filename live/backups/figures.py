"""What a backup is compared by: how many rows each table has, and sums that upper apps register.

The figures are read in the snapshot from which pg_dump writes, so they are exactly the backup's, however much is written meanwhile.
"""

from dataclasses import asdict, dataclass
from typing import Any

import psycopg
from psycopg import sql

Figures = dict[
    str, Any
]  # {"rows": {table: count}, "sums": [{"table", "column", "by", "values": {group: text}}]}


@dataclass(frozen=True, slots=True)
class Sum:
    """A column whose sum is compared, by the values of another column ("currency") unless `by` is empty."""

    table: str
    column: str
    by: str = ""


_sums: list[Sum] = []
# Management commands that must end well in a restored database, such as the one that compares numbers with facts.
_proofs: list[str] = []


def register(*sums: Sum) -> None:
    """Compare these columns too. Called from `AppConfig.ready()`."""
    _sums.extend(one for one in sums if one not in _sums)


def register_proof(command: str) -> None:
    """Run this management command in the database that a rehearsal restored. Called from `AppConfig.ready()`."""
    if command not in _proofs:
        _proofs.append(command)


def proofs() -> tuple[str, ...]:
    """Return the registered commands."""
    return tuple(_proofs)


def read(to: psycopg.Connection[Any], like: Figures | None = None) -> Figures:
    """Return the counts of every table and the sums that are registered, or those of `like`, which were registered then.

    Sums are texts, exact to the last decimal place.
    """
    asked = _sums if like is None else [Sum(one["table"], one["column"], one["by"]) for one in like["sums"]]
    rows = {table: _count(to, table) for table in tables(to)}
    present = [one for one in asked if one.table in rows]
    return {"rows": rows, "sums": [asdict(one) | {"values": _values(to, one)} for one in present]}


def differences(wanted: Figures, found: Figures) -> list[str]:
    """Return a sentence for each figure that is not the same in both; nothing when they agree."""
    told = []
    for table, count in wanted["rows"].items():
        if found["rows"].get(table) != count:
            told.append(f"{table}: {count} rows were saved, {found['rows'].get(table, 'none')} came back")
    told += [f"{table}: was not saved" for table in found["rows"].keys() - wanted["rows"].keys()]
    kept = {_key(one): one["values"] for one in found["sums"]}
    for one in wanted["sums"]:
        if kept.get(_key(one)) != one["values"]:
            told.append(
                f"{one['table']}.{one['column']}: {one['values']} was saved, {kept.get(_key(one))} came back"
            )
    return told


def total_rows(figures: Figures) -> int:
    """Return how many rows all tables hold together."""
    return sum(figures["rows"].values())


def tables(to: psycopg.Connection[Any]) -> list[str]:
    """Return the tables of schema public that belong to no extension, sorted."""
    found = to.execute(
        "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
        " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e')"
        " ORDER BY 1"
    )
    return [str(row[0]) for row in found]


def _count(to: psycopg.Connection[Any], table: str) -> int:
    found = to.execute(sql.SQL("SELECT count(*) FROM {}").format(_table(table))).fetchone()
    assert found is not None, "count() answers one row"
    return int(found[0])


def _values(to: psycopg.Connection[Any], one: Sum) -> dict[str, str | None]:
    group = sql.SQL("coalesce({}::text, '')").format(sql.Identifier(one.by)) if one.by else sql.Literal("")
    asked = sql.SQL("SELECT {} AS kind, sum({})::text FROM {} GROUP BY 1 ORDER BY 1").format(
        group, sql.Identifier(one.column), _table(one.table)
    )
    return {str(kind): value for kind, value in to.execute(asked)}


def _table(name: str) -> sql.Composable:
    return sql.Identifier("public", name)


def _key(one: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(one[part]) for part in ("table", "column", "by"))
