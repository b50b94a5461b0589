-- What no program may do to matches, whatever it thinks. Services check the same first, for the message.
--
-- A match is born proposed; its parts are written while it is; then only its status moves. Sums are checked when a confirmation commits.

CREATE FUNCTION reconciliation_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
END $$;

CREATE TRIGGER match_is_born_proposed BEFORE INSERT ON reconciliation_match
    FOR EACH ROW WHEN (NEW.status <> 'proposed')
    EXECUTE FUNCTION reconciliation_refuse('A match begins as a proposal.');

CREATE TRIGGER match_keeps_its_judgement BEFORE UPDATE ON reconciliation_match
    FOR EACH ROW WHEN ((OLD.tenant_id, OLD.kind, OLD.verdict, OLD.origin, OLD.score, OLD.reasons, OLD.amount, OLD.currency, OLD.signature, OLD.created_at)
        IS DISTINCT FROM (NEW.tenant_id, NEW.kind, NEW.verdict, NEW.origin, NEW.score, NEW.reasons, NEW.amount, NEW.currency, NEW.signature, NEW.created_at))
    EXECUTE FUNCTION reconciliation_refuse('What was judged does not change; a new proposal replaces it.');

CREATE TRIGGER match_moves_forward BEFORE UPDATE ON reconciliation_match
    FOR EACH ROW WHEN (OLD.status <> NEW.status AND (OLD.status, NEW.status) NOT IN (
        ('proposed', 'confirmed'), ('proposed', 'rejected'), ('proposed', 'replaced'), ('confirmed', 'undone'), ('rejected', 'undone')))
    EXECUTE FUNCTION reconciliation_refuse('A match does not move this way.');

CREATE TRIGGER match_is_kept BEFORE DELETE ON reconciliation_match
    FOR EACH ROW WHEN (OLD.status NOT IN ('proposed', 'replaced'))
    EXECUTE FUNCTION reconciliation_refuse('A decided match is never deleted; undo it.');

CREATE FUNCTION reconciliation_period_is_open() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM reconciliation_closing c
                 JOIN reconciliation_matchline l ON l.tenant_id = c.tenant_id AND l.match_id = NEW.id
                 JOIN ledger_transaction t ON t.id = l.transaction_id AND t.tenant_id = c.tenant_id
                WHERE c.tenant_id = NEW.tenant_id AND t.date <= c.closed_through) THEN
        RAISE EXCEPTION 'The period of match % is closed.', NEW.id
              USING ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER match_period_is_open BEFORE UPDATE ON reconciliation_match
    FOR EACH ROW WHEN (OLD.status <> NEW.status AND 'confirmed' IN (OLD.status, NEW.status))
    EXECUTE FUNCTION reconciliation_period_is_open();

-- Parts carry whether their match is confirmed: the unique index over settled lines, and the sum of what is settled, read it there.
CREATE FUNCTION reconciliation_tell_parts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE reconciliation_matchline p SET confirmed = n.status = 'confirmed'
      FROM new_rows n JOIN old_rows o ON o.id = n.id
     WHERE p.tenant_id = n.tenant_id AND p.match_id = n.id AND o.status <> n.status AND 'confirmed' IN (o.status, n.status);
    UPDATE reconciliation_matchitem p SET confirmed = n.status = 'confirmed'
      FROM new_rows n JOIN old_rows o ON o.id = n.id
     WHERE p.tenant_id = n.tenant_id AND p.match_id = n.id AND o.status <> n.status AND 'confirmed' IN (o.status, n.status);
    RETURN NULL;
END $$;

CREATE TRIGGER match_tells_its_parts AFTER UPDATE ON reconciliation_match
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION reconciliation_tell_parts();

CREATE FUNCTION reconciliation_parts_of_proposals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM rows p JOIN reconciliation_match m ON m.id = p.match_id
                WHERE m.tenant_id <> p.tenant_id OR m.status NOT IN ('proposed', 'replaced')) THEN
        RAISE EXCEPTION 'The parts of a decided match do not change.'
              USING ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER matchline_of_a_proposal AFTER INSERT ON reconciliation_matchline REFERENCING NEW TABLE AS rows
    FOR EACH STATEMENT EXECUTE FUNCTION reconciliation_parts_of_proposals();
CREATE TRIGGER matchitem_of_a_proposal AFTER INSERT ON reconciliation_matchitem REFERENCING NEW TABLE AS rows
    FOR EACH STATEMENT EXECUTE FUNCTION reconciliation_parts_of_proposals();
CREATE TRIGGER matchadjustment_of_a_proposal AFTER INSERT ON reconciliation_matchadjustment REFERENCING NEW TABLE AS rows
    FOR EACH STATEMENT EXECUTE FUNCTION reconciliation_parts_of_proposals();

CREATE TRIGGER matchline_is_kept AFTER DELETE ON reconciliation_matchline REFERENCING OLD TABLE AS rows
    FOR EACH STATEMENT EXECUTE FUNCTION reconciliation_parts_of_proposals();
