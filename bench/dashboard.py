"""How long do the dashboard and the pages beside it take with 100,000 samples of 1,000,000 cells?

Starts servers of its own and fills them as ``history.py`` does: over two years, or over as many days as are
named, since the dashboard looks at the last 30. Printed are the server's milliseconds (median, 95th
percentile, slowest) and the queries of one request, then the same of every list that the dashboard's numbers
open. It fails where a 95th percentile is beyond 200 ms, or 1000 ms for those lists.
Usage: .venv/bin/python bench/dashboard.py [--samples 100000] [--rounds 60]
[--days 30]
"""

import argparse
import os
import re
from html import unescape

import history
from history_fill import APART_SECONDS

PAGES = ("dashboard", "people", "drift", "reanalyses")
LIST_MS = 1000.0


def count() -> None:
    """Fill the counts of the days, which the rows that SQL has made have passed by."""
    from django.conf import settings  # noqa: PLC0415
    from django.db import connections  # noqa: PLC0415

    from predictions.services.days import COUNT  # noqa: PLC0415

    with connections["owner"].cursor() as cursor:
        cursor.execute(COUNT.format(which="true"), {"zone": settings.TIME_ZONE})
        cursor.execute("VACUUM ANALYZE predictions_daytally")


def run(rounds: int) -> bool:
    """Measure every page as an admin, print lines as they come, and say whether all kept to their goals."""
    from django.test import Client  # noqa: PLC0415
    from django.urls import reverse  # noqa: PLC0415

    from accounts.models import User  # noqa: PLC0415

    client, good = Client(), True
    client.force_login(User.objects.get(email="person101@example.org"))
    pages = [(name, reverse(name), history.GOAL_MS) for name in PAGES]
    lists = {unescape(one) for one in re.findall(r'href="([^"]+\?[^"]+)"', client.get(pages[0][1]).text)}
    pages += [(address, address, LIST_MS) for address in sorted(lists)]
    for name, address, goal in pages:
        row = history.measured(lambda _n, a=address: client.get(a), rounds)
        late = f"  <-- over {goal:.0f}" if row.p95 > goal else ""
        good = good and not late
        print(f"{name:90}{row.median:8.1f}{row.p95:8.1f}{row.slowest:8.1f}{row.queries:5}{late}", flush=True)
    return good


def main() -> None:
    """Fill, measure, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--days", type=int, default=0)
    chosen = parser.parse_args()
    seconds = chosen.days * 86400 // chosen.samples or APART_SECONDS
    with history.servers():
        # In two parts, since only the statistics of the first let the database plan the second well.
        history.fill(1, history.SMALL, seconds)
        history.fill(history.SMALL + 1, chosen.samples, seconds)
        count()
        from predictions.models import Cell  # noqa: PLC0415

        print(f"\n{Cell.objects.count()} cells in {chosen.samples} samples; load {os.getloadavg()[0]:.1f}")
        print(f"{'page':90}{'median':>8}{'p95':>8}{'slowest':>8}{'SQL':>5}")
        good = run(chosen.rounds)
    raise SystemExit(not good)


if __name__ == "__main__":
    main()
