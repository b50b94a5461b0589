"""The ledger app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LedgerConfig(AppConfig):
    """Names the app for the admin, and says which of its rows have pages."""

    name = "ledger"
    verbose_name = _("ledger")

    def ready(self) -> None:
        """Register the pages of the records, which the audit log links to, and the sums that a backup is compared by."""
        from ledger import telling
        from ledger.lists import LISTS
        from live import notifications
        from live.backups import figures
        from tenants import history

        notifications.register(*telling.KINDS)
        for name, spec in LISTS.items():
            history.register(spec.model._meta.db_table, "ledger:detail", name=name)
        figures.register(
            figures.Sum("ledger_transaction", "amount", by="currency"),
            figures.Sum("ledger_sale", "total", by="currency"),
            figures.Sum("ledger_openitem", "amount", by="currency"),
            figures.Sum("ledger_openitem", "open_amount", by="currency"),
            figures.Sum("ledger_account", "balance", by="currency"),
        )
