"""Sentences of the pure parts, said in the language of the installation: they are stored in rows that everybody reads."""

from typing import Final

from django.conf import settings
from django.utils.translation import gettext, override

from sync.providers.base import UpstreamError
from sync.providers.statement import Sentence, StatementError

MOST: Final = 1_000  # characters of a stored sentence


def say(thing: object) -> str:
    """Return what an error or a sentence says. A text without a template, such as upstream's own, comes back as it is."""
    if isinstance(thing, UpstreamError | StatementError):
        thing = thing.args[0] if thing.args else ""
    with override(settings.LANGUAGE_CODE):
        if isinstance(thing, Sentence):
            return (gettext(thing.template) % thing.values)[:MOST]
        return str(thing)[:MOST]
