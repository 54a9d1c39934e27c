"""Starts PostgreSQL and Valkey for a test run.

It happens at import, since pytest-django reads the settings before any conftest.
Loaded by ``-p tests.servers``. Servers named by DATABASE_URL, DATABASE_OWNER_URL and REDIS_URL are used
instead where they are set. The workers of pytest-xdist inherit the servers of the process that started them.
All temporary files of a run lie in its own folder, which goes when the run ends; that of a run which was
killed goes with the next one.
"""

import atexit
import contextlib
import fcntl
import os
import secrets
import shutil
import signal
import tempfile
import time
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

NAME = "hematovision-tests-"
# Held as long as the run lives; nobody else opens it.
LOCK = "alive"


def own_folder():
    """Make the folder of this run; return it and the file whose lock says that the run lives."""
    sweep(Path(tempfile.gettempdir()))
    var = Path(tempfile.mkdtemp(prefix=NAME))
    # Below it a test may start a server as another user, who may pass but not look around.
    var.chmod(0o711)
    lock = (var / LOCK).open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    return var, lock


def sweep(folder):
    """Remove what killed runs have left in ``folder``."""
    for left in folder.glob(f"{NAME}*/{LOCK}"):
        # One that has just been made may not be locked yet. Another run may be sweeping, too.
        with contextlib.suppress(OSError), left.open("w") as lock:
            fresh = time.time() - left.parent.stat().st_ctime < 60
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not fresh:
                shutil.rmtree(left.parent, ignore_errors=True)


def keep_temporary_files(var):
    """Have this process and those that it starts write temporary files below ``var``.

    Apart from those of pytest's ``tmp_path``, which people look at after a failure; pytest tidies them.
    """
    if "PYTEST_DEBUG_TEMPROOT" in os.environ:
        return
    os.environ["PYTEST_DEBUG_TEMPROOT"] = tempfile.gettempdir()
    folder = var / "tmp"
    folder.mkdir(mode=0o711)
    os.environ["TMPDIR"] = str(folder)
    tempfile.tempdir = None


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


def stop(children, var, lock):
    """Stop the servers and remove their data."""
    for child in reversed(children):
        child.ask_to_stop()
        child.end()
    shutil.rmtree(var, ignore_errors=True)
    lock.close()


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
    # Whoever ends a run ends it as Ctrl-C does, even one in the background: the tests stop what they started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    var, lock = own_folder()
    keep_temporary_files(var)
    os.environ["SECRET_KEY"] = secrets.token_urlsafe(48)
    os.environ["HV_VAR"] = str(var / "var")
    os.environ["DJANGO_SETTINGS_MODULE"] = "hematovision.settings.test"
    children = start_missing(var)
    atexit.register(stop, children, var, lock)


begin()
