"""How long do worklist, history and trends take with 100,000 samples, and how long with 1,000?

Starts a PostgreSQL and a Valkey of its own, as ``script/server`` does, fills them by SQL with 100,000 samples
of 1,000,000 cells, and asks each page through all of the middleware, signed in as a technician of one site
and as an admin of all. Printed are the server's milliseconds (median, 95th percentile, slowest), the queries
of one request, and the ratio of the medians of the large and the small portal. It fails where a 95th
percentile is beyond 200 ms. Usage: .venv/bin/python bench/history.py [--samples 100000] [--rounds 60]
"""

import argparse
import os
import secrets
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import history_fill
from history_fill import APART_SECONDS

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

SMALL, GOAL_MS = 1000, 200.0


class Row(NamedTuple):
    """What one page took: milliseconds, and its number of queries."""

    median: float
    p95: float
    slowest: float
    queries: int


@contextmanager
def servers() -> Iterator[None]:
    """Start the servers, name them in the environment and migrate; afterwards nothing is left of them."""
    from hematovision.supervisor import postgres, valkey  # noqa: PLC0415 -- the path is set above

    # Whoever ends a run early would otherwise leave 2 GB and two servers behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended early"))
    with tempfile.TemporaryDirectory(prefix="hematovision-bench-") as folder:
        var, children = Path(folder), []
        (var / "log").mkdir()
        try:
            database = postgres.start(var, env=dict(os.environ), begun=children.append)
            broker = valkey.start(var, env=dict(os.environ), begun=children.append)
            os.environ.update(
                DATABASE_URL=database.url, DATABASE_OWNER_URL=database.owner_url, REDIS_URL=broker.url,
                SECRET_KEY=secrets.token_urlsafe(48), HV_VAR=folder, HTTPS="no", ALLOWED_HOSTS="testserver",
                DJANGO_SETTINGS_MODULE="hematovision.settings.prod",
            )  # fmt: skip
            import django  # noqa: PLC0415 -- it reads the environment
            from django.core.management import call_command  # noqa: PLC0415

            django.setup()
            call_command("collectstatic", interactive=False, verbosity=0)
            call_command("migrate", database="owner", interactive=False, verbosity=0)
            import hematovision.wsgi  # noqa: F401, PLC0415 -- settles the process as the web server does

            yield
        finally:
            for child in reversed(children):
                child.ask_to_stop()
                child.end()


def fill(first: int, last: int, seconds: int = APART_SECONDS) -> None:
    """Add samples as the owner of the tables, judge the open ones, and gather statistics."""
    import importlib  # noqa: PLC0415

    from django.db import connections, transaction  # noqa: PLC0415

    from predictions.services.recount import judge_open  # noqa: PLC0415

    count = importlib.import_module("predictions.migrations.0010_worklist").COUNT
    owner = connections["owner"]
    with transaction.atomic(using="owner"), owner.cursor() as cursor:
        if first == 1:
            history_fill.people(cursor)
        history_fill.samples(cursor, first, last, count, seconds)
    with transaction.atomic():
        judge_open()
    with owner.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def measured(ask: Callable[[int], Any], rounds: int) -> Row:
    """Ask ``rounds`` times and return what it took; an answer that is no success ends the run."""
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    times = []
    for number in range(rounds + 3):
        began = time.perf_counter()
        answer = ask(number)
        times.append(1000 * (time.perf_counter() - began))
        if answer.status_code not in {200, 302, 304}:
            raise SystemExit(f"{answer.status_code}: {answer.content[:400]!r}")
    with CaptureQueriesContext(connection) as queries:
        ask(rounds + 3)
    # The first three fill caches that a running portal has filled.
    times = sorted(times[3:])
    return Row(statistics.median(times), times[int(0.95 * len(times))], times[-1], len(queries))


