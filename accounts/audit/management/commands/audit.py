"""Verify the log's chain (``audit verify [HEAD ...]``), or print its signed head (``audit head``)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.audit.heads import read_head, signed_head
from accounts.audit.services import log_verify
from hematovision.core.errors import PortalError


class Command(BaseCommand):
    help = "Verifies the audit log's chain (verify), or prints its signed head to be kept elsewhere (head)."

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        verify = acts.add_parser("verify", help="compute every event's hash again")
        verify.add_argument("heads", nargs="*", type=Path, help="heads that were printed earlier, as files")
        acts.add_parser("head", help="print where the log ends, signed")

    def handle(self, *, act: str, **options: Any) -> None:
        if act == "head":
            self.stdout.write(signed_head())
            return
        verdict = log_verify(actor=None, known=dict(_head(path) for path in options["heads"]))
        if not verdict.whole:
            raise CommandError("The log is NOT whole.\n" + "\n".join(verdict.faults))
        self.stdout.write(
            f"The log is whole: {verdict.events} events, the last is {verdict.last}, {verdict.hash}."
        )


def _head(path: Path) -> tuple[int, str]:
    try:
        return read_head(path.read_text())
    except (OSError, UnicodeDecodeError) as problem:
        raise CommandError(f"{path} cannot be read.") from problem
    except PortalError as refusal:
        raise CommandError(f"{path}: {refusal.message}") from refusal
