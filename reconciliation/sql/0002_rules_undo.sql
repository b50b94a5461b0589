DROP FUNCTION reconciliation_effect_of_a_tried_rule() CASCADE;
DROP TRIGGER rulerun_keeps_what_it_is ON reconciliation_rulerun;
DROP FUNCTION reconciliation_rule_was_tried() CASCADE;
