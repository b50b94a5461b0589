"""The SQL of reconciliation in numbered files: history stays runnable, because a file is never edited after its release."""

from pathlib import Path


def read(name: str) -> str:
    """Return the text of one file of this folder."""
    return (Path(__file__).parent / name).read_text(encoding="utf-8")
