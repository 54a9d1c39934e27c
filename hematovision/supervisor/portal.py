"""The whole portal, part by part: servers, preparation, our own processes, and their orderly end."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from hematovision import env as read
from hematovision.supervisor import (
    environment,
    external,
    folder,
    greeting,
    lock,
    machine,
    parts,
    ports,
    postgres,
    probe,
    valkey,
)
from hematovision.supervisor.certificates import Own, Pair
from hematovision.supervisor.errors import StartError
from hematovision.supervisor.process import Child
from hematovision.supervisor.watch import Watched, how

ROOT = Path(__file__).resolve().parents[2]
HEALTHY_SECONDS = 120


class Portal:
    """Everything that runs on this machine. Use :meth:`run`, and :meth:`stop` whatever happened.

    With ``tls`` the web server speaks HTTPS itself: with ``pair``, or with a certificate of its own.
    """

    def __init__(self, *, demo: bool = False, tls: bool = False, pair: Pair | None = None) -> None:
        self.demo = demo
        self.began = time.monotonic()
        self.var = read.path("HV_VAR", ROOT / "var")
        port = read.integer("PORT", 8000, at_least=1)
        self.address = parts.Address(read.text("HOST", "127.0.0.1"), port, tls=tls)
        self.pair = pair
        self.own: Own | None = None
        self.children: list[Child] = []
        self.env: dict[str, str] = {}
        self.owner_url = ""

    def run(self) -> None:
        """Start everything, say where it is, and keep it alive until interrupted."""
        folder.ensure(self.var)
        held = lock.of_portal(self.var)
        # What a killed one has left would lead commands and backups to a database that is not there.
        environment.withdraw(self.var)
        ports.check_free(self.address.host, self.address.port)
        self.env = environment.build(self.address, self.var)
        if self.address.tls and self.pair is None:
            self.own = Own(self.var / "tls", machine.names(self.address, read.words("ALLOWED_HOSTS")))
            self.pair = self.own.pair
        self.start_servers()
        shown = self.prepare()
        environment.publish(self.var, self.env)
        self.start_parts()
        self.announce(self.wait_until_healthy(), shown)
        self.watch()
        os.close(held)

    def start_servers(self) -> None:
        """Start the database and the broker that the environment does not name."""
        held = lock.of_servers(self.var)
        plain = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "HOME") if name in os.environ}
        if url := read.text("DATABASE_URL", ""):
            owner = read.text("DATABASE_OWNER_URL", "")
            self.env["DATABASE_URL"], self.owner_url = external.addresses(url, owner, self.var / "secrets")
        else:
            database = postgres.start(self.var, env=plain, keep=(held,), begun=self.children.append)
            self.env["DATABASE_URL"], self.owner_url = database.url, database.owner_url
        if url := read.text("REDIS_URL", ""):
            if not valkey.answers(url):
                raise StartError(
                    "The Redis server of REDIS_URL does not answer; start it or unset REDIS_URL."
                )
            self.env["REDIS_URL"] = url
        else:
            self.env["REDIS_URL"] = valkey.start(
                self.var, env=plain, keep=(held,), begun=self.children.append
            ).url
        os.close(held)

    def prepare(self) -> dict[str, str]:
        """Bring the database up to date as its owner; return what only the terminal may show."""
        log = self.var / "log" / "prepare.log"
        command = [
            sys.executable,
            "-m",
            "hematovision.supervisor.prepare",
            *(["--demo"] if self.demo else []),
        ]
        with log.open("wb") as errors:
            done = subprocess.run(
                command,
                env={**self.env, "DATABASE_OWNER_URL": self.owner_url},
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                check=False,
            )
        if done.returncode:
            lines = log.read_text(errors="replace").strip().splitlines() or ["no reason given"]
            rest = f" ({log} has the rest)" if len(lines) > 1 else ""
            raise StartError(f"The portal could not be prepared: {lines[-1]}{rest}.")
        shown: dict[str, str] = json.loads(done.stdout)
        return shown

    def start_parts(self) -> None:
        """Start our own processes."""
        log = self.var / "log"
        for part in (
            parts.web(self.address, log, self.env, self.pair),
            parts.inference(log, self.env),
            parts.training(log, self.env),
            parts.courier(log, self.env),
            parts.scheduler(log, self.env),
        ):
            part.start()
            self.children.append(part)

    def wait_until_healthy(self) -> list[str]:
        """Wait until every part is there; return the parts that are still missing after a long time.

        Raises:
            StartError: a process ended at once, or the web server does not answer.
        """
        shown = self.pair.certificate if self.pair else None
        missing, end = ["web"], time.monotonic() + HEALTHY_SECONDS
        while missing and time.monotonic() < end:
            time.sleep(0.3)
            for child in self.children:
                if not child.alive:
                    raise StartError(
                        f"The part called {child.name} ended at once ({how(child)}); {child.log} says why."
                    )
            missing = probe.missing_parts(self.address, self.env, shown)
            if missing == ["model"]:
                break
        if missing == ["web"]:
            raise StartError(f"The web server does not answer; {self.var / 'log' / 'web.log'} says why.")
        return missing

    def announce(self, missing: list[str], shown: dict[str, str]) -> None:
        """Print where the portal is and what is still to be done."""
        seconds = time.monotonic() - self.began
        print(f"HematoVision runs at {self.address.url}/ (after {seconds:.1f} s). Ctrl-C stops it.")
        for line in (
            *greeting.where(self.address, self.env, self.own),
            *greeting.to_do(self.address.url, missing, shown, self.var / "log"),
        ):
            print(line)
        sys.stdout.flush()

    def watch(self) -> None:
        """Keep every part alive until interrupted."""
        watched = [Watched(child) for child in self.children]
        while True:
            time.sleep(0.5)
            if self.own:
                # A full disk is no reason to stop: there are weeks left for the renewal.
                with contextlib.suppress(OSError):
                    self.own.look()
            for one in watched:
                if said := one.look():
                    print(said, flush=True)

    def stop(self) -> None:
        """End every part in the reverse order of starting, our own processes all at the same time."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if self.env:
            environment.withdraw(self.var)
        servers = [child for child in self.children if child.name in {"database", "broker"}]
        own = [child for child in self.children if child not in servers]
        for child in reversed(own):
            child.ask_to_stop()
        for child in (*reversed(own), *reversed(servers)):
            if child in servers:
                child.ask_to_stop()
            child.end()
