"""Commands that laboratories can script; every failure is one sentence on standard error."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from mlcore.engine.bundle import SHIPPED_BUNDLE
from mlcore.engine.errors import EngineError
from mlcore.engine.manifest import data_root

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
    probe_command = commands.add_parser("probe", help="time a few batches, to say how long a training takes")
    probe_command.set_defaults(run=probe)
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
    command.set_defaults(run=classify)


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
    command.set_defaults(run=evaluate)


def _judge_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser("judge", help="measure a bundle on the test part of a frozen data set")
    command.add_argument("--sets", type=Path, required=True, metavar="DIR", help="the folder of data sets")
    command.add_argument("--set", required=True, metavar="SHA256", help="which version of them")
    command.add_argument("--bundle", type=Path, default=SHIPPED_BUNDLE, metavar="DIR")
    command.add_argument("--threads", type=int, default=1, metavar="N")
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="gets figures and pictures")
    command.set_defaults(run=judge)


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
    command.set_defaults(run=train)


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
    command.set_defaults(run=measure)


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
    command.set_defaults(run=reproduce, recipe="cell", **PLAIN)


def _explain_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "explain", help="show where the network looked and which verified cells are most alike"
    )
    command.add_argument("file", metavar="FILE", help="a JPEG or PNG picture")
    command.add_argument("--single", action="store_true", help="the picture shows one cell of interest")
    command.add_argument("--bundle", type=Path, default=SHIPPED_BUNDLE, metavar="DIR")
    command.add_argument("--json", default="-", metavar="FILE")
    command.add_argument("--pictures", type=Path, metavar="DIR", help="gets one PNG for each cell")
    command.set_defaults(run=explain)


def _freeze_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser("freeze", help="make a frozen version of a data set, as an order tells")
    command.add_argument("order", type=Path, metavar="ORDER", help="a JSON file, see mlcore.engine.importing")
    command.set_defaults(run=freeze)


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


def classify(chosen: argparse.Namespace) -> int:
    """Write one JSON line for each picture, in the order given."""
    from mlcore.engine.readings import readings  # noqa: PLC0415 -- loaded by the commands that need it
    from mlcore.engine.runtime import load_predictor  # noqa: PLC0415 -- loaded by the commands that need it

    files = [*chosen.files, *_listed(chosen.files_from)]
    if not files:
        raise EngineError("Name at least one picture, or a list of them with --files-from.")
    predictor = load_predictor(chosen.bundle, threads=chosen.threads, views=chosen.views)
    with _output(chosen.json) as output:
        for line in readings(predictor, files, single=chosen.single):
            print(json.dumps(line, ensure_ascii=False), file=output, flush=True)
    return 0


def evaluate(chosen: argparse.Namespace) -> int:
    """Write the report on a labelled folder as JSON and, if asked, the confusion matrix as a picture."""
    from mlcore.engine.evaluate import evaluate_folder  # noqa: PLC0415 -- loaded by the commands that need it
    from mlcore.engine.runtime import load_predictor  # noqa: PLC0415 -- loaded by the commands that need it

    predictor = load_predictor(chosen.bundle, threads=chosen.threads, views=chosen.views)
    report = evaluate_folder(chosen.folder, predictor, single=chosen.single, originals=chosen.originals)
    with _output(chosen.json) as output:
        print(json.dumps(report, indent=1), file=output)
    if chosen.picture:
        from mlcore.engine.charts import confusion_picture  # noqa: PLC0415 -- loaded by the commands that need it

        confusion_picture(report, chosen.picture)
    return 0


def judge(chosen: argparse.Namespace) -> int:
    """Fill a folder with report, outcomes and pictures; telling how far it is on standard output."""
    from mlcore.engine import judge as line  # noqa: PLC0415 -- loaded by the commands that need it
    from mlcore.engine.runtime import load_predictor  # noqa: PLC0415 -- loaded by the commands that need it

    def tell(done: int, cells: int) -> None:
        print(json.dumps({"done": done, "of": cells}), flush=True)

    line.judge(
        chosen.sets, chosen.set, load_predictor(chosen.bundle, threads=chosen.threads), chosen.out, tell
    )
    return 0


def train(chosen: argparse.Namespace) -> int:
    """Run the training line; telling how far it is on standard output."""
    from mlcore.engine.recipes import train_order  # noqa: PLC0415 -- loaded by the commands that need it

    chosen.cache = chosen.cache or chosen.work / "features"
    if chosen.dataset and not chosen.pictures:
        raise EngineError("Say with --pictures where the pictures of the data sets lie.")
    train_order(chosen, None if chosen.dataset else _data(chosen))
    return 0


def probe(_chosen: argparse.Namespace) -> int:
    """Say how fast this machine trains."""
    from mlcore.engine import probe as timed  # noqa: PLC0415 -- loaded by the commands that need it

    timed.probe()
    return 0


def freeze(chosen: argparse.Namespace) -> int:
    """Import pictures into a data set; telling how far it is on standard output."""
    from mlcore.engine.importing import import_version  # noqa: PLC0415 -- loaded by the commands that need it

    import_version(chosen.order)
    return 0


def reproduce(chosen: argparse.Namespace) -> int:
    """Make the shipped model anew in the work folder."""
    from mlcore.engine import reproduce as line  # noqa: PLC0415 -- loaded by the commands that need it

    root = _data(chosen)
    chosen.out = chosen.work / "bundle"
    chosen.ledger = chosen.ledger or chosen.work / "ledger.jsonl"
    chosen.weights = chosen.weights or line.start_weights(root)
    line.reproduce(chosen, root)
    return 0


def explain(chosen: argparse.Namespace) -> int:
    """Write one JSON line for each cell and, if asked, a picture of what speaks for its name."""
    from mlcore.engine.explain import write_explanations  # noqa: PLC0415 -- loaded by the commands that need it
    from mlcore.engine.runtime import load_predictor  # noqa: PLC0415 -- loaded by the commands that need it

    predictor = load_predictor(chosen.bundle)
    with _output(chosen.json) as output:
        for line in write_explanations(predictor, Path(chosen.file), chosen.pictures, single=chosen.single):
            print(json.dumps(line, ensure_ascii=False), file=output)
    return 0


def measure(chosen: argparse.Namespace) -> int:
    """Measure a finished bundle on the held-out sets and write figures and card into it."""
    from mlcore.engine import report  # noqa: PLC0415 -- loaded by the commands that need it
    from mlcore.engine.prepared import prepare  # noqa: PLC0415 -- loaded by the commands that need it

    data = prepare(_data(chosen), chosen.work)
    bundle = report.measure(data, chosen.bundle, chosen.baseline, chosen.ledger, chosen.remark)
    if chosen.card:
        chosen.card.write_bytes(bundle.contents[report.CARD])
    return 0


def _data(chosen: argparse.Namespace) -> Path:
    """Return the folder of pictures that was named, by option or environment."""
    named: Path | None = chosen.data or data_root()
    if named is None:
        raise EngineError("Say with --data or HEMATOVISION_DATA where the pictures lie, see docs/data.md.")
    return named


def _listed(name: str | None) -> list[str]:
    if name is None:
        return []
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise EngineError(f"The list {name} cannot be read.") from error
    return [line for line in text.splitlines() if line.strip()]


def _output(name: str) -> TextIO:
    """Open the place for results; standard output is duplicated so that closing it does no harm."""
    if name == "-":
        return os.fdopen(os.dup(sys.stdout.fileno()), "w")
    try:
        return Path(name).open("w")
    except OSError as error:
        raise EngineError(f"{name} cannot be written.") from error
