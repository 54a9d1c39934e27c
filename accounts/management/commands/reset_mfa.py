"""Take away somebody's second factors, for a site whose admins cannot agree because there is only one."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.management.people import person_with
from accounts.resets import factors_reset


class Command(BaseCommand):
    help = (
        "Takes away the authenticator app, passkeys and recovery codes of a person and signs them out "
        "everywhere. The password stays; where their role needs a second factor they set up a new one."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *, email: str, **_options: Any) -> None:
        person = person_with(email)
        factors_reset(person=person)
        self.stdout.write(f"{person.name} has no second factor any more and is signed out everywhere.")
