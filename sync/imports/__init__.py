"""Bank files that people bring: looked at first, then stored, once.

A line's identity is its account and the id that the file gives it (or that the reader makes of day, amount and text), so overlapping
exports meet. What upstream already brought for the account is left out (`sync.overlap`). The content is kept and can be read again.
"""

from sync.imports.reading import COLUMNS, Shown, content_of, preview, remap, shown
from sync.imports.storing import store_import

__all__ = ["COLUMNS", "Shown", "content_of", "preview", "remap", "shown", "store_import"]
