"""Make the database itself refuse to change or remove a signed report, a review or an event of a sample.

The tables' owner is refused too. Plain SQL, because a trigger made by django-pgtrigger can be switched off by
any session with a setting; ENABLE ALWAYS keeps it in force where ``session_replication_role`` silences others.
"""

from django.db import migrations

TABLES = (
    "predictions_report",
    "predictions_acknowledgement",
    "predictions_cellreview",
    "predictions_sampleevent",
)
FUNCTION = """
CREATE FUNCTION predictions_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Rows of % are only added: % is refused.', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END;
$$;
"""
TRIGGER = """
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION predictions_refuse();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER only_grows;
"""


class Migration(migrations.Migration):

    dependencies = [("predictions", "0003_catalogue")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION predictions_refuse();"),
        *(
            migrations.RunSQL(TRIGGER.format(table=table), f"DROP TRIGGER only_grows ON {table};")
            for table in TABLES
        ),
    ]
