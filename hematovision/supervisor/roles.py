"""The two roles: an owner that migrates, and the application that reads and writes rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812 -- a class with a lower-case name
from psycopg2.extensions import encrypt_password


@dataclass(frozen=True)
class Role:
    """A role that signs in with a password."""

    name: str
    password: str


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """Connect outside of any transaction, since databases cannot be created inside one."""
    connection = psycopg2.connect(url, connect_timeout=5)
    connection.autocommit = True
    try:
        yield connection
    finally:
        connection.close()


def ensure(connection: Connection, role: Role) -> None:
    """Create the role or set its password; the server only ever sees the SCRAM verifier."""
    verifier = encrypt_password(role.password, role.name, scope=connection, algorithm="scram-sha-256")
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role.name])
        verb = sql.SQL("ALTER" if cursor.fetchone() else "CREATE")
        cursor.execute(
            sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(
                verb, sql.Identifier(role.name), sql.Literal(verifier)
            )
        )


def ensure_database(connection: Connection, name: str, owner: Role, application: Role) -> None:
    """Create the database for its owner; beside them only the application may enter it."""
    database, who = sql.Identifier(name), sql.Identifier(owner.name)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if cursor.fetchone() is None:
            cursor.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, who))
        cursor.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
    allow(connection, name, application)


def allow(connection: Connection, name: str, application: Role) -> None:
    """Let the application enter the database."""
    database, who = sql.Identifier(name), sql.Identifier(application.name)
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, who))
