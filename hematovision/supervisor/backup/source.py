"""The portal that is backed up: the one that runs, or its servers alone for as long as it takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from hematovision.supervisor import environment, lock, postgres
from hematovision.supervisor.errors import StartError
from hematovision.supervisor.portal import ROOT, Portal


@contextmanager
def reached(var: Path) -> Iterator[dict[str, str]]:
    """Give the environment of the portal on ``var``; one that is stopped cannot be started meanwhile."""
    if not (var / "secrets").is_dir():
        raise StartError(f"No portal has run on {var}; set HV_VAR to the data folder of yours.")
    try:
        held = lock.of_portal(var)
    except StartError:
        yield _running(var)
        return
    portal = Portal()
    try:
        portal.env = environment.build(portal.address, var)
        portal.start_servers()
        yield portal.env
    finally:
        portal.stop()
        os.close(held)


def _running(var: Path) -> dict[str, str]:
    try:
        told: dict[str, str] = json.loads((var / "run" / "environment.json").read_text())
    except (OSError, ValueError):
        raise StartError(
            f"The portal on {var} is just starting or stopping, or another backup of it runs; "
            "try again in a minute."
        ) from None
    if not postgres.answers(told["DATABASE_URL"]):
        raise StartError(f"The database of the portal on {var} does not answer; try again once it does.")
    return {**os.environ, **told}


def manage(env: Mapping[str, str], *arguments: str) -> str:
    """Run one of Django's commands and return what it printed.

    Raises:
        StartError: it failed; the sentence is its last word.
    """
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        env=dict(env),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StartError((done.stderr.strip().splitlines() or ["It failed without a reason."])[-1])
    return done.stdout.strip()
