"""Text as it is compared and sorted."""

import re
import unicodedata


def fold(text: str) -> str:
    """Return the text without accents, in lower case, with single blanks: what names are sorted and searched by.

    The embedded PostgreSQL has no ICU collations, so the folded text is stored beside the name.
    """
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(text.split()).casefold()


def clean(text: object, limit: int) -> str:
    """Return text fit for a column: None is empty, NUL, control characters and halves of surrogate pairs go, at most `limit` characters stay."""
    if text is None:
        return ""
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]", " ", str(text)).strip()[:limit]


def is_one_line(text: str) -> bool:
    """Return whether the text prints as one line as it stands: no control characters, line ends or marks that turn the reading direction.

    Names go into mail headers, file names and page titles, where such a character starts something else.
    """
    return not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)
