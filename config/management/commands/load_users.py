"""`manage.py load_users`: companies with bank lines and API keys for a load test, and their removal."""

import itertools
import json
import os
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from ledger import services as ledger
from ledger.drafts import AccountDraft, TransactionDraft
from ledger.models import Account, Source, Transaction
from lib import clock
from live import events
from reconciliation.models import Match
from tenants import services
from tenants.models import Tenant

PREFIX: Final = "load-"
KEYS_EACH: Final = 25


class Command(BaseCommand):
    """Makes load-1, load-2, …, each with lines and keys that may read. Keys are shown once, so each call makes new ones."""

    help = "Make companies and API keys for a load test (or remove them). Not for an installation with real companies."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--count", type=int, default=500, help="keys")
        parser.add_argument("--lines", type=int, default=500, help="bank lines of each company")
        parser.add_argument("--file", type=Path, help="where the keys go, readable by you only")
        parser.add_argument("--remove", action="store_true", help="remove the companies of earlier calls")

    def handle(
        self, *args: Any, count: int, lines: int, file: Path | None, remove: bool, **options: Any
    ) -> None:
        """Print how many were made or removed."""
        if remove:
            self.stdout.write(f"{_remove()} companies removed")
            return
        if file is None:
            raise CommandError("Name the file for the keys: --file keys.json")
        companies = [_company(number, lines) for number in range(1, -(-count // KEYS_EACH) + 1)]
        # One key of each company after the other, so that neighbours in the file are of different companies.
        turns = itertools.islice(itertools.cycle(companies), count)
        keys = [{"tenant": one.slug, "key": _key(one)} for one in turns]
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            json.dump(keys, out)
        self.stdout.write(f"{len(companies)} companies, {len(keys)} keys in {file}")


@transaction.atomic
def _company(number: int, lines: int) -> Tenant:
    slug = f"{PREFIX}{number}"
    tenant = Tenant.objects.filter(slug=slug).first() or services.create_tenant(
        name=f"Carga {number}", slug=slug, is_demo=True
    )
    source, _ = Source.objects.get_or_create(tenant=tenant, kind="csv", name="load")
    today = clock.today(tenant.zone)
    drafts: list[Any] = [AccountDraft(external_id="a", name="Conta corrente")]
    drafts += [
        TransactionDraft(
            external_id=str(line),
            account_external_id="a",
            date=today - timedelta(days=line // 20),
            amount=Decimal(line % 97 + 1) * (-1 if line % 3 else 1),
            description=f"Lançamento {line}",
            counterparty_name=f"Cliente {line % 40}",
        )
        for line in range(lines)
    ]
    if ledger.store(tenant_id=tenant.pk, source_id=source.pk, drafts=drafts).changed:
        events.publish("facts_changed", tenant_id=tenant.pk)
    return tenant


def _key(tenant: Tenant) -> str:
    return services.create_api_key(tenant=tenant, name="load", scopes=["read"], actor=None)[1]


@transaction.atomic
def _remove() -> int:
    """Remove the companies; first what was proposed for their lines and their facts, which protect them."""
    made = Tenant.objects.filter(slug__startswith=PREFIX, is_demo=True)
    count = made.count()
    for model in (Match, Transaction, Account, Source):
        model.objects.filter(tenant__in=made).delete()
    made.delete()
    return count
