"""Commands that laboratories can script; every failure is one sentence on standard error."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from mlcore.engine import actions
from mlcore.engine.bundle import SHIPPED_BUNDLE
from mlcore.engine.errors import EngineError

UNUSABLE = 2
# The recipe of the shipped model, which ``reproduce`` knows no other of.
PLAIN = {"blocks": 14, "augmentation": "usual", "balance": "even", "patience": 0, "stop": None}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns 0, or 2 if nothing could be done. An unreadable picture has a line too."""
    chosen = _parser().parse_args(arguments)
    try:
        status: int = chosen.run(chosen)
    except EngineError as error:
        print(error, file=sys.stderr)
        return UNUSABLE
    except BrokenPipeError:
        # Whoever read our lines has seen enough (``| head``); that is no failure worth a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m mlcore.engine", description=__doc__)
    commands = parser.add_subparsers(required=True)
    _classify_parser(commands)
    _evaluate_parser(commands)
    _judge_parser(commands)
    _train_parser(commands)
    _measure_parser(commands)
    _reproduce_parser(commands)
    _explain_parser(commands)
    _freeze_parser(commands)
    _seen_parser(commands)
    _leaks_parser(commands)
    probe_command = commands.add_parser("probe", help="time a few batches, to say how long a training takes")
    probe_command.set_defaults(run=actions.probe)
    return parser


def _classify_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser("classify", help="find and name the cells in pictures")
    command.add_argument("files", nargs="*", metavar="FILE", help="JPEG or PNG pictures")
    command.add_argument(
        "--files-from", metavar="LIST", help="a file with one path on each line; - reads them here"
    )
    command.add_argument("--single", action="store_true", help="each picture shows one cell of interest")
    command.add_argument("--bundle", type=Path, default=SHIPPED_BUNDLE, metavar="DIR")
    command.add_argument("--threads", type=int, default=1, metavar="N")
    _views_option(command)
    command.add_argument(
        "--json", default="-", metavar="FILE", help="where the lines go; - is standard output"
    )
    command.set_defaults(run=actions.classify)


def _evaluate_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "evaluate", help="measure a bundle on a folder with one folder for each class"
    )
    command.add_argument("folder", type=Path, metavar="FOLDER")
    command.add_argument("--single", action="store_true", help="each picture shows one cell of interest")
    command.add_argument("--bundle", type=Path, default=SHIPPED_BUNDLE, metavar="DIR")
    command.add_argument("--threads", type=int, default=2, metavar="N")
    _views_option(command)
    command.add_argument("--json", default="-", metavar="FILE")
    command.add_argument(
        "--originals", type=Path, metavar="DIR", help="the pictures that FOLDER holds copies of"
    )
    command.add_argument("--picture", type=Path, metavar="PNG", help="draw the confusion matrix")
    command.set_defaults(run=actions.evaluate)


def _judge_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser("judge", help="measure a bundle on the test part of a frozen data set")
    command.add_argument("--sets", type=Path, required=True, metavar="DIR", help="the folder of data sets")
    command.add_argument("--set", required=True, metavar="SHA256", help="which version of them")
    command.add_argument("--bundle", type=Path, default=SHIPPED_BUNDLE, metavar="DIR")
    command.add_argument("--threads", type=int, default=1, metavar="N")
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="gets figures and pictures")
    command.set_defaults(run=actions.judge)


def _train_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser("train", help="train, evaluate and bundle a model")
    command.add_argument("--data", type=Path, metavar="DIR", help="default: HEMATOVISION_DATA")
    command.add_argument(
        "--dataset", type=Path, action="append", metavar="MANIFEST", help="a frozen data set, or several"
    )
    command.add_argument(
        "--pictures", type=Path, metavar="DIR", help="where the pictures of frozen data sets lie"
    )
    command.add_argument("--weights", default="imagenet", metavar="imagenet|FILE|BUNDLE")
    command.add_argument("--recipe", choices=("head", "cell", "full", "ensemble", "classic"), default="cell")
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the bundle is written")
    command.add_argument(
        "--work", type=Path, required=True, metavar="DIR", help="checkpoints and cached crops"
    )
    _length_options(command)
    _recipe_options(command)
    command.set_defaults(run=actions.train)


