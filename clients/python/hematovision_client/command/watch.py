"""``hematovision watch``: sends what a scanner drops into a folder, each file to the sample of its name."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser, Namespace
from http import HTTPStatus
from pathlib import Path
from typing import Final

from hematovision_client.command.access import Usage, portal_of
from hematovision_client.command.sending import refusal
from hematovision_client.errors import Refused, Unavailable, Unreachable
from hematovision_client.inbox import PATTERN, Arrived, Inbox, Occupied
from hematovision_client.portal import Portal

NAME: Final = "watch"
LOOK_EVERY: Final = 1.0
AFTER_FAILURE: Final = 5.0
NO_NUMBER: Final = (
    "The name does not tell which sample this belongs to. Put the file into a folder named by the accession "
    "number, or name it by the pattern {pattern}"
)


def add_options(parser: ArgumentParser) -> None:
    """Add what this command takes."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="that the scanner writes into")
    parser.add_argument(
        "--pattern",
        default=PATTERN,
        help="of names outside of folders, without their ending (%(default)s); a file in a folder belongs to "
        "the accession number that the folder is named by",
    )
    parser.add_argument(
        "--settle",
        type=float,
        default=3,
        metavar="SECONDS",
        help="for which a file has not changed before it is sent (%(default)g)",
    )
    parser.add_argument("--single", action="store_true", help="each picture shows one cell of interest")
    parser.add_argument("--once", action="store_true", help="send what is there and end, for cron")


def run(options: Namespace) -> int:
    """Send until told to stop, or once; its words name no file, since a service's words end in logs."""
    if not options.folder.is_dir():
        raise Usage(f"“{options.folder}” is no folder.")
    try:
        inbox = Inbox(options.folder, pattern=options.pattern, settle=options.settle)
    except ValueError as error:
        raise Usage(str(error)) from error
    with portal_of(options) as portal:
        watcher = Watcher(portal, inbox, pattern=options.pattern, single=options.single)
        try:
            with inbox.locked():
                return watcher.once(options.settle) if options.once else watcher.always()
        except Occupied:
            raise Usage("Another watcher works in this folder. Only one may.") from None
        except OSError as error:
            raise Usage(f"Nothing can be written into “{options.folder}”: {error.strerror}.") from error


class Watcher:
    """Takes files from the inbox to the portal.

    Args:
        portal: where to.
        inbox: where from, locked.
        pattern: how names tell the number, for the reason of a refusal.
        single: each picture shows one cell of interest.
    """

    def __init__(self, portal: Portal, inbox: Inbox, *, pattern: str, single: bool) -> None:
        self._portal, self._inbox, self._pattern, self._single = portal, inbox, pattern, single
        self._sample = ("", "")
        self._sent = self._refused = 0
        self._told = ""

    def once(self, settle: float) -> int:
        """Look, wait whether anything changes, send; return the exit status."""
        self._round()
        if self._inbox.waiting():
            time.sleep(settle)
            self._round()
        left = self._inbox.waiting()
        print(f"{self._sent} sent, {self._refused} refused, {left} left for the next time.", file=sys.stderr)
        self._tell(self._inbox.trouble)
        return 1 if self._refused or self._inbox.trouble else 0

    def always(self) -> int:
        """Look again and again; a portal that is away only makes it wait."""
        while True:
            done, away = self._sent + self._refused, ""
            try:
                self._round()
            except (Unreachable, Unavailable) as error:
                away = f"{error.detail.rstrip('.')}. Trying again."
            self._tell(away or self._inbox.trouble)
            if self._sent + self._refused > done:
                print(f"{self._sent} sent, {self._refused} refused so far.", file=sys.stderr, flush=True)
            time.sleep(AFTER_FAILURE if self._told else LOOK_EVERY)

    def _tell(self, trouble: str) -> None:
        """Say what is wrong, once for as long as it lasts."""
        if trouble and trouble != self._told:
            print(trouble, file=sys.stderr, flush=True)
        self._told = trouble

    def _round(self) -> None:
        """Deliver what has arrived; a fault of the portal's over one file does not hold up the others."""
        fault = None
        for file in self._inbox.arrived():
            try:
                self._deliver(file)
            except Refused as error:
                self._inbox.refused(file, refusal(error))
                self._refused += 1
            except Unavailable as error:
                if error.status != HTTPStatus.INTERNAL_SERVER_ERROR:
                    raise
                fault = error
            else:
                self._inbox.sent(file)
                self._sent += 1
        if fault:
            raise fault

    def _deliver(self, file: Arrived) -> None:
        """Bring one file to its sample; one that the sample has already is where it should be."""
        if not file.accession:
            raise Refused(0, "no_accession", NO_NUMBER.format(pattern=self._pattern))
        if self._sample[0] != file.accession:
            self._sample = (file.accession, self._portal.sample_ensure(file.accession))
        try:
            self._portal.field_add(self._sample[1], file.path.name, file.content, single=self._single)
        except Refused as error:
            if error.code != "duplicate":
                raise
