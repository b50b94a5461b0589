"""The one way out: HTTP with time limits, bounded retries, a size limit, exact JSON, redaction, and no private addresses.

    with http.Client("https://api.example.com", headers={"X-KEY": key}, secrets=[key], before=spend) as api:
        rows = api.get("/sales", params={"page": 1}, endpoint="sales").data

`transport` takes `httpx2.MockTransport` in tests. A client belongs to one thread.
"""

import random
import re
import ssl
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from types import TracebackType
from typing import Any, Final

import httpcore2
import httpx2
import structlog

from lib import jsontext, network

log = structlog.get_logger(__name__)
USER_AGENT: Final = "Painel/1 (+sync)"
IDEMPOTENT: Final = frozenset({"GET", "HEAD", "PUT", "DELETE"})
AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
EXCERPT: Final = 300  # characters of an error body that a message may show
_TOKEN = re.compile(r"eyJ[\w-]{4,}\.[\w-]+\.[\w-]*|(?i:bearer|basic)\s+[\w.+/=-]{8,}")


class HttpError(Exception):
    """A request brought no usable answer. The message is redacted and fit for people who know HTTP."""


class AddressRefused(HttpError):
    """The address is private, is not https, or the answer was a redirect: nothing was sent there."""


class Unreachable(HttpError):
    """No complete answer arrived: name, connection, TLS, time limit, or the connection broke."""


class BadAnswer(HttpError):
    """An answer arrived and is no use: too large, no JSON, cut, or packed in an unknown way."""


