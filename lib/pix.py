"""Pix identifiers in the texts of bank lines: EndToEndId, return id and txid.

Formats: Banco Central do Brasil, "Manual de Fluxos do Processo de Efetivação do Pix" and the Pix API. Ids are case-sensitive, but some
banks print them in capitals: compare with `key`. An ISPB may hold letters one day, as the CNPJ does.
"""

import re
from datetime import UTC, datetime

_SYSTEM_ID = r"[0-9A-Za-z]{8}20[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?:[01][0-9]|2[0-3])[0-5][0-9][0-9A-Za-z]{11}"
_END_TO_END = re.compile(rf"(?<![0-9A-Za-z])[Ee]{_SYSTEM_ID}(?![0-9A-Za-z])")
_RETURN = re.compile(rf"(?<![0-9A-Za-z])[Dd]{_SYSTEM_ID}(?![0-9A-Za-z])")
_NAMED_TXID = re.compile(r"\btx\s?id\b[\s:=#.\-]{0,3}([0-9A-Za-z]{1,35})(?![0-9A-Za-z])", re.IGNORECASE)
_BARE_TXID = re.compile(r"(?<![0-9A-Za-z])[0-9A-Za-z]{26,35}(?![0-9A-Za-z])")


def end_to_end_ids(text: str) -> tuple[str, ...]:
    """Return the EndToEndIds in a text as they stand there, in order, each once."""
    return tuple(dict.fromkeys(match[0] for match in _END_TO_END.finditer(text) if _instant(match[0])))


def return_ids(text: str) -> tuple[str, ...]:
    """Return the ids of Pix returns ("devoluções") in a text: like an EndToEndId, with D in front."""
    return tuple(dict.fromkeys(match[0] for match in _RETURN.finditer(text) if _instant(match[0])))


def txids(text: str) -> tuple[str, ...]:
    """Return the txids in a text, in order, each once.

    Named ones ("txid: PED123") of any length; others only as dynamic charges have them, 26 to 35 letters and digits, with both in them:
    a row of digits alone may as well be a barcode or an account.
    """
    found = [(match.start(1), match[1]) for match in _NAMED_TXID.finditer(text)]
    found += [(match.start(), match[0]) for match in _BARE_TXID.finditer(text) if _may_be_txid(match[0])]
    return tuple(dict.fromkeys(txid for _, txid in sorted(found)))


def initiated_at(identifier: str) -> datetime:
    """Return the minute in which a Pix (or its return) was started, aware, UTC. Raises ValueError for what is no such id."""
    instant = _instant(identifier)
    if instant is None or not (_END_TO_END.fullmatch(identifier) or _RETURN.fullmatch(identifier)):
        raise ValueError(f"not an EndToEndId: {identifier!r}")
    return instant


def ispb(identifier: str) -> str:
    """Return the eight characters that name the institution which started it. Raises ValueError for what is no such id."""
    initiated_at(identifier)
    return identifier[1:9].upper()


def key(identifier: str) -> str:
    """Return the id for comparisons with texts that may have lost its case."""
    return identifier.upper()


def _instant(identifier: str) -> datetime | None:
    try:
        return datetime.strptime(identifier[9:21], "%Y%m%d%H%M").replace(tzinfo=UTC)
    except ValueError:  # February 30th
        return None


def _may_be_txid(word: str) -> bool:
    if _END_TO_END.fullmatch(word) or _RETURN.fullmatch(word):
        return False
    return any(sign.isdigit() for sign in word) and any(sign.isalpha() for sign in word)