CREATE TRIGGER matchitem_is_kept AFTER DELETE ON reconciliation_matchitem REFERENCING OLD TABLE AS rows
    FOR EACH STATEMENT EXECUTE FUNCTION reconciliation_parts_of_proposals();
CREATE TRIGGER matchadjustment_is_kept AFTER DELETE ON reconciliation_matchadjustment REFERENCING OLD TABLE AS rows
    FOR EACH STATEMENT EXECUTE FUNCTION reconciliation_parts_of_proposals();

-- Only the trigger above writes to parts that are there.
CREATE TRIGGER matchline_never_changes BEFORE UPDATE ON reconciliation_matchline
    FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION reconciliation_refuse('Parts of a match do not change.');
CREATE TRIGGER matchitem_never_changes BEFORE UPDATE ON reconciliation_matchitem
    FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION reconciliation_refuse('Parts of a match do not change.');
CREATE TRIGGER matchadjustment_never_changes BEFORE UPDATE ON reconciliation_matchadjustment
    FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION reconciliation_refuse('Parts of a match do not change.');

-- At commit: lines = items + adjustments, whole lines that count, and no item settled beyond its face value.
CREATE FUNCTION reconciliation_adds_up() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    problem text;
BEGIN
    IF NOT EXISTS (SELECT FROM reconciliation_match WHERE id = NEW.id AND status = 'confirmed') THEN
        RETURN NULL;
    END IF;
    IF (SELECT coalesce(sum(amount), 0) FROM reconciliation_matchline WHERE tenant_id = NEW.tenant_id AND match_id = NEW.id)
       <> (SELECT coalesce(sum(amount), 0) FROM reconciliation_matchitem WHERE tenant_id = NEW.tenant_id AND match_id = NEW.id)
        + (SELECT coalesce(sum(amount), 0) FROM reconciliation_matchadjustment WHERE tenant_id = NEW.tenant_id AND match_id = NEW.id)
       OR NEW.amount
       <> (SELECT coalesce(sum(amount), 0) FROM reconciliation_matchline WHERE tenant_id = NEW.tenant_id AND match_id = NEW.id) THEN
        problem := 'its items do not sum to its lines';
    ELSIF NOT EXISTS (SELECT FROM reconciliation_matchline WHERE tenant_id = NEW.tenant_id AND match_id = NEW.id) THEN
        problem := 'it has no line';
    ELSIF EXISTS (SELECT FROM reconciliation_matchline l LEFT JOIN ledger_transaction t ON t.id = l.transaction_id AND t.tenant_id = l.tenant_id
                   WHERE l.tenant_id = NEW.tenant_id AND l.match_id = NEW.id
                     AND (NOT l.confirmed OR t.void_at IS NOT NULL OR t.currency <> NEW.currency OR t.amount IS DISTINCT FROM l.amount)) THEN
        problem := 'a line is another one by now';
    ELSIF EXISTS (SELECT FROM reconciliation_matchitem i LEFT JOIN ledger_openitem o ON o.id = i.open_item_id AND o.tenant_id = i.tenant_id
                   WHERE i.tenant_id = NEW.tenant_id AND i.match_id = NEW.id
                     AND (NOT i.confirmed OR o.id IS NULL OR o.currency <> NEW.currency OR
                          (SELECT sum(s.amount) * sign(o.amount) FROM reconciliation_matchitem s
                            WHERE s.tenant_id = i.tenant_id AND s.open_item_id = i.open_item_id AND s.confirmed)
                          NOT BETWEEN 0 AND abs(o.amount))) THEN
        problem := 'an item would be settled beyond its value';
    END IF;
    IF problem IS NOT NULL THEN
        RAISE EXCEPTION 'Match % cannot stand: %.', NEW.id, problem
              USING ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER match_adds_up AFTER UPDATE ON reconciliation_match DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.status <> NEW.status AND NEW.status = 'confirmed') EXECUTE FUNCTION reconciliation_adds_up();

-- The log of decisions. Only the link to the person may go, with the person.
CREATE TRIGGER decision_stands BEFORE UPDATE ON reconciliation_decision
    FOR EACH ROW WHEN ((OLD.tenant_id, OLD.match_id, OLD.run_id, OLD.action, OLD.reason, OLD.detail, OLD.before, OLD.after, OLD.actor_name, OLD.created_at)
        IS DISTINCT FROM (NEW.tenant_id, NEW.match_id, NEW.run_id, NEW.action, NEW.reason, NEW.detail, NEW.before, NEW.after, NEW.actor_name, NEW.created_at))
    EXECUTE FUNCTION reconciliation_refuse('A decision is not rewritten.');
CREATE TRIGGER decision_is_kept BEFORE DELETE ON reconciliation_decision
    FOR EACH ROW EXECUTE FUNCTION reconciliation_refuse('A decision is never deleted.');
