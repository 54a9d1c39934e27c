"""Every check of the project, one after the other: ``python -m tests.run``; arguments go to pytest alone.

All steps run even when one fails. The servers are started once and serve every step.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import tests.servers  # noqa: F401 -- its import starts the servers

BIN = Path(sys.executable).parent
PYTHON = sys.executable
DEPLOYED = {"DJANGO_SETTINGS_MODULE": "hematovision.settings.prod", "HTTPS": "yes"}
PYTEST = (PYTHON, "-m", "pytest")

STEPS = {
    "ruff": ((BIN / "ruff", "check", "."), {}),
    "format": ((BIN / "ruff", "format", "--check", "."), {}),
    "types": ((BIN / "mypy",), {}),
    "imports": ((BIN / "lint-imports",), {}),
    "templates": ((BIN / "djlint", "--lint", "--quiet", "templates"), {}),
    "deployment": ((PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING"), DEPLOYED),
    "migrations": ((PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"), {}),
}


def run(name, command, extra):
    """Run one step and return whether it passed."""
    print(f"\n--- {name}", flush=True)
    began = time.monotonic()
    status = subprocess.run(
        [str(part) for part in command], env={**os.environ, **extra}, check=False
    ).returncode
    print(
        f"--- {name}: {'passed' if status == 0 else 'FAILED'} in {time.monotonic() - began:.1f} s", flush=True
    )
    return status == 0


def run_pytest(arguments):
    """Run pytest and return its status and its closing line, while all it says is shown."""
    print("\n--- tests", flush=True)
    closing = ""
    with subprocess.Popen(
        [*PYTEST, *arguments], stdout=subprocess.PIPE, text=True, errors="replace"
    ) as process:
        for line in process.stdout:
            print(line, end="", flush=True)
            closing = line.strip() or closing
    return process.returncode, closing


def main():
    """Run what was asked for; return the exit status."""
    if sys.argv[1:]:
        return run_pytest(sys.argv[1:])[0]
    failed = [name for name, (command, extra) in STEPS.items() if not run(name, command, extra)]
    # Tests that share one running portal stay together (``Together`` in tests/conftest.py).
    # Three for two cores: much of the time is spent waiting for servers and browsers.
    shared = ("-n", "3", "--dist", "loadscope", "--no-loadscope-reorder")
    status, closing = run_pytest([*shared, "--durations", "25"])
    print(f"\n--- failed: {', '.join(failed)}" if failed else "\n--- all other steps passed")
    print(closing, flush=True)
    return 1 if failed else status


if __name__ == "__main__":
    sys.exit(main())
