"""API keys as text: `pk_<prefix>_<secret>`. The prefix finds the row, the hash of the secret proves the key."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from functools import cache
from typing import Final

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from lib import pg
from tenants.models import ApiKey, Tenant

PREFIX_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
_NOBODY: Final = "0" * 64  # compared when no row was found, so that both answers take the same work


@dataclass(frozen=True, slots=True)
class FreshKey:
    """A key at the only moment when it is known: `text` goes to the person, `prefix` and `secret_hash` to the row."""

    text: str
    prefix: str
    secret_hash: str


def fresh() -> FreshKey:
    """Return a new key: 12 characters that name it and 256 random bits that prove it."""
    prefix, secret = "".join(secrets.choice(PREFIX_LETTERS) for _ in range(12)), secrets.token_urlsafe(32)
    return FreshKey(f"pk_{prefix}_{secret}", prefix, hash_of(secret))


def hash_of(secret: str) -> str:
    """Return the SHA-256 of a secret in hexadecimal. No slow hash: 256 random bits cannot be guessed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def find(text: str) -> ApiKey | None:
    """Return the usable key that `text` spells, with its tenant; None when unknown, wrong, revoked, expired or of a closed company."""
    mark, _, rest = text.partition("_")
    prefix, _, secret = rest.partition("_")
    row = _one("prefix", prefix) if mark == "pk" and len(prefix) <= 12 else None
    proven = hmac.compare_digest(row.secret_hash if row else _NOBODY, hash_of(secret))
    return row if row and proven else None


def by_id(key_id: int) -> ApiKey | None:
    """Return the key of this id if it may still be used, with its tenant."""
    return _one("id", key_id)


def usable() -> QuerySet[ApiKey]:
    """Return the keys that open a door at this moment."""
    return ApiKey.objects.select_related("tenant").filter(
        Q(expires_at=None) | Q(expires_at__gt=Now()), revoked_at=None, tenant__is_active=True
    )


def _one(column: str, value: str | int) -> ApiKey | None:
    """Return the usable key whose `column` (a unique one) has this value, with its tenant."""
    sql, names, tenant_names = _statement(column)
    rows = pg.fetch(sql, [value])
    if not rows:
        return None
    found = ApiKey.from_db(DEFAULT_DB_ALIAS, names, rows[0][: len(names)])
    found.tenant = Tenant.from_db(DEFAULT_DB_ALIAS, tenant_names, rows[0][len(names) :])
    return found


@cache
def _statement(column: str) -> tuple[str, list[str], list[str]]:
    """Return the SQL of `usable()` for one value of this column, and the fields of both models in its order.

    Every request of a program looks its key up, and building this statement anew costs more than everything else in a cached answer.
    """
    query = usable().filter(**{column: 0}).order_by().query
    sql, params = query.get_compiler(DEFAULT_DB_ALIAS).as_sql()
    assert len(params) == 1, "everything else in it is the same at every call"
    key, tenant = ([field.attname for field in model._meta.concrete_fields] for model in (ApiKey, Tenant))
    return sql, key, tenant
