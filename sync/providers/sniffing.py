"""What a file is by its content; its name and extension are not believed."""

import re

from sync.providers.decoding import is_wide, tidy
from sync.providers.statement import MAX_BYTES, Kind, Sentence, StatementError, gettext_noop

_HEAD = 64 * 1024

_SPREADSHEET = gettext_noop(
    "“%(name)s” is a spreadsheet (%(format)s). Open it and save it as CSV, or export OFX from the bank."
)
_ARCHIVE = gettext_noop(
    "“%(name)s” is a compressed archive (%(format)s) and is not opened here. Unpack it and bring the statement itself, OFX or CSV."
)
_PDF = gettext_noop(
    "“%(name)s” is a document (%(format)s), which cannot be read reliably. Export the statement from the bank as OFX, or else as CSV."
)
_IMAGE = gettext_noop(
    "“%(name)s” is an image (%(format)s). Export the statement from the bank as OFX, or else as CSV."
)
_PAGE = gettext_noop(
    "“%(name)s” is a web page (%(format)s); some banks name it .xls. Open it as a spreadsheet and save it as CSV, or export OFX."
)
_OTHER = gettext_noop(
    "“%(name)s” is no statement that can be read here (%(format)s). Export the statement from the bank as OFX, or else as CSV."
)

_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", _PDF, "PDF"),
    (b"\x1f\x8b", _ARCHIVE, "GZIP"),
    (b"Rar!", _ARCHIVE, "RAR"),
    (b"7z\xbc\xaf\x27\x1c", _ARCHIVE, "7-Zip"),
    (b"BZh", _ARCHIVE, "bzip2"),
    (b"\xfd7zXZ", _ARCHIVE, "xz"),
    (b"\x28\xb5\x2f\xfd", _ARCHIVE, "Zstandard"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _SPREADSHEET, "XLS"),
    (b"\x89PNG", _IMAGE, "PNG"),
    (b"\xff\xd8\xff", _IMAGE, "JPEG"),
    (b"GIF8", _IMAGE, "GIF"),
    (b"II*\x00", _IMAGE, "TIFF"),
    (b"MM\x00*", _IMAGE, "TIFF"),
)
_ZIPPED: tuple[tuple[bytes, str, str], ...] = (  # names inside a ZIP stand in it uncompressed
    (b"xl/workbook.", _SPREADSHEET, "XLSX"),
    (b"opendocument.spreadsheet", _SPREADSHEET, "ODS"),
    (b"word/document.xml", _PDF, "DOCX"),
)
_TEXTS: tuple[tuple[re.Pattern[str], str, str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), template, name)
    for pattern, template, name in (
        (r"<!doctype html|<html|<table|<meta|<head", _PAGE, "HTML"),
        (r"<", _OTHER, "XML"),
        (r"\{\\rtf", _PDF, "RTF"),
        (r"\{\s*[\"}]|\[\s*[\[{]", _OTHER, "JSON"),
        (r"!(?:type|account):", _OTHER, "QIF"),
        (r"[0-9](?:[^\r\n]{239}|[^\r\n]{399})\r?\n[0-9]", _OTHER, "CNAB"),
    )
)
_OFX = re.compile(r"<(?:[A-Za-z0-9]{1,20}:)?OFX[\s>]|OFXHEADER\s*[:=]", re.IGNORECASE | re.ASCII)
_CONTROL = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1a"))


def sniff(data: bytes, name: str) -> Kind:
    """Return "ofx" or "csv". Raises StatementError with what the file is instead and what to do. Nothing is unpacked.

    `data` may be cut one byte past MAX_BYTES: that much is enough to refuse it. `name` is only for the sentence.
    """
    name = tidy(name.replace("\\", "/").rpartition("/")[2], 80) or "?"
    if len(data) > MAX_BYTES:
        raise StatementError(
            Sentence(
                "“%(name)s” is larger than %(limit)d MB. Export shorter periods and import them one by one.",
                name=name,
                limit=MAX_BYTES >> 20,
            )
        )
    if not data.strip(b"\x00\t\r\n \xef\xbb\xbf"):
        raise StatementError(Sentence("“%(name)s” is empty. Export it again from the bank.", name=name))
    # Everything looked for is ASCII, so UTF-16 without its zero bytes will do, and no character can be cut in two.
    head = data[:_HEAD].replace(b"\x00", b"").decode("latin-1")
    refusal = _binary(data)
    if not refusal and _OFX.search(head):
        return "ofx"
    refusal = refusal or _text(head.lstrip("ï»¿ÿþ \t\r\n"))
    if refusal:
        raise StatementError(Sentence(refusal[0], name=name, format=refusal[1]))
    return "csv"


def _binary(data: bytes) -> tuple[str, str] | None:
    """Return the sentence and the format of what is no text."""
    for magic, template, kind in _MAGIC:
        if data.startswith(magic):
            return template, kind
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return next(((template, kind) for part, template, kind in _ZIPPED if part in data), (_ARCHIVE, "ZIP"))
    if data[8:12] == b"WEBP" or data[4:8] == b"ftyp":
        return _IMAGE, "WEBP" if data[8:12] == b"WEBP" else "HEIC"
    head = data[:4096].rstrip(b"\x00")  # padding at the end of a short file is none of its text
    if not is_wide(head) and len(head) - len(head.translate(None, _CONTROL)) > len(head) // 20:
        return _OTHER, "binary"
    return None


def _text(head: str) -> tuple[str, str] | None:
    """Return the sentence and the format of text that is no table."""
    return next(((template, kind) for pattern, template, kind in _TEXTS if pattern.match(head)), None)
