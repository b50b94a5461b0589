"""Backups: what is written, where it lies, how long it is kept, and the proof that it can be brought back.

`services` backs up, `restoring` brings back, `rehearsal` proves it; docs/runbook.md says when to use which.
"""


class BackupError(Exception):
    """A backup, restore or rehearsal cannot be done. The message is a sentence for the operator and says what to do."""


class Busy(BackupError):
    """Another backup, restore or rehearsal of this database runs at this moment."""
