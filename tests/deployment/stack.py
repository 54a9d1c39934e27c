"""The deployment of docker/ without containers.

The same entry commands, environments, scripts and nginx configuration run as processes on loopback; only
paths, ports and the certificate are put in their places.
"""

import contextlib
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time

import psycopg2
from cryptography.hazmat.primitives.serialization import Encoding

from hematovision.supervisor import authority, binaries, cluster, identity, valkey
from hematovision.supervisor.ports import free_port
from hematovision.supervisor.process import Child
from tests.deployment import files
from tests.deployment.files import DOCKER
from tests.deployment.locks import ROOT

WEB = ("web-a", "web-b")
PATH = f"{os.environ['PATH']}:/usr/sbin"


class Stack:
    """Everything of compose.yaml but the trainer, with its data below ``folder``."""

    def __init__(self, folder):
        self.folder, self.children, self.parts = folder, [], {}
        self.var, self.secrets, self.log = folder / "data", folder / "secrets", folder / "log"
        for path in (
            self.log,
            folder / "tmp",
            folder / "nginx",
            *(self.var / n for n in ("images", "models")),
        ):
            path.mkdir(parents=True)
        names = ("database", "broker", "plain", "secure", *WEB)
        self.ports = {name: free_port() for name in names}
        self.url = f"https://localhost:{self.ports['secure']}"

    def start(self):
        """Start everything in the order of compose.yaml."""
        subprocess.run([DOCKER / "secrets.sh", self.secrets], check=True, capture_output=True)
        self.place_addresses()
        self.start_database()
        self.start_broker()
        self.prepared = self.run("prepare")
        for name in WEB:
            self.start_part(name)
        self.start_part("inference")
        until(lambda: all(self.alive(name, "web") for name in WEB))
        self.start_nginx()

    def place_addresses(self):
        """Put this machine's ports where containers have names."""
        for name in ("database_url", "database_owner_url", "redis_url"):
            file = self.secrets / name
            text = file.read_text().replace("postgres:5432", f"127.0.0.1:{self.ports['database']}")
            file.chmod(0o644)
            file.write_text(text.replace("valkey:6379", f"127.0.0.1:{self.ports['broker']}"))

    def secret(self, name):
        return (self.secrets / name).read_text()

    def begin(self, name, command, env, **more):
        child = Child(name=name, command=command, log=self.log / f"{name}.log", env=env, **more)
        child.start()
        self.children.append(child)
        return child

    def connect(self, database="hematovision"):
        return psycopg2.connect(
            host="127.0.0.1",
            port=self.ports["database"],
            user="postgres",
            password=self.secret("superuser_password"),
            dbname=database,
        )

    def start_database(self):
        """Start PostgreSQL with the options of compose.yaml and make the roles with roles.sh."""
        programs, who = binaries.postgresql(), identity.choose()
        folder = identity.reachable_binaries(programs.folder, programs.version, who)
        data = cluster.ensure(self.folder, programs, folder, who, self.secret("superuser_password"))
        options = files.compose()["services"]["postgres"]["command"][1:]
        chosen = [
            one.replace("${ARCHIVE_MODE:-off}", "off").replace("${ARCHIVE_COMMAND:-}", "") for one in options
        ]
        here = ("-h", "127.0.0.1", "-p", str(self.ports["database"]), "-k", "", "-c", "fsync=off")
        command = [folder / "postgres", "-D", data, *here, *chosen]
        self.begin("postgres", command, {"PATH": PATH}, stop=signal.SIGINT, become=who.become)
        until(lambda: not self.fails(psycopg2.Error, self.connect, "postgres"))
        with contextlib.closing(self.connect("postgres")) as connection:
            connection.autocommit = True
            connection.cursor().execute("CREATE DATABASE hematovision")
        given = {"PGHOST": "127.0.0.1", "PGPORT": str(self.ports["database"]), "SECRETS": str(self.secrets)}
        given |= {"POSTGRES_USER": "postgres", "POSTGRES_DB": "hematovision"}
        given |= {"PGPASSWORD": self.secret("superuser_password"), "PATH": f"{programs.folder}:{PATH}"}
        subprocess.run([DOCKER / "roles.sh"], env=given, check=True, capture_output=True)

    def start_broker(self):
        """Start the broker with valkey.sh."""
        (self.folder / "broker").mkdir()
        given = {"SECRETS": str(self.secrets), "SERVER": str(binaries.valkey()), "BIND": "127.0.0.1"}
        given |= {"PORT": str(self.ports["broker"]), "DATA": str(self.folder / "broker"), "PATH": PATH}
        self.begin("valkey", ["sh", DOCKER / "valkey.sh"], given)
        until(lambda: valkey.answers(self.secret("redis_url")))

    def environment(self, service):
        """Return a service's environment of compose.yaml with the paths and addresses of this machine."""
        given = files.compose()["services"][service]["environment"]
        places = {
            "/run/secrets": str(self.secrets),
            "${PUBLIC_HOST:?set it in docker/.env}": "127.0.0.1",
            "${TIME_ZONE:-UTC}": "UTC",
            "${OUTBOUND_PRIVATE_NETWORKS:-}": "",
            "172.30.87.10": "127.0.0.1",
        }
        env = {"PATH": PATH, "HOME": str(self.folder / "tmp"), "HV_VAR": str(self.var), "WEB_WORKERS": "2"}
        env |= {"HOST": "127.0.0.1", "PORT": str(self.ports.get(service, 0))}
        env |= {"DJANGO_SETTINGS_MODULE": "hematovision.settings.prod"}
        for name, value in given.items():
            env[name] = put(value, places)
        return env

    def run(self, service):
        """Run a service that ends by itself and return what it printed."""
        done = subprocess.run(
            [sys.executable, *files.entry(service)],
            env=self.environment(service),
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def manage(self, *command):
        """Run one of Django's commands as in a container of the web image."""
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            env=self.environment("web-a"),
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def start_part(self, service):
        command = [sys.executable, *files.entry(service)]
        self.parts[service] = self.begin(service, command, self.environment(service))
        return self.parts[service]

    def alive(self, service, part):
        """Ask the question of the container's health check."""
        check = [sys.executable, "-m", "hematovision.supervisor.alive", part]
        return subprocess.run(check, env=self.environment(service), cwd=ROOT, check=False).returncode == 0

    def replace(self, service):
        """Replace a web server as replace.sh does: stop the old in order, start the new, wait for it."""
        old = self.parts[service]
        old.ask_to_stop()
        old.end()
        new = self.start_part(service)
        until(lambda: self.alive(service, "web"))
        time.sleep(float(re.search(r"^  sleep (\d+)$", (DOCKER / "replace.sh").read_text(), re.MULTILINE)[1]))
        return old.process.pid, new.process.pid

    def start_nginx(self):
        """Start nginx with the configuration of docker/nginx."""
        made = authority.make(("localhost",))
        pair = authority.issue(made, ("localhost", "127.0.0.1"))
        key, _, certificate = pair.partition(b"-----BEGIN CERTIFICATE")
        (self.secrets / "tls_key").write_bytes(key)
        (self.secrets / "tls_certificate").write_bytes(b"-----BEGIN CERTIFICATE" + certificate)
        self.trust = ssl.create_default_context(cadata=made.certificate.public_bytes(Encoding.PEM).decode())
        text = (DOCKER / "nginx" / "nginx.conf").read_text()
        for there, here in {
            # First, since the folders of a test lie below /tmp themselves.
            " /tmp": f" {self.folder / 'tmp'}",
            "172.30.87.11:8000": f"127.0.0.1:{self.ports['web-a']}",
            "172.30.87.12:8000": f"127.0.0.1:{self.ports['web-b']}",
            "listen 8080": f"listen 127.0.0.1:{self.ports['plain']}",
            "listen 8443": f"listen 127.0.0.1:{self.ports['secure']}",
            "/run/secrets": str(self.secrets),
            "/data": str(self.var),
        }.items():
            assert there in text, there
            text = put(text, {there: here})
        for name in ("proxy.conf", "headers.conf"):
            (self.folder / "nginx" / name).write_text((DOCKER / "nginx" / name).read_text())
        configuration = self.folder / "nginx" / "nginx.conf"
        configuration.write_text(text)
        # As root it would give its workers to nobody, who may not read the portal's files.
        as_owner = ("-g", "user root;") if os.geteuid() == 0 else ()
        self.begin("nginx", ["nginx", "-c", configuration, "-e", "/dev/stderr", *as_owner], {"PATH": PATH})
        until(lambda: not self.fails(OSError, socket.create_connection, ("127.0.0.1", self.ports["secure"])))

    @staticmethod
    def fails(kind, act, *arguments):
        try:
            act(*arguments).close()
        except kind:
            return True
        return False

    def logs(self):
        return "\n".join(
            f"{log.name}: {log.read_text(errors='replace')[-1500:]}" for log in self.log.iterdir()
        )

    def stop(self):
        for child in reversed(self.children):
            child.ask_to_stop()
            child.end()


def put(text, places):
    """Replace what stands for a container's places by those of this machine."""
    for there, here in places.items():
        text = text.replace(there, here)
    return text


def until(check, seconds=90):
    """Wait until ``check()`` is true."""
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.2)
