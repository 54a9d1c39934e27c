"""Add a person, or give one that exists a new link, and print the path of the one-time link."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.urls import reverse

from accounts import links, services
from accounts.management.people import person_with
from accounts.models import Site, User
from accounts.permissions import Role
from hematovision.core.errors import PortalError


class Command(BaseCommand):
    help = (
        "Adds a person without a password and prints the path of the one-time link that lets them set one. "
        "With --link, prints a new link for somebody who exists, such as the only admin who forgot theirs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--role", choices=Role.values, default=Role.TECHNICIAN.value)
        parser.add_argument("--name", default="")
        parser.add_argument("--site", default="Main laboratory", help="made if there is none of that name")
        parser.add_argument("--link", action="store_true", help="only a new link; change nothing else")

    def handle(self, *, email: str, role: str, name: str, site: str, link: bool, **_options: Any) -> None:
        try:
            with transaction.atomic():
                person = person_with(email) if link else _created(email, role, name, site)
                token = links.link_issue(actor=None, person=person)
        except ValidationError as refusal:
            raise CommandError(" ".join(refusal.messages)) from refusal
        except PortalError as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(reverse("welcome", args=[token]))


def _created(email: str, role: str, name: str, site_name: str) -> User:
    site = Site.objects.filter(name=site_name).first() or services.site_create(actor=None, name=site_name)
    return services.person_create(actor=None, email=email, name=name or email, role=role, site=site)