class Pages:
    """The pages, asked as two people."""

    def __init__(self) -> None:
        from django.test import Client  # noqa: PLC0415
        from django.urls import reverse  # noqa: PLC0415

        from accounts.models import User  # noqa: PLC0415
        from predictions.models import Cell, Sample  # noqa: PLC0415

        self.reverse = reverse
        self.people = {
            "technician": User.objects.get(email="person5@example.org"),
            "admin": User.objects.get(email="person101@example.org"),
        }
        self.clients = {}
        for name, person in self.people.items():
            self.clients[name] = Client()
            self.clients[name].force_login(person)
        site = self.people["technician"].site
        self.numbers = list(
            Sample.objects.filter(site=site)
            .order_by("-received_at")
            .values_list("accession", flat=True)[:400]
        )
        held = Sample.objects.filter(site=site, state="signed").exclude(patient_reference="")
        self.patient = held.values_list("patient_reference", flat=True).last()
        self.open = list(Sample.objects.filter(site=site, state="in_review").values_list("pk", flat=True))
        self.many = Sample.objects.filter(patient_reference="MANY-3").order_by("received_at").last().pk
        held = Cell.objects.filter(analysis__field__sample__accession="HV-0000010", reviews=None)
        self.large = Sample.objects.get(accession="HV-0000010").pk
        self.unseen = iter(held.values_list("pk", flat=True))
        self.mine = str(self.people["technician"].pk)

    def worklists(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Yield every filter of the worklist, and pairs of them."""
        ago = [str(date.today() - timedelta(days=days)) for days in (20, 3, 400)]  # noqa: DTZ011
        yield "worklist", {}
        yield "signed", {"state": "signed"}
        yield "all", {"state": "all"}
        yield "cancelled", {"state": "cancelled"}
        yield "dates", {"state": "all", "date_from": ago[0], "date_to": ago[1]}
        yield "one day", {"state": "all", "date_from": ago[1], "date_to": ago[1]}
        yield "common class", {"state": "all", "kind": "neutrophil"}
        yield "rare class", {"state": "signed", "kind": "blast"}
        yield "class nobody has", {"state": "all", "kind": "plasma_cell"}
        yield "open with class", {"kind": "basophil"}
        for flag in ("critical", "delta", "low_quality", "unidentified"):
            yield f"flag {flag}", {"state": "all", "flag": flag}
        yield "open with flag", {"flag": "unidentified"}
        yield "person", {"state": "all", "person": self.mine}
        yield "class + flag", {"state": "all", "kind": "blast", "flag": "critical"}
        yield "class + person", {"state": "signed", "kind": "basophil", "person": self.mine}
        yield (
            "class + dates",
            {"state": "all", "kind": "erythroblast", "date_from": ago[2], "date_to": ago[1]},
        )
        yield "flag + person", {"state": "signed", "flag": "delta", "person": self.mine}
        yield "flag + dates", {"state": "all", "flag": "critical", "date_from": ago[0]}
        yield "person + dates", {"state": "all", "person": self.mine, "date_from": ago[0]}

    def histories(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Yield every filter of the history of fields."""
        ago = str(date.today() - timedelta(days=5))  # noqa: DTZ011
        yield "fields", {}
        yield "fields of a class", {"label": "basophil"}
        yield "fields of a class nobody has", {"label": "platelet"}
        yield "fields of a person", {"person": self.mine}
        yield "fields that failed", {"state": "failed"}
        yield "fields of a class, dates", {"label": "monocyte", "date_to": ago}
        yield "fields of a person, class", {"person": self.mine, "label": "erythroblast"}

    def requests(self, who: str) -> Iterator[tuple[str, Callable[[int], Any]]]:
        """Yield the name of each request and how it is made; its number varies what is asked for."""
        client, worklist, history = self.clients[who], self.reverse("worklist"), self.reverse("history")
        for name, query in self.worklists():
            yield name, lambda _n, q=query: client.get(worklist, q)
        for name, query in self.histories():
            yield name, lambda _n, q=query: client.get(history, q)
        for name, address, query in (
            ("signed, late page", worklist, {"state": "signed"}),
            ("all, late page", worklist, {"state": "all"}),
            ("common class, late page", worklist, {"state": "all", "kind": "neutrophil"}),
            ("fields, late page", history, {}),
        ):
            after = self.late(address)
            yield name, lambda _n, a=address, q={**query, "after": after}: client.get(a, q)
        text = lambda n: {"text": self.numbers[n % len(self.numbers)]}  # noqa: E731
        yield "search: number", lambda n: client.post(worklist, text(n))
        yield "search: patient", lambda _n: client.post(worklist, {"text": self.patient})
        yield "search: nothing found", lambda _n: client.post(worklist, {"text": "ZZ-9"})
        yield "search: file name", lambda n: client.post(history, {"text": f"smear-{n + 5}"})
        yield "search: no such file", lambda _n: client.post(history, {"text": "nowhere"})
        yield from self.singles(who)

    def singles(self, who: str) -> Iterator[tuple[str, Callable[[int], Any]]]:
        """Yield the pages that are no list."""
        client, live = self.clients[who], self.reverse("worklist_live")
        mark = client.get(live)["ETag"]
        yield "live, unchanged", lambda _n: client.get(live, headers={"If-None-Match": mark})
        yield "live, changed", lambda _n: client.get(live, {"rows": 90, "since": "2026-01-01T00:00:00+00:00"})
        for days in (30, 90, 365):
            yield f"trends, {days} days", lambda _n, d=days: client.get(self.reverse("trends"), {"days": d})
        page = lambda key: client.get(self.reverse("sample", args=[key]))  # noqa: E731
        yield "sample", lambda n: page(self.open[n % len(self.open)])
        yield "sample of 400 cells", lambda _n: page(self.large)
        review = self.reverse("sample_cells", args=[self.large])
        asked = lambda: {"cells": [{"id": str(next(self.unseen)), "seen": 0}], "code": "monocyte"}  # noqa: E731
        yield (
            "key press: 1 of 400 cells",
            lambda _n: client.post(review, asked(), content_type="application/json"),
        )
        yield "sample of a patient with many", lambda _n: page(self.many)

    def late(self, address: str) -> str:
        """Return the key of a page in the middle of all that there is."""
        from predictions.models import Sample, SmearField  # noqa: PLC0415
        from predictions.selectors.keys import write_key  # noqa: PLC0415

        rows = SmearField.objects if address == self.reverse("history") else Sample.objects
        when = "created_at" if rows.model is SmearField else "received_at"
        row = rows.order_by(when)[rows.count() // 2]
        return write_key(getattr(row, when), row.pk)


def run(rounds: int) -> dict[tuple[str, str], Row]:
    """Measure every page as everybody and print each line as it comes."""
    pages, found = Pages(), {}
    for who in pages.clients:
        for name, ask in pages.requests(who):
            row = found[who, name] = measured(ask, rounds)
            late = "  <-- over the goal" if row.p95 > GOAL_MS else ""
            print(
                f"{who:11}{name:32}{row.median:8.1f}{row.p95:8.1f}{row.slowest:8.1f}{row.queries:5}{late}",
                flush=True,
            )
    return found


def told(samples: int) -> None:
    """Print what the portal holds and the head of the table."""
    from predictions.models import Cell, CellReview, SampleTally, SmearField  # noqa: PLC0415

    rows = {"fields": SmearField, "cells": Cell, "reviews": CellReview, "tallies": SampleTally}
    counts = ", ".join(f"{model.objects.count()} {name}" for name, model in rows.items())
    print(f"\n{samples} samples, {counts}; load {os.getloadavg()[0]:.1f}")
    print(f"{'as':11}{'page':32}{'median':>8}{'p95':>8}{'slowest':>8}{'SQL':>5}")


def main() -> None:
    """Fill, measure, fill more, measure, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=60)
    chosen = parser.parse_args()
    with servers():
        fill(1, SMALL)
        told(SMALL)
        small = run(chosen.rounds)
        began = time.monotonic()
        fill(SMALL + 1, chosen.samples)
        print(f"\nfilled in {time.monotonic() - began:.0f} s")
        told(chosen.samples)
        large = run(chosen.rounds)
    print(f"\n{'as':11}{'page':32}{'ratio of the medians':>22}")
    for (who, name), row in large.items():
        print(f"{who:11}{name:32}{row.median / small[who, name].median:22.2f}")
    worst = max(large.values(), key=lambda row: row.p95)
    print(f"\nslowest 95th percentile {worst.p95:.0f} ms, goal {GOAL_MS:.0f} ms")
    raise SystemExit(worst.p95 > GOAL_MS)


if __name__ == "__main__":
    main()
