"""``hematovision predict``: has single images read, without a sample."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Final

from hematovision_client.command.access import portal_of
from hematovision_client.command.progress import Progress
from hematovision_client.command.reading import Outcome, add_output, await_results, write
from hematovision_client.command.sending import refusal
from hematovision_client.command.upload import chosen, status_of
from hematovision_client.errors import Refused

NAME: Final = "predict"


def add_options(parser: ArgumentParser) -> None:
    """Add what this command takes."""
    parser.add_argument("paths", nargs="+", type=Path, metavar="FILE|DIR", help="images, or folders of them")
    parser.add_argument("--single", action="store_true", help="each picture shows one cell of interest")
    add_output(parser)


def run(options: Namespace) -> int:
    """Send each image and write all results; return 0, or 1 or 5 as ``upload`` does."""
    outcomes = [Outcome(file) for file in chosen(options.paths)]
    with portal_of(options) as portal:
        with Progress("sent", len(outcomes)) as progress:
            for number, outcome in enumerate(outcomes, 1):
                try:
                    content = outcome.file.read_bytes()
                    outcome.field = portal.predict(outcome.file.name, content, single=options.single)
                except Refused as error:
                    outcome.refusal = refusal(error)
                progress.at(number)
        ready = await_results(portal, outcomes, seconds=options.timeout)
    write(outcomes, options)
    return status_of(outcomes, ready=ready)
