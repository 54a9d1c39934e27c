"""Starts PostgreSQL and Valkey for a test run.

It happens at import, since pytest-django reads the settings before any conftest.
Loaded by ``-p tests.servers``. Servers named by DATABASE_URL, DATABASE_OWNER_URL and REDIS_URL are used
instead where they are set. The workers of pytest-xdist inherit the servers of the process that started them.
"""

import atexit
import os
import secrets
import shutil
import tempfile
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from hematovision.supervisor import postgres, roles, valkey

# Nothing of a test run has to survive a power cut.
# An autovacuum worker would keep a database from being dropped, and the owner may not end it.
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "autovacuum": "off",
}


def start_missing(var):
    """Start what the environment does not name and write its address there."""
    (var / "log").mkdir()
    children = []
    if "DATABASE_URL" not in os.environ:
        database = postgres.start(var, env=dict(os.environ), begun=children.append, settings=FAST)
        with roles.connected(database.superuser_url) as connection, connection.cursor() as cursor:
            cursor.execute(f"ALTER ROLE {postgres.DATABASE}_owner CREATEDB")
        os.environ.update(DATABASE_URL=database.url, DATABASE_OWNER_URL=database.owner_url)
    if "REDIS_URL" not in os.environ:
        quick = {"databases": "64", "appendonly": "no"}
        broker = valkey.start(var, env=dict(os.environ), begun=children.append, settings=quick)
        os.environ["REDIS_URL"] = broker.url
    return children


def stop(children, var):
    """Stop the servers and remove their data."""
    for child in reversed(children):
        child.ask_to_stop()
        child.end()
    shutil.rmtree(var, ignore_errors=True)


def own_room(worker):
    """Give a worker of pytest-xdist its own Redis database and its own folder."""
    number = int(worker.removeprefix("gw")) + 1
    address = urlsplit(os.environ["REDIS_URL"])
    first = int(address.path.strip("/") or 0)
    os.environ["REDIS_URL"] = urlunsplit(address._replace(path=f"/{first + number}"))
    os.environ["HV_VAR"] = str(Path(os.environ["HV_VAR"]) / worker)


def begin():
    """Prepare the environment of this process."""
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        own_room(worker)
        return
    var = Path(tempfile.mkdtemp(prefix="hematovision-tests-"))
    os.environ["SECRET_KEY"] = secrets.token_urlsafe(48)
    os.environ["HV_VAR"] = str(var / "var")
    os.environ["DJANGO_SETTINGS_MODULE"] = "hematovision.settings.test"
    children = start_missing(var)
    atexit.register(stop, children, var)


begin()
