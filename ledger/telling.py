"""What people are told of files that they asked for."""

from typing import Final

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from ledger import lists
from ledger.models import Export
from live.models import Notification
from live.notifications import Kind, notify

FILES: Final = _("Files")

KINDS: Final = (
    Kind(
        event="export_ready",
        group=FILES,
        label=_("A spreadsheet is ready"),
        when=_("A file that you asked for can be downloaded."),
        title=_("Your spreadsheet is ready: %(list)s"),
        body=_("Rows: %(rows)s. The link works for a day."),
    ),
    Kind(
        event="export_failed",
        group=FILES,
        label=_("A spreadsheet could not be made"),
        when=_("A file that you asked for could not be written."),
        title=_("Your spreadsheet could not be made: %(list)s"),
        body="%(reason)s",
        severity=Notification.Severity.WARNING,
    ),
)


def export_ended(export: Export) -> None:
    """Tell whoever asked for the file that it is ready, or could not be made; once a file."""
    with translation.override(None):
        label = str(
            lists.LISTS[export.resource].label
        )  # the message id: the reader's language is not known yet
    failed = export.status == Export.Status.FAILED
    notify(
        "export_failed" if failed else "export_ready",
        tenant=export.tenant,
        params={
            "list": {"text": label, "values": {}},
            "rows": export.rows_done,
            "reason": {"text": export.error, "values": {}} if export.error else "",
        },
        path=reverse("ledger:export", kwargs={"slug": export.tenant.slug, "pk": export.pk}),
        users=[export.user],
        once_key=f"export:{export.pk}",
    )
