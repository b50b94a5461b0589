"""What left a list for good."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.functions import Now

from tenants.models import Tenant


class Removed(models.Model):
    """A row that was deleted from a list that clients keep a copy of, or, with `row_id` 0, a change after which a copy is read anew.

    `list` is empty where that holds for all lists of the company.

    Written by database triggers of the tables, in the transaction of the deletion. Kept a little longer than a client may stay away.
    """

    WHOLE_LIST = 0
    EVERY_LIST = ""

    # Without a constraint: a company's rows are deleted together with it, and would then name one that is gone.
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    list = models.CharField(max_length=40)
    row_id = models.BigIntegerField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index("tenant", "list", "at", "row_id", name="removed_since"),
            BrinIndex(fields=["at"], name="removed_at_brin"),
        ]

    def __str__(self) -> str:
        return f"{self.list} {self.row_id}"