class StatusError(HttpError):
    """Upstream answered with 400 or more. `retry_after` is what it asked for; `data` its JSON when it is JSON."""

    def __init__(
        self, message: str, *, status: int, data: Any = None, retry_after: timedelta | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.data = data
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a client waits and how much it takes: seconds, attempts and bytes."""

    connect: float = 5.0
    read: float = 20.0
    total: float = 45.0  # of one attempt, however slowly the bytes drip
    attempts: int = 3
    longest_wait: float = (
        15.0  # between attempts; when upstream asks for more, the caller gets the error instead
    )
    max_bytes: int = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Response:
    """A good answer. `data` is the JSON with Decimal fractions, None for an empty body; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    data: Any


@dataclass(slots=True)
class Counters:
    """What a client has cost: requests sent (each attempt counts), seconds spent in them, bytes received."""

    requests: int = 0
    seconds: float = 0.0
    bytes: int = 0


# Goes around every attempt, with the client's name and the method; may add headers, sees the error that ends the attempt.
Watcher = Callable[[str, str], AbstractContextManager[Mapping[str, str]]]


def _nobody(name: str, method: str) -> AbstractContextManager[Mapping[str, str]]:
    return nullcontext({})


_watcher: Watcher = _nobody


def watch(watcher: Watcher) -> None:
    """Let somebody measure every attempt of every client. Called once, at the start of the process."""
    global _watcher
    _watcher = watcher


@dataclass(slots=True)
class _Secrets:
    """Texts that must not appear in any message."""

    known: set[str] = field(default_factory=set)

    def hide(self, text: str) -> str:
        for secret in sorted(self.known, key=len, reverse=True):
            text = text.replace(secret, "•••")
        return _TOKEN.sub("•••", text)


class Client:
    """Sends requests to one upstream. `before` is called with the endpoint's name ahead of every attempt and may wait or raise."""

    def __init__(
        self,
        base_url: str,
        *,
        name: str = "",
        headers: Mapping[str, str] | None = None,
        secrets: Iterable[str] = (),
        before: Callable[[str], None] | None = None,
        allow_private: bool = False,
        patience: Patience | None = None,
        transport: httpx2.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name or "other"  # in figures and traces; an address would be endless, or a secret
        self.patience = patience or Patience()
        self.counters = Counters()
        self._secrets = _Secrets()
        self.keep_secret(*secrets)
        self._base = _checked_base(base_url, allow_private=allow_private)
        self._before = before
        self._sleep = sleep
        self._http = httpx2.Client(
            headers={"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "gzip"}
            | dict(headers or {}),
            transport=transport or _CheckedTransport(allow_private=allow_private),
            timeout=httpx2.Timeout(self.patience.read, connect=self.patience.connect),
            follow_redirects=False,
            trust_env=False,
        )

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def keep_secret(self, *secrets: str) -> None:
        """Hide these texts from every message from now on (a token learned from upstream)."""
        self._secrets.known |= {secret for secret in secrets if len(secret) >= 4}

    def get(
        self, path: str, *, params: Mapping[str, Any] | None = None, endpoint: str = "", **options: Any
    ) -> Response:
        """Return the answer of a GET. Options and errors: see `send`."""
        return self.send("GET", path, params=params, endpoint=endpoint, **options)

    def post(self, path: str, *, json: Any = None, endpoint: str = "", **options: Any) -> Response:
        """Return the answer of a POST. It is sent once unless `repeatable=True`. Options and errors: see `send`."""
        return self.send("POST", path, json=json, endpoint=endpoint, **options)

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        endpoint: str = "",
        repeatable: bool | None = None,
        parse: bool = True,
        status_only: bool = False,
    ) -> Response:
        """Return the answer below 300, trying again where that is safe.

        `endpoint` names the budget. `repeatable` says that sending twice does no harm (default: GET, HEAD, PUT, DELETE); a request
        that upstream refused with 429 or 503 did nothing and is always tried again. `parse=False` leaves the body as bytes;
        `status_only` does not read that of a good answer, however long, slow or packed it is.
        Raises AddressRefused, Unreachable, BadAnswer or StatusError.
        """
        content = None if json is None else jsontext.canonical(json)
        try:
            request = self._http.build_request(
                method,
                self._base + path,
                params={name: value for name, value in (params or {}).items() if value is not None} or None,
                content=content,
                headers=dict(headers or {}) | ({"Content-Type": "application/json"} if content else {}),
            )
        except httpx2.InvalidURL as error:
            raise AddressRefused("this cannot stand in an address") from error
        safe = method in IDEMPOTENT if repeatable is None else repeatable
        for attempt in range(1, self.patience.attempts + 1):
            try:
                return self._attempt(request, endpoint or path, parse=parse, status_only=status_only)
            except (Unreachable, BadAnswer, StatusError) as error:
                wait = self._wait(error, attempt, safe=safe)
                if wait is None:
                    raise
                log.info("upstream_again", error=str(error), attempt=attempt, wait=round(wait, 2))
                self._sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    def _wait(self, error: HttpError, attempt: int, *, safe: bool) -> float | None:
        """Return the seconds to wait before the next attempt, or None when there is to be none."""
        status = error.status if isinstance(error, StatusError) else None
        refused = status in {429, 503}
        if attempt >= self.patience.attempts or not (safe or refused):
            return None
        if status is not None and status not in AGAIN:
            return None
        jitter = random.uniform(0.5, 1)  # noqa: S311 - spreads load, keeps no secret
        backoff = min(0.25 * float(2**attempt), self.patience.longest_wait) * jitter
        asked = error.retry_after if isinstance(error, StatusError) else None
        if asked is None:
            return backoff
        seconds = asked.total_seconds()
        return None if seconds > self.patience.longest_wait else max(seconds, backoff)

    def _attempt(self, request: httpx2.Request, endpoint: str, *, parse: bool, status_only: bool) -> Response:
        if self._before is not None:
            self._before(endpoint)
        with _watcher(self.name, request.method) as more_headers:
            request.headers.update(more_headers)
            return self._exchange(request, parse=parse, status_only=status_only)

    def _exchange(self, request: httpx2.Request, *, parse: bool, status_only: bool) -> Response:
        self.counters.requests += 1
        started = time.monotonic()
        held = network.deadline.set(started + self.patience.total)
        where = f"{request.method} {request.url.host}{request.url.path}"
        try:
            answer = self._http.send(request, stream=True)
            try:
                body = self._reason_given(answer) if status_only else self._body(answer)
            finally:
                answer.close()
        except network.AddressRefused as error:
            raise AddressRefused(f"{where}: the address is not on the public internet") from error
        except (httpx2.HTTPError, httpx2.InvalidURL, ssl.SSLError) as error:
            raise Unreachable(self._secrets.hide(f"{where}: {_reason(error)}")) from error
        except BadAnswer as error:
            raise BadAnswer(f"{where}: {error}") from error
        finally:
            network.deadline.reset(held)
            self.counters.seconds += time.monotonic() - started
        return self._judge(where, answer, body, parse=parse)

    def _judge(self, where: str, answer: httpx2.Response, body: bytes, *, parse: bool) -> Response:
        status = answer.status_code
        if 300 <= status < 400:
            raise AddressRefused(f"{where}: answered with a redirect, which is not followed")
        if status >= 400:
            shown = self._secrets.hide(body[: EXCERPT * 4].decode("utf-8", "replace"))[:EXCERPT]
            raise StatusError(
                f"{where}: {status} {shown}".strip(),
                status=status,
                data=_json_or_none(body),
                retry_after=retry_after(answer.headers.get("retry-after", "")),
            )
        try:
            data = jsontext.loads(body) if parse and body else None
        except ValueError as error:
            shown = self._secrets.hide(body[:80].decode("utf-8", "replace"))
            raise BadAnswer(f"{where}: the answer is not JSON or is cut: {shown!r}") from error
        return Response(status, dict(answer.headers), body, data)

    def _reason_given(self, answer: httpx2.Response) -> bytes:
        """Return the body of an error as far as it can be read: its status counts all the same."""
        if answer.status_code < 300:
            return b""
        try:
            return self._body(answer)
        except (BadAnswer, httpx2.HTTPError):
            return b""

    def _body(self, answer: httpx2.Response) -> bytes:
        """Return the unpacked body. Counts while it unpacks, so that a small answer cannot swell."""
        packed = answer.headers.get("content-encoding", "identity").lower()
        if packed not in {"identity", "gzip", "deflate", ""}:
            raise BadAnswer(f"packed as {packed}, which was not asked for")
        unpack = zlib.decompressobj(zlib.MAX_WBITS | 32) if packed in {"gzip", "deflate"} else None
        limit, parts, size = self.patience.max_bytes, [], 0
        for chunk in _chunks(answer):
            self.counters.bytes += len(chunk)
            try:
                part = unpack.decompress(chunk, limit - size + 1) if unpack else chunk
            except zlib.error as error:
                raise BadAnswer("the packed answer is damaged") from error
            size += len(part)
            if size > limit:
                raise BadAnswer(f"the answer is larger than {limit // 1024 // 1024} MB")
            parts.append(part)
        if unpack is not None and size and not unpack.eof:
            raise BadAnswer("the packed answer is cut")
        return b"".join(parts)


class _CheckedTransport(httpx2.HTTPTransport):
    """The transport of httpx2 over connections that `lib.network` opens."""

    def __init__(self, *, allow_private: bool) -> None:
        super().__init__(verify=_tls(), trust_env=False)
        self._pool = httpcore2.ConnectionPool(
            ssl_context=_tls(),
            max_connections=4,
            keepalive_expiry=30,
            network_backend=network.CheckedBackend(allow_private=allow_private),
        )


@cache
def _tls() -> ssl.SSLContext:
    """Return the one TLS context; reading the certificates takes 20 ms."""
    return httpx2.create_ssl_context(trust_env=False)


def _chunks(answer: httpx2.Response) -> Iterable[bytes]:
    """Return the body as it came; a response made by a test transport may have been read already."""
    return [answer.content] if answer.is_stream_consumed else answer.iter_raw()


def _checked_base(base_url: str, *, allow_private: bool) -> str:
    try:
        url = httpx2.URL(base_url)
    except httpx2.InvalidURL as error:
        raise AddressRefused("the address must look like https://host") from error
    if url.scheme not in {"https", "http"} or not url.host or url.userinfo:
        raise AddressRefused("the address must look like https://host")
    if url.scheme == "http" and not allow_private:
        raise AddressRefused(f"{url.host}: only https leaves this installation")
    return base_url.rstrip("/")


def _reason(error: Exception) -> str:
    """Return what went wrong, in words; most exceptions of the library have a name and no text."""
    if isinstance(error, httpx2.TimeoutException):
        return "no answer in time"
    return str(error) or type(error).__name__


def _json_or_none(body: bytes) -> Any:
    try:
        return jsontext.loads(body) if body else None
    except ValueError:
        return None


def retry_after(header: str) -> timedelta | None:
    """Return the wait that a Retry-After header asks for (seconds or an HTTP date), at least zero; None when it says nothing readable."""
    word = header.strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", word):
        return timedelta(seconds=float(word))
    try:
        moment = parsedate_to_datetime(word)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(timedelta(), moment - datetime.now(UTC))
