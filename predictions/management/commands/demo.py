"""``manage.py demo``: people of each role and drawn smears, through the same services as real ones."""

from __future__ import annotations

import random
import secrets
from io import BytesIO
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts import links, services
from accounts.models import Site, User
from accounts.permissions import Role
from hematovision.core.errors import PortalError
from hematovision.core.origin import Origin
from predictions.models import SmearField
from predictions.services import field_submit
from predictions.synthetic import draw_field

DOMAIN: Final = "demo.example"
SITE: Final = "Demo laboratory"
NAMES: Final = {
    Role.TECHNICIAN: "Demo Technician",
    Role.DOCTOR: "Demo Doctor",
    Role.ADMIN: "Demo Admin",
}
FIELDS: Final = 12
# About what a healthy adult's blood holds, so that the demo looks like a laboratory's day.
MIX: Final = {"neutrophil": 60, "lymphocyte": 28, "monocyte": 7, "eosinophil": 4, "basophil": 1}


class Command(BaseCommand):
    help = (
        "Adds a demo laboratory with one person of each role and drawn smears. Prints passwords, which "
        "are random and new each time. Refuses where other people than a first admin are at work."
    )

    def handle(self, **_options: Any) -> None:
        _refuse_beside_real_people()
        try:
            people = {role: self._person(role) for role in NAMES}
            drawn = _submit_smears(people[Role.TECHNICIAN])
        except PortalError as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(
            f"{drawn} drawn smears were submitted." if drawn else "The drawn smears are there already."
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


def _submit_smears(technician: User) -> int:
    """Draw smears and upload them as the technician; return how many, 0 if they are there already."""
    if SmearField.objects.filter(site=technician.site).exists():
        return 0
    chance = random.Random(FIELDS)  # noqa: S311 -- it draws pictures, not secrets
    for number in range(1, FIELDS + 1):
        labels = chance.choices(list(MIX), weights=list(MIX.values()), k=chance.randint(1, 4))
        picture = draw_field(number, labels=labels).encoded("image/jpeg")
        field_submit(
            actor=technician, origin=Origin(), content=BytesIO(picture), name=f"synthetic-{number:02}.jpg"
        )
    return FIELDS
