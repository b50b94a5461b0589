"""What a kept record means in the ledger today: its facts, found through its own mapper."""

from ledger.models.source import Fact
from sync import facts, opening
from sync.models import RawRecord
from sync.providers.base import Record


def rows_of(record: RawRecord) -> list[Fact]:
    """Return the facts that the record means, as they are stored. Raises UpstreamError when the connection has no credentials."""
    with opening.provider_of(record.connection) as provider:
        mapped, _unreadable = facts.map_records(
            provider,
            facts.context_of(record.tenant),
            [Record(record.kind, record.external_id, record.payload)],
        )
    found: list[Fact] = []
    for model, external_id in sorted(
        facts.identities(mapped.values()), key=lambda each: (each[0].__name__, each[1])
    ):
        found += model._default_manager.filter(
            tenant_id=record.tenant_id, source_id=record.connection.source_id, external_id=external_id
        )
    return found
