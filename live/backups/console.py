"""Backups and rehearsals in the console: looked at, never changed."""

from django.contrib import admin
from django.template.defaultfilters import filesizeformat
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from live.models import BackupRun
from tenants.console import ReadOnlyAdmin, pretty_json


@admin.register(BackupRun)
class BackupRunAdmin(ReadOnlyAdmin):
    """What was saved, whether it could be brought back, and why not."""

    list_display = ("started_at", "kind", "status", "name", "size", "error")
    list_filter = ("kind", "status")
    ordering = ("-started_at",)
    fields = ("kind", "status", "started_at", "finished_at", "name", "size", "sha256", "figures", "error")
    readonly_fields = fields

    @admin.display(description=_("bytes"))
    def size(self, row: BackupRun) -> str:
        """Return the size of the file as people read it."""
        return "–" if row.size_bytes is None else filesizeformat(row.size_bytes)

    @admin.display(description=_("figures"))
    def figures(self, row: BackupRun) -> SafeString:
        """Return what was counted and how long each part took."""
        return pretty_json(row.details)
