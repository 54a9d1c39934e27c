"""How far does guessing get, and do answers or their time tell who has an account?

Starts PostgreSQL and Valkey in a temporary folder and asks the portal in this process, with its real way of
keeping passwords. Guessing goes on until it is refused. For telling accounts apart, addresses of four kinds
are tried in turns; the table shows the median of each kind, whether its answers are the same byte for byte
once the address typed is replaced, and how probable so large a difference of the times from those of a
known account would be if there were none (Mann-Whitney, two-sided).
Usage: PYTHONPATH=. .venv/bin/python bench/signin.py [--tries 120]
"""

import argparse
import os
import re
import statistics
import time
from collections.abc import Callable
from typing import Any, Final

import django
from scipy.stats import mannwhitneyu

import tests.servers  # noqa: F401 -- its import starts the servers

PASSWORD: Final = "nineteen-blue-lamps"
MOST: Final = 60
PATHS: Final = {"sign-in": "/accounts/login/", "new password": "/accounts/password/reset/"}
KINDS: Final = ("known", "unknown", "disabled", "invited")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=120)
    tries = parser.parse_args().tries
    os.environ["DJANGO_SETTINGS_MODULE"] = "hematovision.settings.test"
    django.setup()
    from django.conf import global_settings, settings  # noqa: PLC0415 -- Django is set up by now
    from django.core.management import call_command  # noqa: PLC0415
    from django.test.utils import setup_test_environment  # noqa: PLC0415

    settings.PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS
    settings.MAIL_ENABLED = True
    setup_test_environment()
    call_command("migrate", database="owner", interactive=False, verbosity=0)
    people()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {tries} tries of each kind")
    guessing()
    for name in PATHS:
        telling(name, tries)


def people() -> None:
    """Make one account of each kind, and more to be guessed at."""
    from accounts.models import Site, User  # noqa: PLC0415

    site = Site.objects.create(name="Laboratory")
    for name in ("known", "disabled", "invited", *(f"other{number}" for number in range(MOST))):
        person = User(email=f"{name}@example.org", name=name, role="technician", site=site)
        person.is_active = name != "disabled"
        person.set_password(None if name == "invited" else PASSWORD)
        person.save()


def guessing() -> None:
    """Print how many tries pass before the first refusal, for three ways of guessing."""
    ways: dict[str, Callable[[int], tuple[str, str]]] = {
        "one account, one address": lambda _: ("known", "10.0.0.1"),
        "one account, an address each": lambda number: ("known", f"10.1.0.{number + 1}"),
        "an account each, one address": lambda number: (f"other{number}", "10.2.0.1"),
    }
    print(f"\n{'guessing':<32}  passed before a refusal  refused of {MOST}")
    for name, way in ways.items():
        forget()
        passed = [b"are not correct" in post("sign-in", *way(number)).content for number in range(MOST)]
        first = passed.index(False) if False in passed else MOST
        print(f"{name:<32}  {first:>23}  {passed.count(False):>10}")


def telling(name: str, tries: int) -> None:
    """Print median, spread and sameness of the answers at ``name`` for each kind of address."""
    spent: dict[str, list[float]] = {kind: [] for kind in KINDS}
    answers: dict[str, set[tuple[int, str, bytes]]] = {kind: set() for kind in KINDS}
    for number in range(tries + 3):
        # Nobody is favoured by coming first; the first rounds only warm up.
        for kind in KINDS[number % len(KINDS) :] + KINDS[: number % len(KINDS)]:
            forget()
            begun = time.perf_counter()
            answer = post(name, kind, "10.3.0.1")
            if number >= 3:
                spent[kind].append(1000 * (time.perf_counter() - begun))
                answers[kind].add(
                    (answer.status_code, answer.get("Location", ""), plain(answer.content, kind))
                )
    print(f"\n{name:<14}  median ms  p95 ms  different answers  same as known       p")
    for kind in KINDS:
        p = mannwhitneyu(spent[kind], spent["known"]).pvalue
        median, p95 = statistics.median(spent[kind]), statistics.quantiles(spent[kind], n=20)[-1]
        same = "yes" if answers[kind] == answers["known"] else "NO"
        print(f"{kind:<14}  {median:>9.2f}  {p95:>6.1f}  {len(answers[kind]):>17}  {same:>13}  {p:>6.3f}")


def plain(content: bytes, kind: str) -> bytes:
    """Return a page without what is new each time and without the address that was typed."""
    content = re.sub(rb"\b[A-Za-z0-9]{64}\b", b"TOKEN", content)
    return content.replace(f"{kind}@example.org".encode(), b"ADDRESS")


def post(name: str, kind: str, address: str) -> Any:
    """Send the form as a browser that has not been here before."""
    from django.test import Client  # noqa: PLC0415

    field = "login" if name == "sign-in" else "email"
    form = {field: f"{kind}@example.org", "password": "not the password"}
    return Client(REMOTE_ADDR=address).post(PATHS[name], form)


def forget() -> None:
    """Forget the tries so far, which otherwise end the measuring after five."""
    from django.core.cache import cache  # noqa: PLC0415

    cache.clear()


if __name__ == "__main__":
    main()
