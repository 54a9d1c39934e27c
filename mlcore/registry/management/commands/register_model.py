"""``manage.py register_model [FOLDER]``: list a model bundle; without a folder the one that is shipped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from mlcore.engine.bundle import SHIPPED_BUNDLE
from mlcore.registry import services
from mlcore.registry.services import BundleRefused


class Command(BaseCommand):
    help = (
        "Verify a model bundle, copy it into the model folder and list it. Without FOLDER: the shipped one, "
        "which also becomes active if none is or if the active one came with an earlier release."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", nargs="?", type=Path, help="a folder with manifest.json")

    def handle(self, *_args: Any, folder: Path | None, **_options: Any) -> None:
        try:
            if folder is None:
                version = services.ship(SHIPPED_BUNDLE)
            else:
                version = services.register_bundle(directory=folder, actor=None)
        except BundleRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        except OSError as problem:
            raise CommandError(f"The model folder cannot be written: {problem.strerror}.") from problem
        self.stdout.write(f"Model {version.version} ({version.sha256[:12]}): {version.get_state_display()}.")
