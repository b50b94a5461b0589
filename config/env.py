"""How a setting is read: NAME, or NAME_FILE for what a container gets as a mounted secret. A wrong word stops the start."""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

_WORDS = {
    "true": True,
    "1": True,
    "yes": True,
    "on": True,
    "false": False,
    "0": False,
    "no": False,
    "off": False,
}


def text(name: str, default: str | None = None) -> str:
    """Return the variable, or the content of the file that NAME_FILE names; empty counts as not set, as a copied .env.example has it.

    Raises ImproperlyConfigured when neither is set and there is no default.
    """
    path = os.environ.get(f"{name}_FILE")
    if path:
        try:
            value = Path(path).read_text().strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE={path} cannot be read: {error.strerror}.") from error
    else:
        value = os.environ.get(name, "")
    if not value and default is None:
        raise ImproperlyConfigured(
            f"{name} is not set. Set it, or {name}_FILE; .env.example says what it is for."
        )
    return value or default or ""


def flag(name: str, default: bool) -> bool:
    """Return a true/false variable. Raises ImproperlyConfigured on any other word."""
    word = text(name, str(default)).strip().lower()
    if word not in _WORDS:
        raise ImproperlyConfigured(f"{name}={word}: use true or false.")
    return _WORDS[word]


def number(name: str, default: int, *, at_least: int = 0, at_most: int | None = None) -> int:
    """Return a whole number. Raises ImproperlyConfigured when it is none, below `at_least` or above `at_most`."""
    word = text(name, str(default)).strip()
    try:
        value = int(word)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}={word}: use a whole number.") from error
    if value < at_least:
        raise ImproperlyConfigured(f"{name}={value}: use {at_least} or more.")
    if at_most is not None and value > at_most:
        raise ImproperlyConfigured(f"{name}={value}: use {at_most} or less.")
    return value


def words(name: str, default: str = "") -> list[str]:
    """Return a comma-separated list without blanks."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]
