"""A database server that is already there: the two roles come from it, or are made with the rights given."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import psycopg2

from hematovision.supervisor import postgres, roles, vault
from hematovision.supervisor.errors import StartError


def addresses(url: str, owner_url: str | None, secrets: Path) -> tuple[str, str]:
    """Return the addresses of the application and of the owner.

    With ``owner_url`` both are used as they are. Without it ``url`` has to be an owner who may make roles.
    """
    check("DATABASE_URL", url)
    if owner_url:
        check("DATABASE_OWNER_URL", owner_url)
        return url, owner_url
    parts = urlsplit(url)
    name = unquote(parts.path.strip("/"))
    application = roles.Role(f"{name}_app"[:63], vault.secret(secrets, "db-application"))
    who = f"{quote(application.name)}:{quote(application.password)}"
    host = parts.netloc.rpartition("@")[2]
    application_url = parts._replace(netloc=f"{who}@{host}").geturl()
    if not postgres.answers(application_url):
        make(url, name, application)
    return application_url, url


def check(variable: str, url: str) -> None:
    """Refuse an address where no database answers."""
    try:
        psycopg2.connect(url, connect_timeout=5).close()
    except psycopg2.Error as error:
        reason = " ".join(str(error).split())
        raise StartError(f"The database of {variable} does not answer: {reason}") from error


def make(url: str, database: str, application: roles.Role) -> None:
    """Make the application's role, or say what is needed instead."""
    try:
        with roles.connected(url) as connection:
            roles.ensure(connection, application)
            roles.allow(connection, database, application)
    except psycopg2.errors.InsufficientPrivilege as error:
        raise StartError(
            "The role of DATABASE_URL may not make the application's role; make one, set DATABASE_URL to it "
            "and DATABASE_OWNER_URL to the owner (docs/operating.md shows the statements)."
        ) from error
