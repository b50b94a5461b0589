"""Refusals as Pluggy words them."""

from typing import Any

from sync.sandbox.http import Response, reply


def error(code: int, message: str, description: str | None = None, **more: Any) -> Response:
    """Return `{code, message, codeDescription?, …}` with that status."""
    body: dict[str, Any] = {"code": code, "message": message}
    if description:
        body["codeDescription"] = description
    return reply(body | more, code)
