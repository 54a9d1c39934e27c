"""Runs once before the parts, as the database's owner: ``python -m hematovision.supervisor.prepare``.

The path of the first admin's link is a secret: it goes to standard output, all else to standard error,
which becomes a log.
"""

from __future__ import annotations

import io
import os
import sys

import django
from django.core.management import CommandError, call_command

from hematovision.supervisor import static


def main() -> None:
    """Bring tables, model list and static files up to date; offer the first admin's link if there is none."""
    django.setup()
    call_command("migrate", database="owner", interactive=False, verbosity=0)
    try:
        call_command("register_model", stdout=sys.stderr)
    except CommandError as error:
        # History and reviews work without a model, and another one may be active; /healthz tells.
        sys.stderr.write(f"{error}\n")
    static.collect()
    if "--demo" in sys.argv:
        call_command("demo", stdout=sys.stderr)
    link = io.StringIO()
    call_command("first_admin", stdout=link)
    sys.stdout.write(link.getvalue())


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hematovision.settings.prod")
    main()
