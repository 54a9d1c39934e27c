"""Print the path of a one-time link for the first admin while nobody can manage people, else nothing."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.urls import reverse

from accounts.links import first_admin_link


class Command(BaseCommand):
    help = (
        "While no active admin has a password, prints one line with the path of a one-time link, such as "
        "/welcome/TOKEN/, that makes the first admin. An earlier such link stops working."
    )

    def handle(self, **_options: Any) -> None:
        if token := first_admin_link():
            self.stdout.write(reverse("welcome", args=[token]))
