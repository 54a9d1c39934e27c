"""Every check of the project: ``python -m tests.run``; arguments go to pytest alone.

All steps run even when one fails. The servers are started once and serve every step.
"""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import tests.servers  # noqa: F401 -- its import starts the servers

# A run starts hundreds of processes: what one of them has compiled serves the others.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

BIN = Path(sys.executable).parent
PYTHON = sys.executable
DEPLOYED = {"DJANGO_SETTINGS_MODULE": "hematovision.settings.prod", "HTTPS": "yes"}
PYTEST = (PYTHON, "-m", "pytest")

STEPS = {
    # The longest first: the others run beside it.
    "types": ((BIN / "mypy",), {}),
    "ruff": ((BIN / "ruff", "check", "."), {}),
    "format": ((BIN / "ruff", "format", "--check", "."), {}),
    "imports": ((BIN / "lint-imports",), {}),
    "templates": ((BIN / "djlint", "--lint", "--quiet", "templates"), {}),
    "deployment": ((PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING"), DEPLOYED),
    "migrations": ((PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"), {}),
}


def run(step):
    """Run one step and return its name, whether it passed, and what is shown of it."""
    name, (command, extra) = step
    began = time.monotonic()
    done = subprocess.run(
        [str(part) for part in command],
        env={**os.environ, **extra},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    passed = done.returncode == 0
    verdict = f"{'passed' if passed else 'FAILED'} in {time.monotonic() - began:.1f} s"
    return name, passed, f"\n--- {name}\n{done.stdout}--- {name}: {verdict}"


def failures():
    """Run all steps but the tests, two at a time, and return the names of those that failed."""
    failed = []
    with ThreadPoolExecutor(2) as pool:
        for done in as_completed([pool.submit(run, step) for step in STEPS.items()]):
            name, passed, shown = done.result()
            print(shown, flush=True)
            failed += [] if passed else [name]
    return failed


def run_pytest(arguments):
    """Run pytest and return its status and its closing line, while all it says is shown."""
    print("\n--- tests", flush=True)
    closing = ""
    with subprocess.Popen(
        [*PYTEST, *arguments], stdout=subprocess.PIPE, text=True, errors="replace"
    ) as process:
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        for line in process.stdout:
            print(line, end="", flush=True)
            closing = line.strip() or closing
    return process.returncode, closing


def main():
    """Run what was asked for; return the exit status."""
    # Ending by a signal is an end, too: the servers stop.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    if sys.argv[1:]:
        return run_pytest(sys.argv[1:])[0]
    failed = failures()
    # Tests that share one running portal stay together (``Together`` in tests/conftest.py).
    # Three for two cores: much of the time is spent waiting for servers and browsers.
    shared = ("-n", "3", "--dist", "loadscope", "--no-loadscope-reorder")
    status, closing = run_pytest([*shared, "--durations", "25"])
    print(f"\n--- failed: {', '.join(failed)}" if failed else "\n--- all other steps passed")
    print(closing, flush=True)
    return 1 if failed else status


if __name__ == "__main__":
    sys.exit(main())
