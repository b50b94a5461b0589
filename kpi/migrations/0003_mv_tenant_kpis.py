"""The materialized view over the month rollup, and the read-only model on top of it."""

from django.db import migrations, models

from kpi import sql


class Migration(migrations.Migration):
    # SQL is an import too: these made the tables that the file reads.
    dependencies = [("kpi", "0002_rollup_triggers"), ("tenants", "0001_initial")]

    operations = [
        migrations.RunSQL(sql.read("0002_mv_tenant_kpis.sql"), sql.read("0002_mv_tenant_kpis_undo.sql")),
        migrations.CreateModel(
            name="TenantKpis",
            fields=[
                ("pk", models.CompositePrimaryKey("tenant_id", "month", "type", blank=True, editable=False, primary_key=True, serialize=False)),
                ("month", models.DateField()),
                ("type", models.CharField(max_length=6)),
                ("tx_count", models.IntegerField()),
                ("total_amount", models.DecimalField(decimal_places=2, max_digits=20)),
                ("avg_amount", models.DecimalField(decimal_places=16, max_digits=30)),
                ("active_tx_count", models.IntegerField()),
                ("active_total_amount", models.DecimalField(decimal_places=2, max_digits=20, null=True)),
                ("as_of", models.DateTimeField()),
            ],
            options={"db_table": "mv_tenant_kpis", "managed": False},
        ),
    ]
