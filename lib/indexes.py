"""An index whose name may be as long as PostgreSQL allows; Django's own stops at 30 characters for Oracle's sake."""

from django.db import models


class LongNamedIndex(models.Index):
    """A B-tree index with a name of up to 63 characters, for names that are fixed from outside."""

    max_name_length = 63
