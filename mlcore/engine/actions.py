"""What the commands of the engine do; each loads only what it needs, since TensorFlow takes seconds."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TextIO

from mlcore.engine.errors import EngineError
from mlcore.engine.manifest import data_root


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


def seen(chosen: argparse.Namespace) -> int:
    """Write down what a bundle has seen that does not tell it itself."""
    from mlcore.engine.bundle import read_bundle  # noqa: PLC0415 -- loaded by the commands that need it
    from mlcore.engine.exposure import seen_by_shipped  # noqa: PLC0415 -- loaded by the commands that need it
    from mlcore.engine.prepared import prepare, say  # noqa: PLC0415 -- loaded by the commands that need it
    from mlcore.engine.seen import list_file  # noqa: PLC0415 -- loaded by the commands that need it

    bundle = read_bundle(chosen.bundle)
    told = seen_by_shipped(prepare(_data(chosen), chosen.work), bundle)
    path = chosen.out or list_file(bundle.identity)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(told.as_list())
    say(f"{len(told.pixels)} pictures that model {bundle.identity.version} has seen: {path}")
    return 0


def leaks(chosen: argparse.Namespace) -> int:
    """Print what the model of a bundle has seen of a frozen data set's test part, one line of JSON."""
    from mlcore.engine.leaks import exposed  # noqa: PLC0415 -- loaded by the commands that need it

    found = exposed(chosen.sets, chosen.set, chosen.earlier, chosen.bundle)
    print(json.dumps(found.as_json()))
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
