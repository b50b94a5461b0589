"""How facts arrive: connections, runs, raw records, the webhook inbox, and imported files."""

from sync.models.connection import Connection
from sync.models.delivery import InboundDelivery, Webhook
from sync.models.file_import import FileImport, ImportedLine, StatementFormat
from sync.models.record import RawRecord
from sync.models.run import SyncRun

__all__ = [
    "Connection",
    "FileImport",
    "ImportedLine",
    "InboundDelivery",
    "RawRecord",
    "StatementFormat",
    "SyncRun",
    "Webhook",
]
