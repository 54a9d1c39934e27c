"""What both commands on a patient ask on the terminal: the password of who acts, and the patient."""

from __future__ import annotations

import getpass

from django.core.management.base import CommandError, CommandParser

from accounts.models import User
from predictions.models import Sample
from predictions.selectors import patient_samples


def add_arguments(parser: CommandParser) -> None:
    """Add what both commands take."""
    parser.add_argument("--by", required=True, metavar="EMAIL", help="who acts; the password is asked")
    parser.add_argument("--site", default="", help="only samples of the site of this name")


def person(email: str) -> User:
    """Return who acts, proved by their password."""
    found = User.objects.filter(email__iexact=email, is_active=True).first()
    if found is None or not found.check_password(getpass.getpass(f"Password of {email}: ")):
        raise CommandError("Nobody active has this address and this password.")
    return found


def patient(site: str) -> tuple[str, list[Sample]]:
    """Ask for the patient reference and return it with the samples.

    It is never an argument: arguments stand in the shell's history and in lists of processes.
    """
    reference = input("Patient reference: ").strip()
    samples = list(patient_samples(reference, site).select_related("site"))
    if not samples:
        raise CommandError("There is no sample with this patient reference.")
    return reference, samples


def told(samples: list[Sample]) -> str:
    """Return how many samples there are at which site, since two sites may use the same reference."""
    sites = sorted({sample.site.name for sample in samples})
    counts = [f"{sum(one.site.name == site for one in samples)} at {site}" for site in sites]
    return f"Samples: {', '.join(counts)}."
