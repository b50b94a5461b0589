"""The reconciliation app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReconciliationConfig(AppConfig):
    """Names the app for the admin, and says how a restored database proves its matches."""

    name = "reconciliation"
    verbose_name = _("reconciliation")

    def ready(self) -> None:
        """Register what a customer's page tells, return files as a kind of file to import, the sums that a backup is compared by, and the command that proves them."""
        from ledger import details, lists
        from live import notifications
        from live.backups import figures
        from reconciliation import queries, returns, stories, telling
        from sync.imports import kinds

        details.register("customers", stories.read)
        figures.register(
            figures.Sum("reconciliation_matchline", "amount"),
            figures.Sum("reconciliation_matchitem", "amount"),
            figures.Sum("reconciliation_matchadjustment", "amount"),
        )
        figures.register_proof("check_matches")
        kinds.register(returns.KIND)
        for kind in telling.KINDS:
            notifications.register(kind)
        lists.register_rest(
            "open_items", lists.Rest(queries.still_open, queries.with_left, queries.some_left)
        )
