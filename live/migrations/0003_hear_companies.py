"""What happens to companies and their people becomes events.

`tenants` stands below `live` and cannot publish, so triggers of ours hear it: whoever changes the rows, in whatever way, the event is told in
the same transaction and the generation of the group moves with it.
"""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION live_make_generation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO live_generation (tenant_id) VALUES (NEW.id) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

CREATE TRIGGER live_tenant_generation AFTER INSERT ON tenants_tenant
FOR EACH ROW EXECUTE FUNCTION live_make_generation();

INSERT INTO live_generation (tenant_id) SELECT id FROM tenants_tenant ON CONFLICT DO NOTHING;

CREATE FUNCTION live_settings_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    company bigint := to_jsonb(NEW) ->> TG_ARGV[0];
BEGIN
    INSERT INTO live_generation AS g (tenant_id, settings) VALUES (company, 1)
    ON CONFLICT (tenant_id) DO UPDATE SET settings = g.settings + 1;
    INSERT INTO live_event (tenant_id, name, payload) VALUES (company, 'settings_changed', '{}');
    RETURN NULL;
END $$;

CREATE TRIGGER live_settings_changed AFTER UPDATE ON tenants_tenantsettings
FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION live_settings_changed('tenant_id');

CREATE TRIGGER live_tenant_changed AFTER UPDATE ON tenants_tenant
FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION live_settings_changed('id');

-- Deferred: memberships are also deleted together with their company, which then must not get an event any more.
CREATE FUNCTION live_membership_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    member record := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
BEGIN
    IF EXISTS (SELECT FROM tenants_tenant WHERE id = member.tenant_id) THEN
        INSERT INTO live_event (tenant_id, name, payload)
        VALUES (member.tenant_id, 'membership_changed', jsonb_build_object('user', member.user_id, 'operation', TG_OP));
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER live_membership_changed AFTER INSERT OR UPDATE OR DELETE ON tenants_membership
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION live_membership_changed();
"""

BACKWARDS = """
DROP TRIGGER live_membership_changed ON tenants_membership;
DROP TRIGGER live_tenant_changed ON tenants_tenant;
DROP TRIGGER live_settings_changed ON tenants_tenantsettings;
DROP TRIGGER live_tenant_generation ON tenants_tenant;
DROP FUNCTION live_membership_changed();
DROP FUNCTION live_settings_changed();
DROP FUNCTION live_make_generation();
"""


class Migration(migrations.Migration):
    dependencies = [("live", "0002_number_events_at_commit"), ("tenants", "0002_company_brings_its_settings")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
