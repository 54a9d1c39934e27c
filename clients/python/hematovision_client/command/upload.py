"""``hematovision upload``: sends images to a sample, only those that it lacks, and waits for results."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from functools import partial
from pathlib import Path
from typing import Final

from hematovision_client.command.access import Usage, portal_of
from hematovision_client.command.reading import Outcome, add_output, await_results, check_output, write
from hematovision_client.command.sending import send_all, sent
from hematovision_client.pictures import pictures_in

NAME: Final = "upload"


def add_options(parser: ArgumentParser) -> None:
    """Add what this command takes."""
    parser.add_argument("paths", nargs="+", type=Path, metavar="DIR|FILE", help="images, or folders of them")
    parser.add_argument(
        "--accession", required=True, metavar="X", help="of the sample; it is registered if new"
    )
    parser.add_argument("--single", action="store_true", help="each picture shows one cell of interest")
    parser.add_argument("--wait", action="store_true", help="until all are read")
    add_output(parser)


def run(options: Namespace) -> int:
    """Send what is missing; return 0, or 1 where a file was refused, or 5 where a result is not there yet."""
    files = chosen(options.paths)
    check_output(options)
    with portal_of(options) as portal:
        sample_id = portal.sample_ensure(options.accession)
        outcomes = send_all(files, partial(sent, portal, sample_id, single=options.single))
        ready = not options.wait or await_results(portal, outcomes, seconds=options.timeout)
    write(outcomes, options)
    return status_of(outcomes, ready=ready)


def chosen(paths: list[Path]) -> list[Path]:
    """Return the images that were named.

    Raises:
        Usage: there are none.
    """
    try:
        files = pictures_in(paths)
    except FileNotFoundError as error:
        raise Usage(str(error)) from error
    if not files:
        raise Usage("There is no image in what was named: JPEG, PNG or TIFF.")
    return files


def status_of(outcomes: list[Outcome], *, ready: bool) -> int:
    """Return the exit status, and say on standard error what is not as it should be."""
    refused = sum(1 for outcome in outcomes if outcome.refusal)
    if refused:
        print(f"{refused} of {len(outcomes)} files were refused.", file=sys.stderr)
        return 1
    if not ready:
        print("Some images are not read yet. Run the command again to go on waiting.", file=sys.stderr)
        return 5
    return 0
