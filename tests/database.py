"""The test database: made and migrated by the owner, used by the application's role, emptied by the owner."""

import os
from urllib.parse import quote

import psycopg2
from django.conf import settings
from django.db import connections
from django.test import TransactionTestCase
from psycopg2 import sql

KEPT = "kept_by_tests"


def create(suffix=""):
    """Create and migrate the test database as the owner and point the application's connection at it."""
    owner = connections["owner"]
    if suffix:
        name = owner.settings_dict["TEST"]["NAME"] or f"test_{owner.settings_dict['NAME']}"
        owner.settings_dict["TEST"]["NAME"] = f"{name}_{suffix}"
    name = owner.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    connections["default"].settings_dict["NAME"] = name
    # Workers and servers that a test starts as real processes must see the same rows.
    os.environ["DATABASE_URL"] = address("default")
    os.environ["DATABASE_OWNER_URL"] = address("owner")
    with as_owner() as cursor:
        cursor.execute(f"CREATE SCHEMA {KEPT}")
        for table in tables(cursor):
            # Between two tests a table is empty. Statistics that are gathered then make the plans of the next
            # test, which never commits its rows, take minutes.
            cursor.execute(
                sql.SQL("ALTER TABLE {} SET (autovacuum_enabled = false)").format(sql.Identifier(table))
            )
        for table in filled(cursor, tables(cursor)):
            cursor.execute(
                sql.SQL("CREATE TABLE {}.{} AS TABLE public.{}").format(
                    sql.Identifier(KEPT), sql.Identifier(table), sql.Identifier(table)
                )
            )


def destroy(name):
    """Drop the test database; a process that a test has left behind cannot keep it."""
    connections["default"].close()
    connections["owner"].close()
    with as_owner(name="postgres") as cursor:
        cursor.execute(
            sql.SQL("DROP DATABASE {} WITH (FORCE)").format(
                sql.Identifier(connections["owner"].settings_dict["NAME"])
            )
        )
    connections["owner"].settings_dict["NAME"] = name


def address(alias):
    """Return the address of a connection for another process."""
    entry = connections[alias].settings_dict
    return (
        f"postgresql://{quote(entry['USER'])}:{quote(entry['PASSWORD'])}"
        f"@{entry['HOST']}:{entry['PORT']}/{entry['NAME']}"
    )


class as_owner:  # noqa: N801 -- reads as what it does
    """One transaction as the owner, on a connection that Django's guard does not know."""

    def __init__(self, name=None):
        entry = settings.DATABASES["owner"]
        self.connection = psycopg2.connect(
            user=entry["USER"],
            password=entry["PASSWORD"],
            host=entry["HOST"],
            port=entry["PORT"],
            dbname=name or connections["owner"].settings_dict["NAME"],
        )
        self.connection.autocommit = name is not None

    def __enter__(self):
        return self.connection.cursor()

    def __exit__(self, kind, *_):
        if kind is None:
            self.connection.commit()
        self.connection.close()


def tables(cursor, schema="public"):
    """Return every table but the record of migrations."""
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY 1", [schema])
    return [name for (name,) in cursor.fetchall() if name != "django_migrations"]


def written(cursor):
    """Return for every table the columns that are written, not computed by the database."""
    cursor.execute(
        "SELECT relname, array_agg(attname::text) FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid "
        "WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped "
        "AND attgenerated = '' GROUP BY relname"
    )
    return dict(cursor.fetchall())


def filled(cursor, names):
    """Return those of the tables that hold rows."""
    asked = (
        sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(sql.Literal(name), sql.Identifier(name))
        for name in names
    )
    cursor.execute(sql.SQL(" UNION ALL ").join(asked))
    return [name for (name,) in cursor.fetchall()]


def altered(cursor, kept):
    """Return those of the ``kept`` tables whose rows are no longer those that the migrations had made."""
    found = []
    for name in kept:
        now, then = (
            sql.SQL("SELECT one::text FROM {} one").format(sql.Identifier(schema, name))
            for schema in ("public", KEPT)
        )
        cursor.execute(
            sql.SQL("SELECT EXISTS (({0} EXCEPT {1}) UNION ALL ({1} EXCEPT {0}))").format(now, then)
        )
        found += [name] if cursor.fetchone()[0] else []
    return found


def enabled_always(cursor):
    """Return table and name of the triggers that fire always; plain enabling makes them ordinary ones."""
    cursor.execute(
        "SELECT relname, tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid WHERE tgenabled = 'A'"
    )
    return cursor.fetchall()


def reset():
    """Empty the tables that a test wrote to and put back the rows that the migrations had made.

    The application's role may not do this, and the log's triggers refuse it to everybody; only the owner
    can set the triggers aside, and only here. Rows are deleted, since TRUNCATE makes new files for a table
    and its indexes, for all that refer to it too: five times the work for a few rows.
    """
    with as_owner() as cursor:
        kept = tables(cursor, KEPT)
        refilled = altered(cursor, kept)
        emptied = [name for name in filled(cursor, tables(cursor)) if name not in kept]
        names = [sql.Identifier("public", name) for name in (*emptied, *refilled)]
        always = enabled_always(cursor)
        for name in names:
            cursor.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(name))
        for name in names:
            cursor.execute(sql.SQL("DELETE FROM {}").format(name))
        columns = written(cursor) if refilled else {}
        for name in refilled:
            listed = sql.SQL(", ").join(sql.Identifier(column) for column in columns[name])
            cursor.execute(
                sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {}").format(
                    sql.Identifier("public", name), listed, listed, sql.Identifier(KEPT, name)
                )
            )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for name in names:
            cursor.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(name))
        for table, trigger in always:
            enable = sql.SQL("ALTER TABLE {} ENABLE ALWAYS TRIGGER {}")
            cursor.execute(enable.format(sql.Identifier(table), sql.Identifier(trigger)))


def teach_transactional_tests():
    """Let transactional tests end with :func:`reset` instead of Django's flush by the application's role."""

    def teardown(self):
        connections["default"].close()
        reset()

    TransactionTestCase._fixture_teardown = teardown
