"""The command line ``hematovision``: what each command takes, and with which status it ends."""

from __future__ import annotations

import os
import signal
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence
from io import TextIOWrapper
from typing import Final

from hematovision_client.command import login, predict, report, upload, watch
from hematovision_client.command.access import Usage, add_access
from hematovision_client.command.sending import refusal
from hematovision_client.errors import NotAllowed, PortalError, Refused
from hematovision_client.version import VERSION

INTERRUPTED: Final = 128 + signal.SIGINT
# As if SIGPIPE had ended it, which Windows does not know.
UNREAD: Final = 128 + 13
FAILURES: Final[tuple[tuple[type[Exception], int], ...]] = (
    (Usage, 2),
    (Refused, 1),
    (NotAllowed, 3),
    (PortalError, 4),
)
STATUSES: Final = """\
exit status:
  0  done
  1  the portal refused something, such as a number, or a file could not be read or put away
  2  the command cannot be run as typed
  3  the token may not do this, or does not work any more
  4  the portal cannot be reached, or cannot take anything now
  5  not ready yet: results or report are still waited for
  130  stopped by Ctrl-C
"""
COMMANDS: Final = (login, upload, predict, report, watch)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was typed and return the exit status; everything but results goes to standard error."""
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, TextIOWrapper) and not sys.stdout.isatty():
        # A file or program gets the same bytes on every system.
        sys.stdout.reconfigure(encoding="utf-8", newline="")
    try:
        status = int(options.run(options))
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads the output, such as head, has enough; Python would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNREAD
    except (Usage, PortalError) as error:
        print(refusal(error) if isinstance(error, Refused) else error, file=sys.stderr)
        return next(status for kind, status in FAILURES if isinstance(error, kind))
    except OSError as error:
        named = f"“{error.filename}”" if error.filename else "The output"
        print(f"{named} cannot be read or written: {error.strerror}.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped. What was sent is kept; run the command again to go on.", file=sys.stderr)
        return INTERRUPTED
    return status


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        "hematovision",
        description="Sends images to a HematoVision portal and brings back what it says about them.",
        epilog=STATUSES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {VERSION}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        about = (command.__doc__ or "").split("\n", 1)[0].split(": ", 1)[1]
        one = commands.add_parser(
            command.NAME,
            help=about,
            description=about,
            epilog=STATUSES,
            formatter_class=RawDescriptionHelpFormatter,
        )
        add_access(one)
        command.add_options(one)
        one.set_defaults(run=command.run)
    return parser
