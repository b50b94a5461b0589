"""Statement triggers that keep the rollups, in SQL because Django knows none with transition tables. The reverse empties the rollups."""

from django.db import migrations

from kpi import sql


class Migration(migrations.Migration):
    # SQL is an import too: these made the tables that the file reads.
    dependencies = [("kpi", "0001_initial"), ("ledger", "0001_initial")]
    operations = [migrations.RunSQL(sql.read("0001_rollups.sql"), sql.read("0001_rollups_undo.sql"))]
