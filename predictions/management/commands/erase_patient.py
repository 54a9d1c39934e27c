"""Erase one patient for good (``script/manage erase_patient --by EMAIL --reason WHY``)."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError, CommandParser

from hematovision.core.errors import PortalError
from predictions.management import patient
from predictions.models import Report
from predictions.services.patient import patient_erase


class Command(BaseCommand):
    help = "Deletes a patient's samples, reports and images for good; asks for the patient, twice."

    def add_arguments(self, parser: CommandParser) -> None:
        patient.add_arguments(parser)
        parser.add_argument("--reason", required=True, help="kept in the log; without any name")

    def handle(self, *, by: str, site: str, reason: str, **_options: Any) -> None:
        actor = patient.person(by)
        reference, samples = patient.patient(site)
        reports = Report.objects.filter(sample__in=samples).count()
        self.stdout.write(f"{patient.told(samples)} Signed reports: {reports}. This cannot be undone.")
        if input("Type the patient reference again to erase them: ").strip() != reference:
            raise CommandError("It was not the same. Nothing was erased.")
        try:
            images = patient_erase(actor=actor, samples=samples, reason=reason)
        except PermissionDenied as refusal:
            raise CommandError(f"{refusal} Nothing was erased.") from refusal
        except PortalError as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(
            f"Erased, with their images ({images}). The log keeps that they were erased and why, and what "
            "was done to them before, by random numbers. Backups made earlier still hold them."
        )
