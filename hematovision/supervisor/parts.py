"""The parts that run our own code: web server, the workers, scheduler."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hematovision import env as read
from hematovision.supervisor.process import Child

if TYPE_CHECKING:
    from hematovision.supervisor.certificates import Pair

PROGRAM = (sys.executable, "-m", "celery", "--quiet", "-A")
CELERY = (*PROGRAM, "hematovision")
WORKER = ("worker", "--without-gossip", "--without-mingle", "--loglevel")
PROCESSES, THREADS = ("--pool", "prefork"), ("--pool", "threads")
# A child that has grown this far (in KB) is replaced after its task; the largest picture takes about 200 MB.
LARGEST_CHILD = "700000"
# The names under which a portal may always be called.
ALWAYS_ALLOWED = "127.0.0.1,localhost,[::1]"


@dataclass(frozen=True)
class Address:
    """Where the portal answers."""

    host: str
    port: int
    tls: bool = False

    @property
    def loopback(self) -> bool:
        """Whether only this machine reaches it."""
        return self.host in {"localhost", "::1"} or self.host.startswith("127.")

    @property
    def everywhere(self) -> bool:
        """Whether it is every address of this machine rather than one."""
        return self.host in {"0.0.0.0", "::", ""}

    @property
    def text(self) -> str:
        """``host:port`` as it stands in a link."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The address without a slash at its end; with TLS a name that the certificate holds."""
        if self.tls and self.everywhere:
            return f"https://{socket.gethostname().lower()}:{self.port}"
        return f"{'https' if self.tls else 'http'}://{self.text}"


def web(address: Address, log: Path, env: Mapping[str, str], pair: Pair | None = None) -> Child:
    """Return the web server; it keeps no access log, since searches and one-time links are in addresses.

    With ``pair`` it speaks TLS itself.
    """
    cores = os.cpu_count() or 1
    command = (
        *(sys.executable, "-m", "gunicorn", "hematovision.wsgi", "--bind", address.text, "--preload"),
        *encrypted(pair),
        *("--workers", str(read.integer("WEB_WORKERS", min(4, max(2, cores))))),
        *(
            "--threads",
            str(read.integer("WEB_THREADS", 8, at_least=1)),
            "--keep-alive",
            "20",
            "--timeout",
            "60",
        ),
        *("--graceful-timeout", str(read.integer("WEB_GRACE_SECONDS", 8, at_least=1))),
        *("--max-requests", "5000", "--max-requests-jitter", "500"),
        *("--no-control-socket", "--log-level", "warning"),
    )
    return Child(name="web", command=command, log=log / "web.log", env=env)


def encrypted(pair: Pair | None) -> tuple[str, ...]:
    """Return the kind of worker, and with a certificate what makes it speak TLS."""
    if pair is None:
        return ("--worker-class", "gthread")
    return (
        *("--worker-class", "hematovision.supervisor.listener.Worker"),
        *("--config", "python:hematovision.supervisor.listener"),
        *("--certfile", str(pair.certificate), "--keyfile", str(pair.key)),
    )


def inference(log: Path, env: Mapping[str, str]) -> Child:
    """Return the worker that reads smears: one picture at a time in each of its processes."""
    processes = read.integer("INFERENCE_PROCESSES", min(4, max(1, os.cpu_count() or 1)), at_least=1)
    options = (
        "-Q",
        "inference",
        "-n",
        "inference@%h",
        *PROCESSES,
        "-c",
        str(processes),
        "--max-memory-per-child",
        LARGEST_CHILD,
    )
    return worker("inference", options, log, env)


def training(log: Path, env: Mapping[str, str]) -> Child:
    """Return the worker that trains, one run at a time; its run is taken up again after a restart."""
    options = ("-Q", "training", "-n", "training@%h", *PROCESSES, "-c", "1")
    return worker("training", options, log, env, patience=2)


def courier(log: Path, env: Mapping[str, str]) -> Child:
    """Return the worker that tells other programs and sends mails; it mostly waits, so threads do."""
    options = ("-Q", "exchange", "-n", "courier@%h", *THREADS, "-c", "4")
    return worker("courier", options, log, env, tasks="hematovision.courier")


def worker(
    name: str,
    options: tuple[str, ...],
    log: Path,
    env: Mapping[str, str],
    *,
    patience: float = 10,
    tasks: str = "hematovision",
) -> Child:
    """Return a Celery worker; when the supervisor dies it drops its work, which another takes up."""
    level = read.text("LOG_LEVEL", "INFO")
    return Child(
        name=name,
        command=(*PROGRAM, tasks, *WORKER, level, *options),
        log=log / f"{name}.log",
        env=env,
        patience=patience,
        death=signal.SIGKILL,
    )


def scheduler(log: Path, env: Mapping[str, str]) -> Child:
    """Return the scheduler; it keeps no file, since its entries run every few seconds."""
    command = (*CELERY, "beat", "--scheduler", "hematovision.core.workers:MarkingScheduler", "--pidfile", "")
    return Child(
        name="scheduler",
        command=(*command, "--loglevel", read.text("LOG_LEVEL", "INFO")),
        log=log / "scheduler.log",
        env=env,
    )
