"""What changes connections, runs and bank consents. One verb a function; views, commands and tasks call them."""

from sync.services.banks import finish_bank_connection, start_bank_connection
from sync.services.connections import (
    connect,
    pause,
    reconnect,
    remove,
    rename,
    resume,
    test_connection,
    update_credentials,
)
from sync.services.remapping import remap
from sync.services.runs import (
    NotReady,
    RunLost,
    beat,
    claim,
    fail,
    finish,
    prune,
    queue_due,
    request_sync,
    sweep_stale,
)

__all__ = [
    "NotReady",
    "RunLost",
    "beat",
    "claim",
    "connect",
    "fail",
    "finish",
    "finish_bank_connection",
    "pause",
    "prune",
    "queue_due",
    "reconnect",
    "remap",
    "remove",
    "rename",
    "request_sync",
    "resume",
    "start_bank_connection",
    "sweep_stale",
    "test_connection",
    "update_credentials",
]
