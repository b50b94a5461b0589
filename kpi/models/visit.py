"""Who looked at the numbers, and when."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from tenants.models import Tenant


class Visit(models.Model):
    """When a person last looked at a company's overview. `seen_at` is the latest look, `before_at` the last one of the visit before this."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    seen_at = models.DateTimeField(db_default=Now())
    before_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "user"], name="visit_once")]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.seen_at}"
