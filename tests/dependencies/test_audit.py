"""Known vulnerabilities of the locked packages, and the licences they come with."""

import datetime as dt
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.markers import Marker

from tests.deployment import locks

HERE, BIN = Path(__file__).parent, Path(sys.executable).parent
ALLOWED = tomllib.loads((HERE / "allowed.toml").read_text())
LOCK = locks.ROOT / "requirements.txt"


def audit(lock):
    """Ask the vulnerability service about every package of a lock; None when it gives no answer at all."""
    command = [BIN / "pip-audit", "-r", lock, "--disable-pip", "--no-deps", "--format", "json"]
    done = subprocess.run(
        [*command, "--progress-spinner", "off"], capture_output=True, text=True, check=False
    )
    if not done.stdout.startswith("{"):
        return None
    report = json.loads(done.stdout)["dependencies"]
    # An index that knows no package at all is a mirror without the service: it has said nothing about any.
    return None if all("skip_reason" in one for one in report) else report


def findings(report, accepted, today):
    """Return what is wrong: findings not accepted, packages unknown, exceptions that are over or stale."""
    known = {(one["package"], one["id"]): one for one in accepted}
    wrong = [f"{one['name']}: {one['skip_reason']}" for one in report if "skip_reason" in one]
    used = set()
    for one in report:
        for issue in one.get("vulns", []):
            ids = [issue["id"], *issue.get("aliases", [])]
            match = next(((one["name"], name) for name in ids if (one["name"], name) in known), None)
            used.add(match)
            if match is None:
                wrong.append(f"{one['name']}: {', '.join(ids)}")
    over = [
        f"{package}: the exception for {name} is over"
        for package, name in known
        if known[package, name]["until"] < today
    ]
    return (
        wrong
        + over
        + [f"{package}: {name} is not found" for package, name in known if (package, name) not in used]
    )


def test_no_known_vulnerability_but_those_accepted():
    report = audit(LOCK)
    if report is None:
        pytest.skip("NOT CHECKED for vulnerabilities: the service of pip-audit does not answer here")
    assert findings(report, ALLOWED.get("vulnerability", []), dt.datetime.now(dt.UTC).date()) == []


CLEAN = {"name": "django", "version": "5.2.19", "vulns": []}
HOLE = {
    "name": "pillow",
    "version": "1",
    "vulns": [{"id": "PYSEC-1", "fix_versions": [], "aliases": ["CVE-1"]}],
}
TODAY = dt.date(2026, 11, 21)
NEXT_YEAR, LAST_YEAR = dt.date(2027, 1, 1), dt.date(2025, 1, 1)


@pytest.mark.parametrize(
    ("report", "accepted", "wrong"),
    [
        ([CLEAN], [], []),
        ([CLEAN, HOLE], [], ["pillow: PYSEC-1, CVE-1"]),
        ([HOLE], [("pillow", "CVE-1", NEXT_YEAR)], []),
        ([HOLE], [("pillow", "CVE-1", LAST_YEAR)], ["pillow: the exception for CVE-1 is over"]),
        ([HOLE], [("django", "CVE-1", NEXT_YEAR)], ["pillow: PYSEC-1, CVE-1", "django: CVE-1 is not found"]),
        ([CLEAN], [("pillow", "CVE-1", NEXT_YEAR)], ["pillow: CVE-1 is not found"]),
        ([CLEAN, {"name": "odd", "skip_reason": "unknown"}], [], ["odd: unknown"]),
    ],
)
def test_finding_fails_unless_it_is_accepted_and_still_holds(report, accepted, wrong):
    listed = [dict(zip(("package", "id", "until"), one, strict=True)) for one in accepted]
    assert findings(report, listed, TODAY) == wrong


def licences(names):
    """Return package -> licence as the installed packages' metadata says it."""
    command = [
        BIN / "pip-licenses",
        "--from",
        "mixed",
        "--format",
        "json",
        "--with-system",
        "--packages",
        *names,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {
        one["Name"].lower().replace("_", "-").replace(".", "-"): one["License"]
        for one in json.loads(done.stdout)
    }


def acceptable(licence):
    """Whether one choice of the licence consists of accepted parts alone."""
    return any(
        {part.strip() for part in choice.replace(";", " AND ").split(" AND ")} <= {*ALLOWED["licences"]}
        for choice in licence.split(" OR ")
    )


def test_every_package_has_a_licence_that_is_accepted():
    here = {name for name, _version, marker in locks.pins(LOCK) if not marker or Marker(marker).evaluate()}
    found = licences(sorted(here))
    assert set(found) == here
    excepted = {one["package"]: one["licence"] for one in ALLOWED["licence"]}
    refused = {name: licence for name, licence in found.items() if not acceptable(licence)}
    assert refused == excepted


@pytest.mark.parametrize(
    "one", [*ALLOWED["licence"], *ALLOWED.get("vulnerability", [])], ids=lambda one: one["package"]
)
def test_exception_says_why_and_is_not_over(one):
    assert len(one["reason"]) > 20
    today = dt.datetime.now(dt.UTC).date()
    assert one["since"] <= today <= one["until"], "look at it again, then move the date"


@pytest.mark.parametrize(
    ("licence", "verdict"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("GPL-3.0-only OR MIT", True),
        ("BSD License; Apache Software License", True),
        ("MIT AND GPL-3.0-only", False),
        ("UNKNOWN", False),
    ],
)
def test_licences_are_read_as_they_are_meant(licence, verdict):
    assert acceptable(licence) is verdict
