"""Return files of collection ("arquivos de retorno"), CNAB 240 and 400. Pure: no Django, no database.

`read(data)` gives a ReturnFile with one Entry for each title that the bank reports, or raises CnabError with a sentence that names the
line. Each bank's positions and codes are a table of its own in `banks/`, taken from the bank's manual.
"""

from reconciliation.cnab.reader import read
from reconciliation.cnab.records import CnabError, Entry, Meaning, ReturnFile

__all__ = ["CnabError", "Entry", "Meaning", "ReturnFile", "read"]
