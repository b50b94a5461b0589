"""Raw records: kept word for word, written only when they changed.

A record is compared by the hash of its canonical payload and the mapper's version, so a mapper that changed its mind sees every record
again, and an unreadable record is tried again exactly when it or the mapper changed.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import orjson

from lib import jsontext, pg
from lib.text import clean
from sync.models import Connection
from sync.providers.base import Record

Key = tuple[str, str]
"""Kind and external id: what names a record within its connection."""

ERROR_LIMIT: Final = 500


def _sql(template: str) -> str:
    """Return a statement over the rows of one connection that the parameter `rows` names.

    They travel as one JSON document, which the server turns into typed rows; psycopg would build arrays one element at a time.
    """
    ours = "r.tenant_id = %(tenant)s AND r.connection_id = %(connection)s"
    given = "json_to_recordset(%(rows)s) AS g (kind text, external_id text, payload jsonb, content_hash bytea, error text)"
    return template.format(
        given=given, ours=ours, same=f"{ours} AND (r.kind, r.external_id) = (g.kind, g.external_id)"
    )


_KNOWN = _sql(
    "SELECT r.kind, r.external_id, r.content_hash, r.gone_at IS NOT NULL FROM {given} JOIN sync_rawrecord r ON {same}"
)
_PAYLOADS = _sql("SELECT r.kind, r.external_id, r.payload::text FROM {given} JOIN sync_rawrecord r ON {same}")
_WRITE = _sql("""
INSERT INTO sync_rawrecord (tenant_id, connection_id, kind, external_id, payload, content_hash)
SELECT %(tenant)s, %(connection)s, g.kind, g.external_id, g.payload, g.content_hash FROM {given}
    ON CONFLICT (tenant_id, connection_id, kind, external_id) DO UPDATE
   SET payload = excluded.payload, content_hash = excluded.content_hash, changed_at = now(), gone_at = NULL, error = ''
""")
_MARK = _sql("UPDATE sync_rawrecord r SET error = g.error FROM {given} WHERE {same}")
_RESTAMP = _sql("""
UPDATE sync_rawrecord r SET content_hash = g.content_hash FROM {given}
 WHERE {same} AND r.content_hash IS DISTINCT FROM g.content_hash
""")
_ALIVE = _sql("""
SELECT r.kind, r.external_id, r.changed_at < %(before)s FROM sync_rawrecord r
 WHERE {ours} AND r.kind = ANY(%(listed)s) AND r.gone_at IS NULL
""")
_GONE = _sql("""
UPDATE sync_rawrecord r SET gone_at = now() FROM {given} WHERE {same} AND r.gone_at IS NULL
RETURNING r.kind, r.external_id, r.payload::text
""")
_BATCH = """
SELECT id, kind, external_id, payload::text FROM sync_rawrecord
 WHERE tenant_id = %(tenant)s AND connection_id = %(connection)s AND id > %(after)s AND gone_at IS NULL
 ORDER BY id LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Landed:
    """What a landing wrote: the records that are new, changed or back, and how the changed ones were before."""

    changed: list[Record]
    before: dict[Key, Record] = field(default_factory=dict)


def store(connection: Connection, records: Sequence[Record], *, version: int) -> Landed:
    """Keep the records and return those that differ from what was kept. Of several with one identity the last one counts.

    Unchanged records write nothing. Needs a transaction; the caller holds the tenant's ledger lock, so nobody lands between the
    comparison and the write.
    """
    given = {(record.kind, record.external_id): record for record in records}
    texts = {key: jsontext.canonical(record.payload) for key, record in given.items()}
    hashes = {key: _hash(text, version) for key, text in texts.items()}
    known = {
        (kind, id_): (bytes(hash_), gone)
        for kind, id_, hash_, gone in pg.fetch(_KNOWN, _rows(connection, given))
    }
    changed = [key for key in given if known.get(key) != (hashes[key], False)]
    if not changed:
        return Landed([])
    old = [key for key in changed if key in known]
    before = _records(pg.fetch(_PAYLOADS, _rows(connection, old))) if old else {}
    written = {
        key: {"payload": orjson.Fragment(texts[key]), "content_hash": f"\\x{hashes[key].hex()}"}
        for key in changed
    }
    pg.execute(_WRITE, _rows(connection, written, written))
    return Landed([given[key] for key in changed], before)


