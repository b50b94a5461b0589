"""`manage.py rotate_keys`: encrypt every stored secret with the newest of FIELD_ENCRYPTION_KEYS, so that old keys can go."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models import Model

from lib import crypto
from live.models import HookEndpoint
from sync.models import Connection, Webhook

SEALED: tuple[tuple[type[Model], str], ...] = (
    (Connection, "secret"),
    (Webhook, "secret"),
    (HookEndpoint, "secret"),
)
SEALED_OF_MFA = ("secret", "seed")  # parts of `Authenticator.data` (tenants.adapter.MfaAdapter)


class Command(BaseCommand):
    """Reads each secret with whatever key opens it and writes it under the first key. Safe to repeat and to interrupt."""

    help = "Encrypt every stored secret with the first of FIELD_ENCRYPTION_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print how many secrets were encrypted anew. Ends with an error when some cannot be opened; the others are done all the same."""
        done, lost = 0, []
        for model, column in SEALED:
            for pk in model._default_manager.exclude(**{column: ""}).values_list("pk", flat=True):
                try:
                    _reseal(model, column, pk)
                    done += 1
                except crypto.SecretUnreadable:
                    lost.append(f"{model._meta.label} {pk}")
        for pk in Authenticator.objects.values_list("pk", flat=True):
            try:
                done += _reseal_second_factor(pk)
            except crypto.SecretUnreadable:
                lost.append(f"second factor {pk}")
        self.stdout.write(f"{done} secrets are encrypted with the newest key")
        if lost:
            raise CommandError(
                f"No key opens: {', '.join(lost)}. Put the old key back into FIELD_ENCRYPTION_KEYS, or have these entered again."
            )


@transaction.atomic
def _reseal(model: type[Model], column: str, pk: Any) -> None:
    # The lock keeps a secret that somebody enters at this moment from being overwritten by the old one.
    row = model._default_manager.select_for_update(no_key=True).get(pk=pk)
    setattr(row, column, crypto.reseal(getattr(row, column)))
    row.save(update_fields=[column])


@transaction.atomic
def _reseal_second_factor(pk: Any) -> int:
    row = Authenticator.objects.select_for_update(no_key=True).get(pk=pk)
    sealed = [name for name in SEALED_OF_MFA if row.data.get(name)]
    codes = row.data.get("migrated_codes") or []
    for name in sealed:
        row.data[name] = crypto.reseal(row.data[name])
    if codes:
        row.data["migrated_codes"] = [crypto.reseal(code) for code in codes]
    if sealed or codes:
        row.save(update_fields=["data"])
    return len(sealed) + len(codes)
