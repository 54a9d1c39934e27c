"""Seal destinations' secrets with the present SECRET_KEY, so that an earlier one may be dropped."""

from __future__ import annotations

from typing import Any

from cryptography.fernet import InvalidToken
from django.core.management.base import BaseCommand, CommandError

from predictions.services.destinations import destinations_reseal


class Command(BaseCommand):
    help = "Seals the secrets of destinations with the present SECRET_KEY. Nobody notices."

    def handle(self, **_options: Any) -> None:
        try:
            changed = destinations_reseal()
        except InvalidToken:
            raise CommandError(
                "A secret was sealed with a key that SECRET_KEY_FALLBACKS does not hold. Nothing was "
                "changed: add that key, or type the secret again on the destination's page."
            ) from None
        self.stdout.write(f"{changed} secrets of destinations are sealed with the present key.")
