"""What sync needs from any upstream. Implementations are a client (HTTP) and a mapper (payload to drafts), without Django.

A provider never decides when to run and never stores anything: it yields pages and raises errors that carry the decision.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, ClassVar, Protocol
from zoneinfo import ZoneInfo

from ledger.drafts import Draft


@dataclass(frozen=True, slots=True)
class Record:
    """One upstream record as it came. (`kind`, `external_id`) is its identity within a connection, for ever."""

    kind: str
    external_id: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """Some records of one resource, and where to go on after them.

    `cursor` replaces the connection's cursor of `resource` in the transaction that stores the records; None leaves it as it is.
    `listed` is set on the last page of a listing that was read whole and without a gap: records of these kinds (within `scope`, when
    given: a payload key and value, such as ("accountId", "…")) that this listing did not contain are gone upstream.
    `gone` are records that upstream itself reported as deleted.
    """

    resource: str
    records: tuple[Record, ...]
    cursor: dict[str, Any] | None = None
    expected: int | None = None
    listed: tuple[str, ...] = ()
    scope: tuple[str, str] | None = None
    gone: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """What a mapper may know besides the payload: the company's clock and currency."""

    zone: ZoneInfo
    currency: str = "BRL"
    own_documents: frozenset[str] = field(
        default_factory=frozenset
    )  # the company's own CPF/CNPJ: transfers between own accounts


class UpstreamError(Exception):
    """An upstream call failed, and this is what it means.

    `retry_after` says when trying again makes sense; None: it never does by itself. `needs_person`: somebody must act (credentials,
    consent), the message says what. Otherwise the failure is permanent: the request itself is wrong.
    """

    def __init__(
        self, message: str, *, retry_after: timedelta | None = None, needs_person: bool = False
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.needs_person = needs_person


class Unreadable(ValueError):
    """A record cannot be mapped. It is kept raw with this reason and skipped; the rest of its page goes on."""


class Provider(Protocol):
    """One upstream, opened with the credentials and configuration of one connection."""

    kind: ClassVar[str]
    # Raised when the mapper changes its mind: raw records are then mapped again although they did not change.
    mapper_version: ClassVar[int]

    def check(self) -> str:
        """Make the cheapest authenticated call. Return a short description of what was reached. Raises UpstreamError."""
        ...

    def pages(self, *, cursor: Mapping[str, Any], full: bool, today: date) -> Iterator[Page]:
        """Yield what is new since `cursor` (resource → its cursor), or everything when `full`. Raises UpstreamError between pages."""
        ...

    def fetch(self, kind: str, external_id: str) -> Record:
        """Return one record as it is upstream now. Raises UpstreamError; KeyError when upstream does not have it."""
        ...

    def map(self, record: Record, context: Context) -> tuple[Draft, ...]:
        """Return the drafts that a record means (none when it means nothing to the ledger). Raises Unreadable."""
        ...

    def close(self) -> None:
        """Close the connections. The provider is not used afterwards."""
        ...
