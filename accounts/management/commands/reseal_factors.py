"""Seal second factors with the present SECRET_KEY, so that an earlier one may leave SECRET_KEY_FALLBACKS."""

from __future__ import annotations

from typing import Any

from cryptography.fernet import InvalidToken
from django.core.management.base import BaseCommand, CommandError

from accounts.seal import factors_reseal


class Command(BaseCommand):
    help = "Seals authenticator apps and recovery codes with the present SECRET_KEY. Nobody notices."

    def handle(self, **_options: Any) -> None:
        try:
            changed = factors_reseal()
        except InvalidToken:
            raise CommandError(
                "A second factor was sealed with a key that SECRET_KEY_FALLBACKS does not hold. Nothing was "
                "changed: add that key, or take the factor away with reset_mfa."
            ) from None
        self.stdout.write(f"{changed} second factors are sealed with the present key.")
