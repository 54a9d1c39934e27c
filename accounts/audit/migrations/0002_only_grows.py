"""Make the database itself refuse to change, delete or empty the log, and chain each event to the one before.

One statement trigger covers UPDATE, DELETE and TRUNCATE, for the tables' owner too. It is plain SQL because a
trigger made by django-pgtrigger can be switched off by any session with a setting. ENABLE ALWAYS keeps both
triggers in force where ``session_replication_role`` silences ordinary ones.

The chaining trigger takes number, time and hash from nobody: whoever may insert may only say what happened. It
runs with the owner's rights, since the head of the chain is not for the application to write, and the lock on
the head's row puts the events of concurrent transactions in order until each has committed.
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
CHAIN = """
INSERT INTO audit_chainhead (id, last, hash) VALUES (1, 0, repeat('0', 64));

CREATE FUNCTION audit_columns(e audit_auditevent) RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT ARRAY[
        e.id::text, to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), e.event,
        coalesce(e.actor_id::text, ''), e.actor_email, e.actor_role, e.subject_type, e.subject_id,
        coalesce(e.site_id::text, ''), e.address, e.agent, e.outcome, e.detail::text
    ];
$$;

CREATE FUNCTION audit_chain() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    head audit_chainhead;
    said text;
BEGIN
    SELECT * INTO STRICT head FROM audit_chainhead WHERE id = 1 FOR UPDATE;
    NEW.id := head.last + 1;
    NEW.at := clock_timestamp();
    SELECT string_agg(octet_length(value) || ':' || value, '' ORDER BY place) INTO said
        FROM unnest(audit_columns(NEW)) WITH ORDINALITY AS each (value, place);
    NEW.hash := encode(sha256(convert_to(head.hash || said, 'UTF8')), 'hex');
    UPDATE audit_chainhead SET last = NEW.id, hash = NEW.hash WHERE id = 1;
    RETURN NEW;
END;
$$;
CREATE TRIGGER audit_chained BEFORE INSERT ON audit_auditevent FOR EACH ROW EXECUTE FUNCTION audit_chain();
ALTER TABLE audit_auditevent ENABLE ALWAYS TRIGGER audit_chained;
"""
UNCHAIN = """
DROP TRIGGER audit_chained ON audit_auditevent;
DROP FUNCTION audit_chain();
DROP FUNCTION audit_columns(audit_auditevent);
DELETE FROM audit_chainhead;
"""


class Migration(migrations.Migration):

    dependencies = [('audit', '0001_initial')]

    operations = [migrations.RunSQL(REFUSE, ALLOW), migrations.RunSQL(CHAIN, UNCHAIN)]
