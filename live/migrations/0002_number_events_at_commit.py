"""Events get their number when their transaction commits.

A sequence would move before the commit and leave gaps when a transaction rolls back; numbering at insert would let a later number commit
before an earlier one. The deferred constraint trigger runs inside COMMIT: it takes the tenant's generation row, so writers of one tenant
are numbered one after the other, and nobody holds that row for longer than a commit takes.
"""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION live_number_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    given bigint;
BEGIN
    INSERT INTO live_generation AS g (tenant_id, event_number) VALUES (NEW.tenant_id, 1)
    ON CONFLICT (tenant_id) DO UPDATE SET event_number = g.event_number + 1
    RETURNING event_number INTO given;
    UPDATE live_event SET number = given WHERE id = NEW.id;
    PERFORM pg_notify('painel', NEW.tenant_id || ':' || given);
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER live_event_number AFTER INSERT ON live_event
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION live_number_event();
"""

BACKWARDS = """
DROP TRIGGER live_event_number ON live_event;
DROP FUNCTION live_number_event();
"""


class Migration(migrations.Migration):
    dependencies = [("live", "0001_initial")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
