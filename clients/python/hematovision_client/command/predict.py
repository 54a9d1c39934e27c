"""``hematovision predict``: has single images read, without a sample."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from functools import partial
from pathlib import Path
from typing import Final

from hematovision_client.command.access import portal_of
from hematovision_client.command.reading import add_output, await_results, check_output, write
from hematovision_client.command.sending import send_all
from hematovision_client.command.upload import chosen, status_of

NAME: Final = "predict"


def add_options(parser: ArgumentParser) -> None:
    """Add what this command takes."""
    parser.add_argument("paths", nargs="+", type=Path, metavar="FILE|DIR", help="images, or folders of them")
    parser.add_argument("--single", action="store_true", help="each picture shows one cell of interest")
    add_output(parser)


def run(options: Namespace) -> int:
    """Send each image and write all results; return 0, or 1 or 5 as ``upload`` does."""
    files = chosen(options.paths)
    check_output(options)
    with portal_of(options) as portal:
        outcomes = send_all(files, partial(portal.predict, single=options.single))
        ready = await_results(portal, outcomes, seconds=options.timeout)
    write(outcomes, options)
    return status_of(outcomes, ready=ready)
