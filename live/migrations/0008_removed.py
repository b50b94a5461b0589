"""What left a list for good: the table, and the function with which a list's table remembers its deleted rows."""

import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

FORWARDS = """
CREATE FUNCTION live_remember_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO live_removed (tenant_id, list, row_id, at) SELECT tenant_id, TG_ARGV[0], id, now() FROM old_rows;
    RETURN NULL;
END $$;
"""

BACKWARDS = "DROP FUNCTION live_remember_removed();"


class Migration(migrations.Migration):
    dependencies = [
        ("live", "0007_hear_who_loses_access"),
        ("tenants", "0002_company_brings_its_settings"),
    ]

    operations = [
        migrations.CreateModel(
            name="Removed",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("list", models.CharField(max_length=40)),
                ("row_id", models.BigIntegerField()),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "tenant",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("tenant"),
                        models.F("list"),
                        models.F("at"),
                        models.F("row_id"),
                        name="removed_since",
                    ),
                    django.contrib.postgres.indexes.BrinIndex(fields=["at"], name="removed_at_brin"),
                ],
            },
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