def _measure_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "measure", help="look at Kaggle TEST once, write figures and card into a bundle"
    )
    command.add_argument("--data", type=Path, metavar="DIR", help="default: HEMATOVISION_DATA")
    command.add_argument("--bundle", type=Path, default=SHIPPED_BUNDLE, metavar="DIR")
    command.add_argument("--baseline", type=Path, metavar="DIR", help="a bundle of the classic recipe")
    command.add_argument("--work", type=Path, required=True, metavar="DIR", help="cached fingerprints")
    command.add_argument(
        "--ledger", type=Path, required=True, metavar="FILE", help="gets a line for this look"
    )
    command.add_argument("--remark", default="", help="what the look was for")
    command.add_argument("--card", type=Path, metavar="FILE", help="also write the card here")
    command.set_defaults(run=actions.measure)


def _reproduce_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "reproduce",
        help="make the shipped model anew with its figures; goes on where it was stopped",
    )
    command.add_argument("--data", type=Path, metavar="DIR", help="default: HEMATOVISION_DATA")
    command.add_argument(
        "--weights", metavar="imagenet|FILE", help="default: the file in or beside DIR, else imagenet"
    )
    command.add_argument(
        "--work",
        type=Path,
        default=Path("reproduced"),
        metavar="DIR",
        help="gets bundle, checkpoints, crops",
    )
    command.add_argument("--ledger", type=Path, metavar="FILE", help="default: ledger.jsonl in WORK")
    command.add_argument("--remark", default="reproduced", help="what the look at Kaggle TEST was for")
    _length_options(command)
    command.set_defaults(run=actions.reproduce, recipe="cell", **PLAIN)


def _explain_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "explain", help="show where the network looked and which verified cells are most alike"
    )
    command.add_argument("file", metavar="FILE", help="a JPEG or PNG picture")
    command.add_argument("--single", action="store_true", help="the picture shows one cell of interest")
    command.add_argument("--bundle", type=Path, default=SHIPPED_BUNDLE, metavar="DIR")
    command.add_argument("--json", default="-", metavar="FILE")
    command.add_argument("--pictures", type=Path, metavar="DIR", help="gets one PNG for each cell")
    command.set_defaults(run=actions.explain)


def _freeze_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser("freeze", help="make a frozen version of a data set, as an order tells")
    command.add_argument("order", type=Path, metavar="ORDER", help="a JSON file, see mlcore.engine.importing")
    command.set_defaults(run=actions.freeze)


def _seen_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "seen",
        help="list what a bundle without such a list was trained on, from the folder it was trained on",
    )
    command.add_argument("--data", type=Path, metavar="DIR", help="default: HEMATOVISION_DATA")
    command.add_argument("--bundle", type=Path, default=SHIPPED_BUNDLE, metavar="DIR")
    command.add_argument("--work", type=Path, required=True, metavar="DIR", help="cached fingerprints")
    command.add_argument(
        "--out", type=Path, metavar="FILE", help="default: where the engine looks for the bundle's list"
    )
    command.set_defaults(run=actions.seen)


def _leaks_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "leaks", help="find out what a bundle's model has seen of the test part of a frozen data set"
    )
    command.add_argument("--sets", type=Path, required=True, metavar="DIR", help="the folder of data sets")
    command.add_argument("--set", required=True, metavar="SHA256", help="which version of them")
    command.add_argument(
        "--earlier", action="append", default=[], metavar="SHA256", help="a version of the set before it"
    )
    command.add_argument("--bundle", type=Path, default=SHIPPED_BUNDLE, metavar="DIR")
    command.set_defaults(run=actions.leaks)


def _views_option(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--views",
        type=int,
        choices=range(1, 9),
        default=1,
        metavar="N",
        help="average over N turned and mirrored copies of each cell, as many times slower",
    )


def _recipe_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--blocks", type=int, choices=range(1, 17), metavar="N", help="last blocks that recipe cell changes"
    )
    command.add_argument("--augmentation", choices=("none", "light", "usual", "strong"))
    command.add_argument("--balance", choices=("even", "found"), help="of classes; default: even")
    command.add_argument(
        "--patience", type=int, metavar="N", help="end after N epochs without a better one; 0 never"
    )
    command.add_argument(
        "--stop", type=Path, metavar="FILE", help="end with the best so far once FILE is there"
    )
    command.add_argument(
        "--cache", type=Path, metavar="DIR", help="features for later trainings; default: in WORK"
    )
    command.add_argument(
        "--threads", type=int, default=2, metavar="N", help="processes that compute features"
    )
    command.set_defaults(**PLAIN)


def _length_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--version", default="0.2.0")
    command.add_argument("--epochs", type=int, default=18)
    command.add_argument("--seed", type=int, default=20)
