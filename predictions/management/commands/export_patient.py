"""Write everything that is held of one patient into a ZIP file (``export_patient FILE --by EMAIL``)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError, CommandParser

from predictions.management import patient
from predictions.services.patient import patient_export


class Command(BaseCommand):
    help = "Writes a patient's samples, signed reports and images into a ZIP file; asks for the patient."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        patient.add_arguments(parser)

    def handle(self, *, file: Path, by: str, site: str, **_options: Any) -> None:
        actor = patient.person(by)
        _reference, samples = patient.patient(site)
        try:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as problem:
            raise CommandError(f"{file} cannot be made: {problem.strerror}.") from problem
        try:
            with os.fdopen(descriptor, "wb") as out:
                missing = patient_export(actor=actor, samples=samples, file=out)
        except BaseException as problem:
            file.unlink()
            if isinstance(problem, PermissionDenied | OSError):
                raise CommandError(f"{problem} Nothing was exported.") from problem
            raise
        self.stdout.write(f"{patient.told(samples)} They are in {file}, which only you can read.")
        if missing:
            self.stdout.write(
                f"Images that could not be read: {missing}; missing.txt in the file names them."
            )
