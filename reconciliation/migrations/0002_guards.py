"""What the database itself refuses: statuses that move backwards, sums that do not add up, closed periods, rewritten decisions."""

from django.db import migrations

from reconciliation import sql


class Migration(migrations.Migration):
    # SQL is an import too: these made the tables that the file reads.
    dependencies = [("reconciliation", "0001_initial"), ("ledger", "0006_remember_removed")]
    operations = [migrations.RunSQL(sql.read("0001_guards.sql"), sql.read("0001_guards_undo.sql"))]
