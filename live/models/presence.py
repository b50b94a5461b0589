"""Who is connected: the processes of the installation, and the streams that they hold open."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from tenants.models import ApiKey, Tenant


class Process(models.Model):
    """One running process. It writes itself every few seconds; one that has been silent for a minute is gone.

    `counters` are its figures since it started, so that sums over processes are sums of rows; see live.measure.
    """

    class Kind(models.TextChoices):
        """What the process does."""

        WEB = "web"
        WORKER = "worker"
        BEAT = "beat"
        GONE = "gone"  # the one row that holds the sums of processes that ended

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=8, choices=Kind)
    host = models.CharField(max_length=120)
    pid = models.PositiveIntegerField()
    started_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())
    counters = models.JSONField(db_default={})

    class Meta:
        indexes = [models.Index(fields=["seen_at"], name="idx_process_seen")]

    def __str__(self) -> str:
        return f"{self.kind} {self.host}/{self.pid}"


class Presence(models.Model):
    """One open stream of somebody in a company (the seed's websocket_connections).

    The process that holds it renews `last_heartbeat_at` of all its rows in one statement; rows of a silent process are swept.
    """

    class Kind(models.TextChoices):
        """How the stream is carried."""

        SSE = "sse"
        WEBSOCKET = "ws"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+", db_index=False
    )
    api_key = models.ForeignKey(ApiKey, models.CASCADE, null=True, related_name="+")
    # No foreign key: the stream may open before its process has written itself for the first time.
    process = models.UUIDField(db_index=True)
    kind = models.CharField(max_length=3, choices=Kind)
    user_agent = models.TextField(blank=True)
    address = models.GenericIPAddressField()
    connected_at = models.DateTimeField(db_default=Now())
    last_heartbeat_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "presence"
        indexes = [models.Index("user", models.F("last_heartbeat_at").desc(), name="idx_websocket_active")]

    def __str__(self) -> str:
        return f"{self.kind} {self.user_id or self.api_key_id} in {self.tenant_id}"
