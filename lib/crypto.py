"""Secrets at rest: Fernet (AES-128-CBC with HMAC) under rotating keys. Settings name the keys, newest first."""

import json
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class SecretUnreadable(Exception):
    """None of FIELD_ENCRYPTION_KEYS opens this secret: a key was removed before `manage.py rotate_keys` ran."""


@cache
def _box(keys: tuple[str, ...]) -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        raise ImproperlyConfigured(
            "FIELD_ENCRYPTION_KEYS holds a key that is not 32 url-safe base64 bytes."
        ) from error


def seal(secret: dict[str, str]) -> str:
    """Return the secret encrypted with the newest key, as text for a column."""
    return _box(tuple(settings.FIELD_ENCRYPTION_KEYS)).encrypt(json.dumps(secret).encode()).decode()


def unseal(token: str) -> dict[str, str]:
    """Return what `seal` was given; an empty text is an empty secret. Raises SecretUnreadable."""
    if not token:
        return {}
    try:
        return dict(json.loads(_box(tuple(settings.FIELD_ENCRYPTION_KEYS)).decrypt(token.encode())))
    except InvalidToken as error:
        raise SecretUnreadable(
            "No key of FIELD_ENCRYPTION_KEYS opens this secret. Put the old key back, or enter the secret again."
        ) from error


def reseal(token: str) -> str:
    """Return the same secret under the newest key. Raises SecretUnreadable."""
    return seal(unseal(token)) if token else token
