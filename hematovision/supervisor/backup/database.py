"""Dumping the database as of one moment, loading it again, and comparing the two."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812 -- a class with a lower-case name
from psycopg2.extensions import parse_dsn

from hematovision.supervisor import binaries
from hematovision.supervisor.errors import StartError

# What an address may say, as the programs of PostgreSQL read it; a password must not stand in an argument.
VARIABLES: Final = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
}
# Owner and rights are those of the portal that is restored into, so names of roles do not matter.
HOW: Final = ("--no-owner", "--no-privileges", "--no-password")
# What belongs to people who were at work: they sign in again, and choose again what they had not sent.
LEFT_OPEN: Final = (
    "DELETE FROM usersessions_usersession",
    "DELETE FROM django_session",
    "DELETE FROM predictions_partialupload WHERE field_id IS NULL",
)


@contextmanager
def moment(url: str) -> Iterator[Connection]:
    """Connect, and see the database as it is now for as long as the block lasts."""
    connection = psycopg2.connect(url, connect_timeout=10)
    try:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        yield connection
    finally:
        connection.close()


def rows(connection: Connection, statement: Any) -> list[tuple[Any, ...]]:
    """Return what a statement gives."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        given: list[tuple[Any, ...]] = cursor.fetchall()
    return given


def facts(connection: Connection) -> dict[str, Any]:
    """Return what a restored database is compared by: rows of each table, and where the log ends."""
    named = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
    names = [name for (name,) in rows(connection, named)]
    if "audit_chainhead" not in names:
        raise StartError("This database holds no portal yet, so there is nothing to back up.")
    count = sql.SQL("SELECT count(*) FROM {}")
    last, digest = rows(connection, "SELECT last, hash FROM audit_chainhead")[0]
    return {
        "counts": {name: rows(connection, count.format(sql.Identifier(name)))[0][0] for name in names},
        "log": {"last": last, "hash": digest},
    }


def images(connection: Connection) -> set[str]:
    """Return the SHA-256 of every image that a row names and the retention rule has not removed."""
    # A backup of an older portal has no such column, and is looked at before it is migrated.
    kept = "SELECT sha256 FROM predictions_storedimage AS image WHERE to_jsonb(image)->>'removed_at' IS NULL"
    return {digest for (digest,) in rows(connection, kept)}


def dump(url: str, connection: Connection, target: Path) -> None:
    """Write the database as ``connection`` sees it, in PostgreSQL's custom format."""
    snapshot = rows(connection, "SELECT pg_export_snapshot()")[0][0]
    target.touch(mode=0o600)
    with target.open("wb") as file:
        _run(url, "pg_dump", [*HOW, "--format=custom", f"--snapshot={snapshot}"], stdout=file)


def load(url: str, source: Path) -> None:
    """Load a dump as the owner, all of it or nothing.

    PostgreSQL makes triggers after it has loaded the rows, so that no event of the log is numbered anew.
    """
    whole = ("--exit-on-error", "--single-transaction", f"--dbname={parse_dsn(url)['dbname']}")
    _run(url, "pg_restore", [*HOW, *whole, str(source)])


def forget_open_work(url: str) -> None:
    """End every session and forget unfinished uploads, whose pieces are in no backup."""
    connection = psycopg2.connect(url, connect_timeout=10)
    try:
        with connection, connection.cursor() as cursor:
            for statement in LEFT_OPEN:
                cursor.execute(statement)
    finally:
        connection.close()


def _run(url: str, program: str, arguments: list[str], stdout: BinaryIO | None = None) -> None:
    told = {VARIABLES[name]: value for name, value in parse_dsn(url).items() if name in VARIABLES}
    command = binaries.postgresql().folder / program
    try:
        done = subprocess.run(
            [command, *arguments],
            env={**os.environ, **told, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            check=False,
        )
    except OSError as error:
        raise StartError(
            f"{command} does not run ({error.strerror}); set HV_PG_BIN to the programs of PostgreSQL."
        ) from error
    if done.returncode:
        said = (done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"])[-1]
        raise StartError(f"{program} failed: {said}")
