"""Sentences of the pure parts: said now, or kept so that they can be said later in the language of whoever reads them."""

from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext, override

from sync.providers.base import UpstreamError
from sync.providers.statement import Sentence, StatementError

MOST: Final = 1_000  # characters of a stored sentence


def say(thing: object) -> str:
    """Return what an error or a sentence says in the language of the installation: for rows that everybody reads.

    A text without a template, such as upstream's own, comes back as it is.
    """
    with override(settings.LANGUAGE_CODE):
        return tell(thing)


def tell(thing: object) -> str:
    """Return what an error or a sentence says in the language of whoever reads it now."""
    thing = _inner(thing)
    if isinstance(thing, Sentence):
        return (gettext(thing.template) % thing.values)[:MOST]
    return str(thing)[:MOST]


def kept(thing: object) -> dict[str, Any]:
    """Return a sentence as JSON: its template, which is the key of the catalogues, and its values; None for a text without template."""
    thing = _inner(thing)
    if isinstance(thing, Sentence):
        return {"text": thing.template, "values": dict(thing.values)}
    return {"text": str(thing)[:MOST], "values": None}


def said(thing: Any) -> str:
    """Return a kept sentence in the language of whoever reads it now. Text that was stored as such comes back as it is."""
    if not isinstance(thing, dict):
        return str(thing)
    template, values = str(thing["text"]), thing.get("values")
    return template if values is None else (gettext(template) % values)[:MOST]


def _inner(thing: object) -> object:
    if isinstance(thing, UpstreamError | StatementError):
        return thing.args[0] if thing.args else ""
    return thing
