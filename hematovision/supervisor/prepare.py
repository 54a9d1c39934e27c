"""Runs once before the parts, as the database's owner: ``python -m hematovision.supervisor.prepare``.

Secrets (the path of the first admin's link, the demo's passwords) go to standard output, as JSON; all
else goes to standard error, which becomes a log.
"""

from __future__ import annotations

import io
import json
import os
import sys

import django
from django.core.management import CommandError, call_command
from django.db import connections
from django.db.migrations.loader import MigrationLoader

from hematovision.core import workers
from hematovision.supervisor import static


def main() -> None:
    """Bring tables, models and static files up to date, forget what is old; tell what the terminal shows."""
    django.setup()
    from accounts.retention import retention_sweep  # noqa: PLC0415 -- its models need the setup

    if unknown := newer("owner"):
        sys.exit(
            f"this data was written by a newer HematoVision ({unknown[0]}), and nothing was changed in it. "
            "Start that version or a newer one; with this one, restore a backup made before the upgrade"
        )
    call_command("migrate", database="owner", interactive=False, verbosity=0)
    retention_sweep()
    try:
        call_command("register_model", stdout=sys.stderr)
    except CommandError as error:
        # History and reviews work without a model, and another one may be active; /healthz tells.
        sys.stderr.write(f"{error}\n")
    workers.forget()
    static.collect()
    try:
        demo = said("demo") if "--demo" in sys.argv else ""
    except CommandError as error:
        sys.exit(str(error))
    # A whole line, since what shows the logs of containers leaves out one that has no end.
    sys.stdout.write(json.dumps({"demo": demo, "first_admin": said("first_admin")}) + "\n")


def newer(database: str) -> list[str]:
    """Return the migrations that ``database`` has had and that come after all that this code knows.

    Django passes over them, and older code would then write rows that a newer one does not expect.
    """
    loader = MigrationLoader(connections[database])
    known: dict[str, str] = {}
    for (app, name), migration in loader.disk_migrations.items():
        # A squashed migration stands for those that it replaces.
        replaced = (old for of, old in migration.replaces if of == app)
        known[app] = max(known.get(app, ""), name, *replaced)
    return sorted(
        f"{app} {name}" for app, name in loader.applied_migrations if app in known and name > known[app]
    )


def said(command: str) -> str:
    """Run a command and return what it printed."""
    out = io.StringIO()
    call_command(command, stdout=out)
    return out.getvalue().strip()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hematovision.settings.prod")
    main()
