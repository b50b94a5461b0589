"""Streams hear at once who may not listen any more, and events know when they were committed.

`painel_access` wakes web processes: "user:1", "key:2", "tenant:3" or "session:<SHA-256 of the session's key>" (whoever may LISTEN hears the
text, so it must open nothing). They then ask the tables; the notice itself decides nothing. Memberships are heard through their event.

An event's time was that of its transaction's beginning, which may lie minutes before anybody could read it. It is numbered at commit and
gets its time there too, so that numbers and times agree and "from event to screen" measures what people wait for.
"""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION live_access_notice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('painel_access', TG_ARGV[0] || ':' || (to_jsonb(OLD) ->> TG_ARGV[1]));
    RETURN NULL;
END $$;

CREATE TRIGGER live_user_access AFTER UPDATE OF is_active, password ON tenants_user FOR EACH ROW
WHEN ((OLD.is_active, OLD.password) IS DISTINCT FROM (NEW.is_active, NEW.password))
EXECUTE FUNCTION live_access_notice('user', 'id');

CREATE TRIGGER live_key_access AFTER UPDATE OF revoked_at, expires_at, scopes ON tenants_apikey FOR EACH ROW
WHEN ((OLD.revoked_at, OLD.expires_at, OLD.scopes) IS DISTINCT FROM (NEW.revoked_at, NEW.expires_at, NEW.scopes))
EXECUTE FUNCTION live_access_notice('key', 'id');

CREATE TRIGGER live_key_deleted AFTER DELETE ON tenants_apikey FOR EACH ROW EXECUTE FUNCTION live_access_notice('key', 'id');

CREATE TRIGGER live_tenant_access AFTER UPDATE OF is_active, slug ON tenants_tenant FOR EACH ROW
WHEN ((OLD.is_active, OLD.slug) IS DISTINCT FROM (NEW.is_active, NEW.slug))
EXECUTE FUNCTION live_access_notice('tenant', 'id');

CREATE TRIGGER live_tenant_deleted AFTER DELETE ON tenants_tenant FOR EACH ROW EXECUTE FUNCTION live_access_notice('tenant', 'id');

CREATE FUNCTION live_session_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('painel_access', 'session:' || encode(sha256(convert_to(OLD.session_key, 'UTF8')), 'hex'));
    RETURN NULL;
END $$;

-- Expired ones were ended by their time: sweeping a month of them must not wake anybody.
CREATE TRIGGER live_session_ended AFTER DELETE ON django_session FOR EACH ROW
WHEN (OLD.expire_date > now()) EXECUTE FUNCTION live_session_ended();

CREATE OR REPLACE FUNCTION live_number_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    given bigint;
BEGIN
    INSERT INTO live_generation AS g (tenant_id, event_number) VALUES (NEW.tenant_id, 1)
    ON CONFLICT (tenant_id) DO UPDATE SET event_number = g.event_number + 1
    RETURNING event_number INTO given;
    UPDATE live_event SET number = given, created_at = clock_timestamp() WHERE id = NEW.id;
    PERFORM pg_notify('painel', NEW.tenant_id || ':' || given);
    RETURN NULL;
END $$;
"""

BACKWARDS = """
CREATE OR REPLACE FUNCTION live_number_event() RETURNS trigger LANGUAGE plpgsql AS $$
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
DROP TRIGGER live_session_ended ON django_session;
DROP FUNCTION live_session_ended();
DROP TRIGGER live_tenant_deleted ON tenants_tenant;
DROP TRIGGER live_tenant_access ON tenants_tenant;
DROP TRIGGER live_key_deleted ON tenants_apikey;
DROP TRIGGER live_key_access ON tenants_apikey;
DROP TRIGGER live_user_access ON tenants_user;
DROP FUNCTION live_access_notice();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("live", "0006_email_attempts"),
        ("tenants", "0002_company_brings_its_settings"),
        ("sessions", "0001_initial"),
    ]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
