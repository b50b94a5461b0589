"""What a failed HTTP call means, told once for all providers: try again when, or who must do what.

The sentences are shown on pages; `Sentence` keeps the template, so that a page can say it in the reader's language. Texts of upstream
are shown only as `lib.http` redacted them.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, Protocol

from lib import http
from sync.providers.base import UpstreamError
from sync.providers.statement import Sentence

SOON: Final = timedelta(minutes=1)
LATER: Final = timedelta(minutes=5)
_LEAST: Final = timedelta(seconds=1)
_BUSY: Final = frozenset({408, 425, 429})
_REFUSED: Final = frozenset({401, 402, 403})

Spend = Callable[[str], None]
"""Takes one request for the named endpoint from the connection's budget: waits a moment, or raises UpstreamError when it is used up."""


class OpenHttp(Protocol):
    """Opens the way out to one upstream: `lib.http.Client`, or a partial of it with patience, transport and allowed addresses."""

    def __call__(
        self,
        base_url: str,
        *,
        headers: dict[str, str] | None = None,
        secrets: tuple[str, ...] = (),
        before: Spend | None = None,
    ) -> http.Client: ...


def judge(error: http.HttpError, upstream: str) -> UpstreamError:
    """Return what an HTTP failure means for the connection. `upstream` is the product's name."""
    if isinstance(error, http.StatusError):
        return _judge_status(error, upstream)
    if isinstance(error, http.AddressRefused):
        return UpstreamError(
            Sentence(
                "The address of %(upstream)s is not allowed: %(detail)s. Correct it in the connection.",
                upstream=upstream,
                detail=str(error),
            ),
            needs_person=True,
        )
    if isinstance(error, http.BadAnswer):
        return unreadable(upstream, str(error))
    return UpstreamError(
        Sentence(
            "%(upstream)s did not answer in time or cannot be reached. The next try comes by itself.",
            upstream=upstream,
        ),
        retry_after=SOON,
    )


def unreadable(upstream: str, detail: str) -> UpstreamError:
    """Return the error for an answer that is no use: cut, no JSON, or not in the documented shape."""
    return UpstreamError(
        Sentence(
            "%(upstream)s sent an answer that cannot be read (%(detail)s). The next try comes by itself.",
            upstream=upstream,
            detail=detail[:200],
        ),
        retry_after=LATER,
    )


def _judge_status(error: http.StatusError, upstream: str) -> UpstreamError:
    if error.status in _REFUSED:
        return refused(upstream)
    if error.status in _BUSY:
        wait = max(error.retry_after or SOON, _LEAST)
        return UpstreamError(
            Sentence("%(upstream)s asks for fewer requests. It goes on by itself.", upstream=upstream),
            retry_after=wait,
        )
    if error.status >= 500:
        return UpstreamError(
            Sentence(
                "%(upstream)s has a problem of its own (status %(status)s). The next try comes by itself.",
                upstream=upstream,
                status=error.status,
            ),
            retry_after=max(error.retry_after or SOON, _LEAST),
        )
    if error.status == 404:
        return UpstreamError(
            Sentence(
                "%(upstream)s does not know the address that was asked. Check the base address in the connection.",
                upstream=upstream,
            )
        )
    return UpstreamError(
        Sentence("%(upstream)s refused the request: %(detail)s", upstream=upstream, detail=str(error)[:300])
    )


def refused(upstream: str) -> UpstreamError:
    """Return the error for credentials that upstream does not take."""
    return UpstreamError(
        Sentence(
            "%(upstream)s refused the credentials. Enter them again in the connection.", upstream=upstream
        ),
        needs_person=True,
    )


def missing(upstream: str, names: list[str]) -> UpstreamError:
    """Return the error for credentials that were never entered."""
    return UpstreamError(
        Sentence(
            "%(names)s of %(upstream)s are missing. Enter them in the connection.",
            upstream=upstream,
            names=", ".join(names),
        ),
        needs_person=True,
    )


def unsendable(upstream: str, names: list[str]) -> UpstreamError:
    """Return the error for credentials with a letter that none has: a pasted dash, an accent, a line break."""
    return UpstreamError(
        Sentence(
            "%(names)s of %(upstream)s hold a character that no key has (an accent, a long dash, a line break). Copy them again.",
            upstream=upstream,
            names=", ".join(names),
        ),
        needs_person=True,
    )


def rows_of(data: Any, key: str, upstream: str) -> list[dict[str, Any]]:
    """Return the list of objects under `key`. Raises UpstreamError when it is none: null must not read as "no more rows"."""
    rows = data.get(key) if isinstance(data, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise unreadable(upstream, f"{key} is not a list of objects")
    return rows
