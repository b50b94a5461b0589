"""Rows that are deleted leave a mark, and a renamed account says that bank lines look different: their list shows its name."""

from django.db import migrations

# Table, and its list as clients know it.
LISTS = {
    "ledger_transaction": "transactions",
    "ledger_sale": "sales",
    "ledger_customer": "customers",
    "ledger_product": "products",
    "ledger_openitem": "open_items",
}

DELETED = """
CREATE TRIGGER ledger_removed AFTER DELETE ON {table}
REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION live_remember_removed('{name}');
"""

RENAMED = """
CREATE FUNCTION ledger_account_renamed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO live_removed (tenant_id, list, row_id, at)
    SELECT DISTINCT n.tenant_id, 'transactions', 0, now() FROM new_rows n JOIN old_rows o USING (id)
     WHERE (n.name, n.name_override) <> (o.name, o.name_override);
    RETURN NULL;
END $$;

CREATE TRIGGER ledger_account_renamed AFTER UPDATE ON ledger_account
REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION ledger_account_renamed();
"""

FORWARDS = "".join(DELETED.format(table=table, name=name) for table, name in LISTS.items()) + RENAMED
BACKWARDS = (
    "DROP TRIGGER ledger_account_renamed ON ledger_account; DROP FUNCTION ledger_account_renamed();"
    + "".join(f"DROP TRIGGER ledger_removed ON {table};" for table in LISTS)
)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0005_changed_since"), ("live", "0008_removed")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
