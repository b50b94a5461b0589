"""Text as it is compared and sorted."""

import re
import unicodedata


def fold(text: str) -> str:
    """Return the text without accents, in lower case, with single blanks: what names are sorted and searched by.

    The embedded PostgreSQL has no ICU collations, so the folded text is stored beside the name.
    """
    plain = unicodedata.normalize("NFKD", text)
    return re.sub(r"\s+", " ", "".join(c for c in plain if not unicodedata.combining(c))).strip().casefold()


def clean(text: object, limit: int) -> str:
    """Return text fit for a column: None is empty, NUL and control characters go, at most `limit` characters stay."""
    if text is None:
        return ""
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", " ", str(text)).strip()[:limit]
