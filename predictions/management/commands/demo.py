"""``manage.py demo``: people of each role, and samples of drawn smears, by the services that people use."""

from __future__ import annotations

import secrets
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts import links, services
from accounts.models import Site, User
from accounts.permissions import Role
from hematovision.core.errors import PortalError
from predictions.management.demo import Day
from predictions.models import SmearField

DOMAIN: Final = "demo.example"
SITE: Final = "Demo laboratory"
NAMES: Final = {
    Role.TECHNICIAN: "Demo Technician",
    Role.DOCTOR: "Demo Doctor",
    Role.ADMIN: "Demo Admin",
}
# Pictures without a sample, as programs send them.
LOOSE_FIELDS: Final = 4


class Command(BaseCommand):
    help = (
        "Adds a demo laboratory with one person of each role and drawn smears. Prints passwords, which "
        "are random and new each time. Refuses where other people than a first admin are at work."
    )

    def handle(self, **_options: Any) -> None:
        _refuse_beside_real_people()
        try:
            people = {role: self._person(role) for role in NAMES}
            drawn = _fill(people[Role.TECHNICIAN], people[Role.DOCTOR])
        except PortalError as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(
            f"{drawn} drawn smears were added." if drawn else "The drawn smears are there already."
        )

    def _person(self, role: Role) -> User:
        """Add the demo person of ``role`` if missing, set a new password and print it, its only copy."""
        password = secrets.token_urlsafe(12)
        email = f"{role.value}@{DOMAIN}"
        with transaction.atomic():
            person = User.objects.filter(email=email).first() or services.person_create(
                actor=None, email=email, name=NAMES[role], role=role.value, site=_site()
            )
            links.link_redeem(token=links.link_issue(actor=None, person=person), password=password)
        self.stdout.write(f"{role.value:<12} {email:<28} {password}")
        return person


def _refuse_beside_real_people() -> None:
    """A portal with patients' smears must not get accounts whose passwords stand on a terminal."""
    real = list(User.objects.exclude(email__endswith=f"@{DOMAIN}").values_list("role", flat=True)[:2])
    if real not in ([], [Role.ADMIN]):
        raise CommandError("Other people than the first admin work here; the demo is for an empty portal.")
    if SmearField.objects.exclude(site__name=SITE).exists():
        raise CommandError(
            "There are smears here that the demo did not draw; the demo is for an empty portal."
        )


def _site() -> Site:
    return Site.objects.filter(name=SITE).first() or services.site_create(actor=None, name=SITE)


def _fill(technician: User, doctor: User) -> int:
    """Make samples and loose fields; return how many were drawn, 0 if they are there already."""
    if SmearField.objects.filter(site=technician.site).exists():
        return 0
    day = Day(technician, doctor)
    day.fill()
    for number in range(LOOSE_FIELDS):
        day.field(None, cells=1 + number % 4)
    return day.drawn
