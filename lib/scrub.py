"""What a log line must not say: secrets and personal data. A processor of structlog that stands last before a line is written.

A value under a telling name goes whatever it holds; inside other texts what looks like a secret or a person goes. Numbers stay numbers.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from lib import documents

HIDDEN: Final = "•••"
# Words of a key, as between underscores and hyphens.
_WORDS: Final = frozenset(
    "password passwd passphrase secret secrets token tokens jwt authorization auth cookie cookies credential credentials sealed "
    "apikey otp totp csrftoken sessionid cpf cnpj document email mail phone iban pix address ip".split()
)
_PAIRS: Final = ("api_key", "private_key", "access_key", "encryption_key", "secret_key")
_DEEPEST: Final = 6
_PATTERNS: Final = (
    re.compile(r"eyJ[\w-]{4,}\.[\w-]+\.[\w-]*"),  # JWT
    re.compile(r"(?i)\b(?:bearer|basic|api-key)\s+[\w.+/=-]{8,}"),
    re.compile(r"\bpk_[\w-]{8,}"),  # our own keys
    re.compile(r"(?<=://)[^/\s@]*:[^/\s@]*(?=@)"),  # user:password@ of an address
    re.compile(r"(?<=/webhooks/)\w+/[\w-]{8,}"),  # who knows the path may write to it
    re.compile(
        r"(?i)(?<=[?&])(?:token|key|secret|password|code|state|apikey|api_key|access_token)=[^&\s\"']*"
    ),
    re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),  # e-mail
    re.compile(r"\b\d{3}\.\d{3}\.\d{3}-\d{2}\b"),  # CPF as people write it
    re.compile(r"\b[\dA-Z]{2}\.[\dA-Z]{3}\.[\dA-Z]{3}/[\dA-Z]{4}-\d{2}\b"),  # CNPJ as people write it
)
_BARE = re.compile(r"(?<![\w.,-])(?:\d{11}|[\dA-Z]{12}\d{2})(?![\w-])")


def processor(logger: Any, method: str, line: dict[str, Any]) -> dict[str, Any]:
    """Return the line without secrets and personal data (a structlog processor)."""
    return {name: value if name.startswith("_") else _value(name, value, 0) for name, value in line.items()}


def lift_route(logger: Any, method: str, line: dict[str, Any]) -> dict[str, Any]:
    """Name the route instead of the path in Django's own line of a failed request: paths hold ids, names and tokens of webhooks."""
    record = line.get("_record")
    request = getattr(record, "request", None)
    if record is not None and record.name == "django.request" and request is not None:
        match = getattr(request, "resolver_match", None)
        what = str(line["event"]).partition(": ")[0]
        line["event"] = f"{what}: {match.route if match else 'unmatched'}"
    return line


def text(words: str) -> str:
    """Return the text without what looks like a secret, an e-mail address, a CPF or a CNPJ."""
    for pattern in _PATTERNS:
        words = pattern.sub(HIDDEN, words)
    return _BARE.sub(
        lambda found: HIDDEN if documents.valid_or_blank(found.group()) else found.group(), words
    )


def _value(name: str, value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if _tells(name):
        return HIDDEN
    if isinstance(value, str):
        return text(value)
    if isinstance(value, int | float):
        return value
    if depth >= _DEEPEST:
        return HIDDEN
    if isinstance(value, Mapping):
        return {str(key): _value(str(key), inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_value("", inner, depth + 1) for inner in value]
    return text(str(value))


def _tells(name: str) -> bool:
    words = re.split(r"[\W_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())
    return not _WORDS.isdisjoint(words) or any(pair in "_".join(words) for pair in _PAIRS)
