"""Make the database itself refuse to change, delete or empty the log, for the tables' owner too.

One statement trigger covers all three, TRUNCATE included. It is plain SQL because a trigger made by
django-pgtrigger can be switched off by any session with a setting. ENABLE ALWAYS keeps it in force where
``session_replication_role`` silences ordinary triggers.
"""

from django.db import migrations

REFUSE = """
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit log only grows: % is refused.', TG_OP USING ERRCODE = 'restrict_violation';
END;
$$;
CREATE TRIGGER audit_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
ALTER TABLE audit_auditevent ENABLE ALWAYS TRIGGER audit_only_grows;
"""
ALLOW = """
DROP TRIGGER audit_only_grows ON audit_auditevent;
DROP FUNCTION audit_refuse();
"""


class Migration(migrations.Migration):

    dependencies = [('audit', '0001_initial')]

    operations = [migrations.RunSQL(REFUSE, ALLOW)]
