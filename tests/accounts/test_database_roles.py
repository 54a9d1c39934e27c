"""The application's database role reads and writes rows, and can do nothing to tables."""

import pytest
from django.apps import apps
from django.db import ProgrammingError, connection, transaction

REFUSED = [
    "ALTER TABLE accounts_user ADD COLUMN extra integer",
    "ALTER TABLE audit_auditevent DISABLE TRIGGER audit_only_grows",
    "CREATE TABLE extra (id integer)",
    "CREATE FUNCTION extra() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "CREATE TRIGGER extra BEFORE INSERT ON accounts_user FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
    "CREATE SCHEMA extra",
    "DROP TABLE audit_auditevent",
    "DROP TRIGGER audit_only_grows ON audit_auditevent",
    "TRUNCATE accounts_user CASCADE",
    "SET session_replication_role = replica",
    "INSERT INTO django_migrations (app, name, applied) VALUES ('accounts', '9999', now())",
    "DELETE FROM django_migrations",
]


@pytest.mark.django_db
@pytest.mark.parametrize("statement", REFUSED)
def test_the_application_role_is_refused(statement):
    with (
        pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
        transaction.atomic(),
    ):
        connection.cursor().execute(statement)


@pytest.mark.django_db
def test_the_application_role_owns_nothing_and_is_nobody_special():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole")
        assert cursor.fetchone() == (0,)
        cursor.execute(
            "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls FROM pg_roles"
            " WHERE rolname = current_user"
        )
        assert cursor.fetchone() == (False,) * 5


@pytest.mark.django_db
def test_every_table_that_only_grows_may_only_be_read_and_added_to():
    growing = [model for model in apps.get_models() if getattr(model, "append_only", False)]
    assert "audit_auditevent" in {model._meta.db_table for model in growing}
    for model in growing:
        assert rights(model._meta.db_table) == {"SELECT", "INSERT"}
    assert rights("accounts_user") == {"SELECT", "INSERT", "UPDATE", "DELETE"}


def rights(table):
    """Return what the application's role may do to the rows of ``table``, and to the table."""
    kinds = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
    with connection.cursor() as cursor:
        held = set()
        for kind in kinds:
            cursor.execute("SELECT has_table_privilege(%s, %s)", [table, kind])
            if cursor.fetchone()[0]:
                held.add(kind)
    return held
