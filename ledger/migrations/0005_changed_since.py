"""What changed in a list since a moment: an index a table, built while the panel goes on writing."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

NAMES = ("transaction", "sale", "customer", "product", "openitem")


class Migration(migrations.Migration):
    # An index is built beside other writers only outside a transaction.
    atomic = False
    dependencies = [("ledger", "0004_savedview")]
    operations = [
        AddIndexConcurrently(
            model_name=name,
            index=models.Index(models.F("tenant"), models.F("updated_at"), name=f"{name}_changed"),
        )
        for name in NAMES
    ]
