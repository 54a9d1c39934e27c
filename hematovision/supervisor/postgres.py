"""The embedded PostgreSQL: one cluster in ``var``, reachable only from this machine and by password."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg2

from hematovision.supervisor import binaries, cluster, identity, ports, roles, vault, waiting
from hematovision.supervisor.process import Child

DATABASE = "hematovision"
# Statements and the details of failed rows can hold patient data, so they stay out of the log.
SETTINGS = {
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_line_prefix": "%m [%p] ",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


@dataclass(frozen=True)
class Started:
    """A running server and its addresses: for the application, for migrations, for making roles."""

    child: Child
    url: str
    owner_url: str
    superuser_url: str


def start(
    var: Path,
    *,
    env: dict[str, str],
    begun: Callable[[Child], None],
    keep: tuple[int, ...] = (),
    settings: dict[str, str] | None = None,
) -> Started:
    """Start the server on the cluster in ``var``, making the cluster, its roles and its database if needed.

    The caller makes sure that no other server uses the cluster, and stops what ``begun`` is told of.
    """
    programs, who = binaries.postgresql(), identity.choose()
    folder = identity.reachable_binaries(programs.folder, programs.version, who)
    data = cluster.ensure(var, programs, folder, who, vault.secret(var / "secrets", "db-superuser"))
    # No server of ours lives now, so this file can only mislead: its number may be another process's by now.
    (data / "postmaster.pid").unlink(missing_ok=True)
    port = ports.free_port()
    values = SETTINGS | (settings or {})
    options = [part for name, value in values.items() for part in ("-c", f"{name}={value}")]
    child = Child(
        name="database",
        command=[folder / "postgres", "-D", data, "-h", "127.0.0.1", "-p", str(port), "-k", "", *options],
        log=var / "log" / "database.log",
        env=env,
        stop=signal.SIGINT,
        hurry=signal.SIGQUIT,
        patience=30,
        become=who.become,
        keep=keep,
    )
    child.start()
    begun(child)
    return prepare(child, var / "secrets", port)


def prepare(child: Child, secrets: Path, port: int) -> Started:
    """Wait for the server, then see to the roles and the database."""

    def address(role: roles.Role, database: str) -> str:
        return f"postgresql://{role.name}:{quote(role.password)}@127.0.0.1:{port}/{database}"

    top = address(roles.Role(cluster.SUPERUSER, vault.secret(secrets, "db-superuser")), "postgres")
    owner = roles.Role(f"{DATABASE}_owner", vault.secret(secrets, "db-owner"))
    application = roles.Role(f"{DATABASE}_app", vault.secret(secrets, "db-application"))
    waiting.until(lambda: answers(top), child)
    with roles.connected(top) as connection:
        roles.ensure(connection, owner)
        roles.ensure(connection, application)
        roles.ensure_database(connection, DATABASE, owner, application)
    return Started(
        child=child,
        url=address(application, DATABASE),
        owner_url=address(owner, DATABASE),
        superuser_url=top,
    )


def answers(url: str) -> bool:
    """Whether the server takes connections."""
    try:
        psycopg2.connect(url, connect_timeout=2).close()
    except psycopg2.OperationalError:
        return False
    return True
