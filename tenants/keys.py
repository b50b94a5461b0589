"""API keys as text: `pk_<prefix>_<secret>`. The prefix finds the row, the hash of the secret proves the key."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from tenants.models import ApiKey

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
    row = usable().filter(prefix=prefix).first() if mark == "pk" and len(prefix) <= 12 else None
    proven = hmac.compare_digest(row.secret_hash if row else _NOBODY, hash_of(secret))
    return row if row and proven else None


def by_id(key_id: int) -> ApiKey | None:
    """Return the key of this id if it may still be used, with its tenant."""
    return usable().filter(pk=key_id).first()


def usable() -> QuerySet[ApiKey]:
    """Return the keys that open a door at this moment."""
    return ApiKey.objects.select_related("tenant").filter(
        Q(expires_at=None) | Q(expires_at__gt=Now()), revoked_at=None, tenant__is_active=True
    )
