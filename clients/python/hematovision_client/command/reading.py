"""Waiting for results, and writing them down: a table, JSON lines, or CSV with one line for each cell."""

from __future__ import annotations

import csv
import json
import sys
import time
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

from hematovision_client.command.access import Usage
from hematovision_client.command.progress import Progress
from hematovision_client.pictures import readable
from hematovision_client.portal import ENDED, Portal
from hematovision_client.records import FieldAnswer

FIRST_LOOK: Final = 0.5
LONGEST_LOOK: Final = 5.0
COLUMNS: Final = (
    *("file", "field", "state", "cell", "label", "confidence", "abstained", "reason"),
    *("x0", "y0", "x1", "y1", "model_version"),
)


@dataclass(slots=True)
class Outcome:
    """What has become of one file: its field, or why there is none."""

    file: Path
    field: FieldAnswer | None = None
    refusal: str = ""

    @property
    def name(self) -> str:
        """What the file is called in the results."""
        return readable(str(self.file))


def add_output(parser: ArgumentParser) -> None:
    """Add the options that say how results are written."""
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_const", const="json", dest="form", help="one JSON object a line")
    how.add_argument("--csv", action="store_const", const="csv", dest="form", help="one line for each cell")
    parser.set_defaults(form="table")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write there instead of standard output")
    parser.add_argument(
        "--timeout",
        type=float,
        default=600,
        metavar="SECONDS",
        help="how long to wait for results (%(default)g)",
    )


def check_output(options: Namespace) -> None:
    """Find out before anything is sent whether results can be written.

    Raises:
        Usage: there is no such folder.
    """
    if options.out and (options.out.is_dir() or not options.out.parent.is_dir()):
        raise Usage(f"Results cannot be written to “{options.out}”: name a file in a folder that is there.")


def await_results(portal: Portal, outcomes: Sequence[Outcome], *, seconds: float) -> bool:
    """Ask for every field until it is read or failed, at most so long; return whether all are."""
    end = time.monotonic() + seconds
    pause = FIRST_LOOK
    fields = [outcome for outcome in outcomes if outcome.field]
    with Progress("read", len(fields)) as progress:
        while True:
            last = time.monotonic() + pause > end
            for outcome in fields:
                if outcome.field and outcome.field["state"] not in ENDED:
                    outcome.field = portal.field(outcome.field["id"])
                    if not last and outcome.field["state"] not in ENDED:
                        # They are read in their order, so asking for the later ones would only cost requests.
                        break
            waiting = sum(1 for one in fields if one.field and one.field["state"] not in ENDED)
            progress.at(len(fields) - waiting)
            if not waiting or last:
                return not waiting
            time.sleep(pause)
            pause = min(LONGEST_LOOK, pause * 1.5)


def write(outcomes: Sequence[Outcome], options: Namespace) -> None:
    """Write the outcomes as the options say."""
    writer = {"json": _json, "csv": _csv, "table": _table}[options.form]
    target = options.out.open("w", newline="", encoding="utf-8") if options.out else nullcontext(sys.stdout)
    with target as out:
        writer(outcomes, out)


def _json(outcomes: Sequence[Outcome], out: TextIO) -> None:
    for outcome in outcomes:
        told = outcome.field or {"state": "refused", "reason": outcome.refusal}
        out.write(json.dumps({"file": outcome.name, **told}, ensure_ascii=False) + "\n")


def _csv(outcomes: Sequence[Outcome], out: TextIO) -> None:
    rows = csv.writer(out)
    rows.writerow(COLUMNS)
    for outcome in outcomes:
        field = outcome.field
        if field is None:
            rows.writerow([outcome.name, "", "refused", "", "", "", "", outcome.refusal, *[""] * 5])
            continue
        start = [outcome.name, field["id"], field["state"]]
        if not field["found"]:
            rows.writerow([*start, "", "", "", "", field["reason"], *[""] * 4, field["model_version"] or ""])
        for number, cell in enumerate(field["found"], 1):
            what = [number, cell["predicted_label"], cell["confidence"], cell["abstained"], cell["reason"]]
            box: Sequence[object] = cell["box"] or ("", "", "", "")
            rows.writerow([*start, *what, *box, field["model_version"]])


def _table(outcomes: Sequence[Outcome], out: TextIO) -> None:
    width = max([len(outcome.name) for outcome in outcomes], default=0)
    for outcome in outcomes:
        field = outcome.field
        state = field["state"] if field else "refused"
        out.write(f"{outcome.name:<{width}}  {state:<8}  {_summary(outcome)}\n")


def _summary(outcome: Outcome) -> str:
    """Return the classes with their counts, the most frequent first, or why there are none."""
    field = outcome.field
    if field is None:
        return outcome.refusal
    named = Counter(
        "unidentified" if cell["abstained"] else str(cell["predicted_label"]) for cell in field["found"]
    )
    return ", ".join(f"{count} {label}" for label, count in named.most_common()) or field["reason"]
