"""``manage.py evaluate``: the engine's own command of that name, with the same options."""

from __future__ import annotations

import sys

from django.core.management.base import BaseCommand

from mlcore.engine.cli import main


class Command(BaseCommand):
    help = "Same as python -m mlcore.engine evaluate: measure a bundle on a labelled folder."

    def run_from_argv(self, argv: list[str]) -> None:
        """Hand the options over unread: Django's own parser would claim some of their names."""
        sys.exit(main(["evaluate", *argv[2:]]))
