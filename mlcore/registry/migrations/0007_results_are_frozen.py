"""Make the database itself refuse to change or remove what the gate has said; the tables' owner too."""

from django.db import migrations

TABLE = "registry_gateresult"
FUNCTION = """
CREATE FUNCTION registry_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Rows of % are only added: % is refused.', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END;
$$;
"""
TRIGGER = f"""
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE}
    FOR EACH STATEMENT EXECUTE FUNCTION registry_refuse();
ALTER TABLE {TABLE} ENABLE ALWAYS TRIGGER only_grows;
"""


class Migration(migrations.Migration):

    dependencies = [("registry", "0006_judging")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION registry_refuse();"),
        migrations.RunSQL(TRIGGER, f"DROP TRIGGER only_grows ON {TABLE};"),
    ]
