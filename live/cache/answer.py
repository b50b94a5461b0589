"""What the cache holds and what it answers."""

import hashlib
from dataclasses import dataclass
from typing import Literal

import orjson

State = Literal["HIT", "MISS", "STALE"]


@dataclass(frozen=True, slots=True)
class Stored:
    """A value as every tier holds it: two lines of JSON. The first says when it was computed (Unix seconds) and its validator."""

    at: float
    tag: str
    body: bytes

    @classmethod
    def of(cls, body: bytes, *, at: float) -> "Stored":
        """Return the JSON `body` with its validator."""
        return cls(at, _tag(body), body)

    def pack(self) -> bytes:
        """Return both lines."""
        return b'{"at":%.3f,"tag":"%s"}\n' % (self.at, self.tag.encode()) + self.body

    @classmethod
    def unpack(cls, packed: bytes) -> "Stored | None":
        """Return the value; None for what we did not write, which is as good as nothing there."""
        head, _, body = packed.partition(b"\n")
        try:
            found = orjson.loads(head)
            return cls(float(found["at"]), str(found["tag"]), body) if body else None
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            return None

    @property
    def is_whole(self) -> bool:
        """Return whether the body is the one that the validator was made of."""
        return _tag(self.body) == self.tag


def _tag(body: bytes) -> str:
    return hashlib.blake2b(body, digest_size=12).hexdigest()


@dataclass(frozen=True, slots=True)
class Answer:
    """A cached answer: its JSON bytes, where it came from, how old it is in seconds, how long it is fresh, and its validator."""

    body: bytes
    state: State
    age: int
    ttl: int
    tag: str

    @property
    def etag(self) -> str:
        """Return the strong validator of exactly these bytes."""
        return f'"{self.tag}"'


def headers(answer: Answer) -> dict[str, str]:
    """Return the cache headers of an API answer."""
    return {
        "X-Cache": answer.state,
        "Age": str(answer.age),
        "ETag": answer.etag,
        "Vary": "Authorization, Cookie, X-Tenant",
        "Cache-Control": f"private, max-age={answer.ttl}, stale-while-revalidate={answer.ttl // 2}",
    }
