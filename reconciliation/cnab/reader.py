"""The one way in: bytes to ReturnFile."""

from reconciliation.cnab.cnab240 import read_240
from reconciliation.cnab.cnab400 import read_400
from reconciliation.cnab.records import ReturnFile
from reconciliation.cnab.text import lines_of
from sync.providers.statement import Notes


def read(data: bytes) -> ReturnFile:
    """Return what a return file of the collection says, whatever its name. Raises CnabError, and nothing else, for any bytes.

    What could be read but is odd (counts that differ, unknown codes, days that are none) is in `warnings`, each with its line.
    """
    notes = Notes()
    width, lines = lines_of(data, notes)
    return read_240(lines, notes) if width == 240 else read_400(lines, notes)