def _hash(text: bytes, version: int) -> bytes:
    return hashlib.blake2b(text, digest_size=16, salt=version.to_bytes(8, "big")).digest()


def _rows(
    connection: Connection, keys: Iterable[Key], columns: Mapping[Key, dict[str, Any]] | None = None
) -> dict[str, Any]:
    """Return the parameters of a statement over these records, with further columns for each."""
    rows = [{"kind": kind, "external_id": id_} | (columns or {}).get((kind, id_), {}) for kind, id_ in keys]
    return {
        "tenant": connection.tenant_id,
        "connection": connection.pk,
        "rows": orjson.dumps(rows).decode(),
    }


def _records(rows: Iterable[tuple[Any, ...]]) -> dict[Key, Record]:
    return {(kind, id_): Record(kind, id_, jsontext.loads(payload)) for kind, id_, payload in rows}


def kept(connection: Connection, keys: Collection[Key]) -> dict[Key, Record]:
    """Return records as they were kept, numbers exact. (`RawRecord.payload` read through the ORM has floats.)"""
    return _records(pg.fetch(_PAYLOADS, _rows(connection, keys)))


def mark_unreadable(connection: Connection, reasons: Mapping[Key, str]) -> None:
    """Note why records could not be read; an empty reason takes the note away. They stay kept, visible and skipped."""
    if reasons:
        errors = {key: {"error": clean(reason, ERROR_LIMIT)} for key, reason in reasons.items()}
        pg.execute(_MARK, _rows(connection, errors, errors))


def missing(
    connection: Connection,
    *,
    listed: Collection[str],
    scope: tuple[str, str] | None,
    seen: Collection[Key],
    before: datetime,
) -> tuple[list[Key], int]:
    """Return the records of the listed kinds (within the scope) that a complete listing did not hold, and how many there are in all.

    What was written after `before`, the start of the listing, is left alone: it may have come by another way meanwhile.
    """
    params = {
        "tenant": connection.tenant_id,
        "connection": connection.pk,
        "listed": list(listed),
        "before": before,
    }
    sql = _ALIVE
    if scope is not None:
        sql += " AND r.payload ->> %(scope_key)s = %(scope_value)s"
        params |= {"scope_key": scope[0], "scope_value": scope[1]}
    rows = pg.fetch(sql, params)
    return [(kind, id_) for kind, id_, older in rows if older and (kind, id_) not in seen], len(rows)


def declare_gone(connection: Connection, keys: Collection[Key]) -> list[Record]:
    """Note that upstream no longer has these records; return those for which this is news, as they last were."""
    return list(_records(pg.fetch(_GONE, _rows(connection, keys))).values()) if keys else []


def batch(connection: Connection, *, after: int, limit: int) -> tuple[list[Record], int]:
    """Return the next kept records that are not gone, by id, and the id to go on after. Empty at the end."""
    params = {"tenant": connection.tenant_id, "connection": connection.pk, "after": after, "limit": limit}
    rows = pg.fetch(_BATCH, params)
    records = [Record(kind, id_, jsontext.loads(payload)) for _, kind, id_, payload in rows]
    return records, int(rows[-1][0]) if rows else after


def restamp(connection: Connection, records: Sequence[Record], *, version: int) -> None:
    """Note that these records were mapped by this version of the mapper, so that the next sync finds them unchanged."""
    hashes = {
        (record.kind, record.external_id): {
            "content_hash": f"\\x{_hash(jsontext.canonical(record.payload), version).hex()}"
        }
        for record in records
    }
    pg.execute(_RESTAMP, _rows(connection, hashes, hashes))
