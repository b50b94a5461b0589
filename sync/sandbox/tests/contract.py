"""Holds answers against the published contract of Pluggy (`pluggy_contract.json`: its document, reduced to the paths served here).

The document is OpenAPI 3.1 but says `nullable: true` like 3.0, which JSON Schema does not know; here it becomes a second type.
"""

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

_DOCUMENT = json.loads((Path(__file__).parent / "pluggy_contract.json").read_text())
_FORMATS = FormatChecker(formats=["uuid"])


@_FORMATS.checks("date-time", raises=ValueError)
def _is_instant(text: object) -> bool:
    return not isinstance(text, str) or datetime.fromisoformat(text).tzinfo is not None


def _plain(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {key: _plain(value) for key, value in schema.items() if key != "nullable"}
    if schema.get("nullable") is True and isinstance(schema.get("type"), str):
        plain["type"] = [schema["type"], "null"]
    return plain


_COMPONENTS = _plain(_DOCUMENT["components"])


def problems(method: str, path: str, status: int, answer: Any) -> list[str]:
    """Return what is wrong with an answer; `path` is the template, for example `/items/{id}`."""
    content = _DOCUMENT["paths"][path][method.lower()]["responses"][str(status)]["content"]
    schema = _plain(content["application/json"]["schema"]) | {"components": _COMPONENTS}
    validator = Draft202012Validator(schema, format_checker=_FORMATS)
    return [
        f"{'/'.join(map(str, error.path))}: {error.message[:200]}" for error in validator.iter_errors(answer)
    ]


def unknown_fields(schema_name: str, value: dict[str, Any]) -> set[str]:
    """Return the fields of a value that the schema does not name."""
    return set(value) - set(_COMPONENTS["schemas"][schema_name]["properties"])


def served_paths() -> set[tuple[str, str]]:
    """Return the (method, path template) pairs of the contract."""
    return {(method.upper(), path) for path, methods in _DOCUMENT["paths"].items() for method in methods}


def template(path: str) -> str:
    """Return the template of a concrete path."""
    bare = re.sub(r"[0-9a-f-]{36}", "{id}", path.partition("?")[0])
    return re.sub(r"(?<=/connectors/)\d+|(?<=/categories/)\d+", "{id}", bare)
