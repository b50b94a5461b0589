"""A kind for the row that keeps the sums of ended processes, and events that say when they were committed.

`created_at` had the time at which the transaction began, which for a chunk of a sync is seconds before anybody could see the event; how
long an event takes to a screen is measured from the commit. A row that was given a time of its own keeps it.
"""

from django.db import migrations, models

FUNCTION = """
CREATE OR REPLACE FUNCTION live_number_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    given bigint;
BEGIN
    INSERT INTO live_generation AS g (tenant_id, event_number) VALUES (NEW.tenant_id, 1)
    ON CONFLICT (tenant_id) DO UPDATE SET event_number = g.event_number + 1
    RETURNING event_number INTO given;
    UPDATE live_event SET number = given{moment} WHERE id = NEW.id;
    PERFORM pg_notify('painel', NEW.tenant_id || ':' || given);
    RETURN NULL;
END $$;
"""
AT_COMMIT = ", created_at = CASE WHEN created_at = now() THEN clock_timestamp() ELSE created_at END"


class Migration(migrations.Migration):
    dependencies = [("live", "0004_live_layer")]

    operations = [
        migrations.AlterField(
            model_name="process",
            name="kind",
            field=models.CharField(
                choices=[("web", "Web"), ("worker", "Worker"), ("beat", "Beat"), ("gone", "Gone")], max_length=8
            ),
        ),
        migrations.RunSQL(FUNCTION.replace("{moment}", AT_COMMIT), FUNCTION.replace("{moment}", "")),
    ]
