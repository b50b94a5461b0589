DROP FUNCTION reconciliation_adds_up() CASCADE;
DROP FUNCTION reconciliation_parts_of_proposals() CASCADE;
DROP FUNCTION reconciliation_tell_parts() CASCADE;
DROP FUNCTION reconciliation_period_is_open() CASCADE;
DROP FUNCTION reconciliation_refuse() CASCADE;
