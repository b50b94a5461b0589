-- A rule acts only as it was tried: its present version, after a finished dry run of that version.

CREATE FUNCTION reconciliation_rule_was_tried() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM reconciliation_rule r
                    WHERE r.id = NEW.rule_id AND r.tenant_id = NEW.tenant_id AND r.version = NEW.version
                      AND (NEW.dry OR r.dry_run_version = r.version AND r.is_active AND r.removed_at IS NULL)) THEN
        RAISE EXCEPTION 'Rule % may not act: its version % was not tried.', NEW.rule_id, NEW.version
              USING ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER rulerun_of_a_tried_rule BEFORE INSERT ON reconciliation_rulerun
    FOR EACH ROW EXECUTE FUNCTION reconciliation_rule_was_tried();

CREATE TRIGGER rulerun_keeps_what_it_is BEFORE UPDATE ON reconciliation_rulerun
    FOR EACH ROW WHEN ((OLD.tenant_id, OLD.rule_id, OLD.version, OLD.action, OLD.dry)
        IS DISTINCT FROM (NEW.tenant_id, NEW.rule_id, NEW.version, NEW.action, NEW.dry))
    EXECUTE FUNCTION reconciliation_refuse('A run stays what it was begun as.');

CREATE FUNCTION reconciliation_effect_of_a_tried_rule() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM rows e
                 LEFT JOIN reconciliation_rulerun w ON w.id = e.rule_run_id AND w.tenant_id = e.tenant_id AND w.status = 'open' AND NOT w.dry
                 LEFT JOIN reconciliation_rule r ON r.id = w.rule_id AND r.version = w.version AND r.dry_run_version = w.version
                                                AND r.is_active AND r.removed_at IS NULL
                WHERE r.id IS NULL) THEN
        RAISE EXCEPTION 'A rule acts only in a run of its tried version.'
              USING ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER ruleeffect_of_a_tried_rule AFTER INSERT ON reconciliation_ruleeffect REFERENCING NEW TABLE AS rows
    FOR EACH STATEMENT EXECUTE FUNCTION reconciliation_effect_of_a_tried_rule();
