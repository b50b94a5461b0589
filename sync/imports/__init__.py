"""Bank files that people bring: looked at first, then stored, once, and taken back when somebody wants that.

A line's identity is its account and the id that the file gives it (or that the reader makes of day, amount and text), so overlapping
exports meet. What upstream or a file of another kind already brought for the account is left out (`sync.imports.sifting`). Which file says
which line is noted, so that undoing an import takes back what nobody else says. The content is kept and can be read again.
"""

from sync.imports.homes import NEW, Question, choose, questions
from sync.imports.reading import COLUMNS, Shown, content_of, preview, remap, shown
from sync.imports.storing import AlreadyStored, store_import
from sync.imports.undoing import discard, undo_import
from sync.imports.work import do, do_due, receive, request_columns, request_store, request_undo, wake_due

__all__ = [
    "COLUMNS",
    "NEW",
    "AlreadyStored",
    "Question",
    "Shown",
    "choose",
    "content_of",
    "discard",
    "do",
    "do_due",
    "preview",
    "questions",
    "receive",
    "remap",
    "request_columns",
    "request_store",
    "request_undo",
    "shown",
    "store_import",
    "undo_import",
    "wake_due",
]
