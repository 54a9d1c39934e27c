"""How many events a second does the log take, with and without its chain, and how fast is it verified?

Starts a PostgreSQL that keeps what it commits (fsync on), in a temporary folder, and lets threads write one
event a transaction. The chain's share is the ratio of both rates of one run.
Usage: PYTHONPATH=. .venv/bin/python bench/audit.py [--seconds 5]
"""

import argparse
import os
import secrets
import tempfile
import threading
import time
from pathlib import Path

import django
from django.core.management import call_command
from django.db import connections, transaction

from hematovision.supervisor import postgres

CLIENTS = (1, 4, 8)


def main() -> None:
    """Print the rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory(prefix="hv-bench-") as folder:
        var = Path(folder)
        (var / "log").mkdir()
        begun: list = []
        server = postgres.start(var, env=dict(os.environ), begun=begun.append)
        try:
            os.environ.update(
                DATABASE_URL=server.url,
                DATABASE_OWNER_URL=server.owner_url,
                REDIS_URL="redis://127.0.0.1:1/0",
                SECRET_KEY=secrets.token_urlsafe(48),
                HV_VAR=str(var),
                DJANGO_SETTINGS_MODULE="hematovision.settings.test",
            )
            django.setup()
            call_command("migrate", database="owner", interactive=False, verbosity=0)
            measure(seconds)
        finally:
            connections.close_all()
            for child in begun:
                child.ask_to_stop()
                child.end()


def measure(seconds: float) -> None:
    """Write with the chain, verify, then write without it."""
    from accounts.audit.chain import verify  # noqa: PLC0415 -- Django is set up by now

    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    chained = {clients: rate(clients, seconds) for clients in CLIENTS}
    began = time.perf_counter()
    verdict = verify()
    taken = time.perf_counter() - began
    print(f"verified {verdict.events} events in {taken:.2f} s, {verdict.events / taken:,.0f} a second")
    if not verdict.whole:
        raise SystemExit("\n".join(verdict.faults))
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditevent DISABLE TRIGGER audit_chained")
        # Without the trigger nobody gives the hash, which has to be another one each time.
        cursor.execute("ALTER TABLE audit_auditevent ALTER hash SET DEFAULT gen_random_uuid()::text")
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence('audit_auditevent', 'id'), max(id)) FROM audit_auditevent"
        )
    for clients in CLIENTS:
        plain = rate(clients, seconds, plain=True)
        print(
            f"{clients} clients: {chained[clients]:,.0f} events/s chained, {plain:,.0f} without the chain, "
            f"ratio {chained[clients] / plain:.2f}"
        )


def rate(clients: int, seconds: float, *, plain: bool = False) -> float:
    """Return how many transactions of one event each the clients commit in a second."""
    end = time.perf_counter() + seconds
    written = [0] * clients

    def write(place: int) -> None:
        while time.perf_counter() < end:
            with transaction.atomic():
                insert() if plain else chained_event()
            written[place] += 1
        connections.close_all()

    threads = [threading.Thread(target=write, args=[place]) for place in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(written) / seconds


def chained_event() -> None:
    """Write an event as the portal does."""
    from accounts.audit.record import record  # noqa: PLC0415 -- Django is set up by now

    record("portal.measured", actor=None, detail={"cells": 12})


def insert() -> None:
    """Write the same event where no trigger gives its hash."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_auditevent (event, actor_email, actor_role, subject_type, subject_id, address,"
            " agent, outcome, detail)"
            " VALUES ('portal.measured', '', '', '', '', '', '', 'ok', '{\"cells\": 12}')"
        )


if __name__ == "__main__":
    main()
