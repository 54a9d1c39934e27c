"""``hematovision report``: fetches the signed report of a sample as PDF and as FHIR Bundle."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Final

from hematovision_client.command.access import Usage, portal_of

NAME: Final = "report"


def add_options(parser: ArgumentParser) -> None:
    """Add what this command takes."""
    parser.add_argument("accession", metavar="ACCESSION", help="of the sample")
    parser.add_argument("--pdf", type=Path, metavar="FILE", help="write the PDF there")
    parser.add_argument("--fhir", type=Path, metavar="FILE", help="write the FHIR R4 Bundle there")


def run(options: Namespace) -> int:
    """Write the newest signed version; return 1 where there is no such sample, 5 where nobody has signed."""
    if not (options.pdf or options.fhir):
        raise Usage("Say where to write the report: --pdf FILE, --fhir FILE, or both.")
    with portal_of(options) as portal:
        sample = next(portal.sample_search(accession=options.accession), None)
        if sample is None:
            print("There is no sample with this number that the token may see.", file=sys.stderr)
            return 1
        report = next(portal.reports(sample["id"]), None)
        if report is None:
            print("The sample has not been signed yet.", file=sys.stderr)
            return 5
        if options.pdf:
            options.pdf.write_bytes(portal.report_pdf(report["id"]))
        if options.fhir:
            options.fhir.write_bytes(portal.report_fhir(report["id"]))
    return 0
