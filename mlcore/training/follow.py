"""What a worker does while the engine trains: listen, store, watch memory and time, and pass on a stop."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext as _

from mlcore.registry.models import TrainingRun
from mlcore.registry.training import Recipe
from mlcore.training import lease
from mlcore.training.child import Child

STORE_EVERY_SECONDS: Final = 3.0
MEGABYTE: Final = 1024 * 1024


class TrainingInterrupted(Exception):  # noqa: N818 -- the name says what happened
    """The training was cut off before it had a result; it can go on. The message is for people."""


class Follower:
    """Follows one child of one run; ``stop`` is the file by which the engine is asked to end."""

    def __init__(self, run: TrainingRun, child: Child, stop: Path) -> None:
        self._run, self._child, self._stop = run, child, stop
        self._progress: dict[str, Any] = {
            name: told for name, told in run.progress.items() if name != "stopped"
        }
        self._history: list[dict[str, Any]] = list(run.history)
        self._said = run.log.splitlines()
        self._began = time.monotonic()

    def follow(self) -> None:
        """Store what the engine reports until it ends.

        Raises:
            TrainingInterrupted: somebody stopped it before anything was learned, or it took too much.
            LostLease: another worker took the run over.
        """
        stored = 0.0
        for line in self._child.lines():
            self._hear(line)
            if time.monotonic() - stored >= STORE_EVERY_SECONDS:
                stored = time.monotonic()
                self._watch_memory()
                self._watch_time()
                if self._store():
                    self._ask_to_stop("")
        self._store()

    def _hear(self, line: str) -> None:
        report = read_report(line)
        if "epoch" in report:
            self._history = with_epoch(self._history, report)
            self._forget("batch", "batches")
        if report.get("stage", self._progress.get("stage")) != self._progress.get("stage"):
            self._forget("batch", "batches", "seconds_left", "pictures", "of_pictures")
            if "of" in report:
                # What learns now begins with its own first epoch.
                self._forget("epoch")
        if "kept" in report:
            told = self._progress.get("kept", {})
            report = report | {"kept": told | {report["stage"]: report["kept"]}}
        self._progress |= report
        # What is indented is a library's listing of hundreds of lines, never a sentence of the engine's.
        if line and not report and not line.startswith((" ", "INFO: ")):
            self._said.append(line)

    def _forget(self, *names: str) -> None:
        for name in names:
            self._progress.pop(name, None)

    def _store(self) -> bool:
        log = "\n".join(self._said)
        return lease.renew(self._run, progress=self._progress, log=log, history=self._history)

    def _watch_memory(self) -> None:
        taken = self._child.memory() // MEGABYTE
        self._progress["memory_mb"] = taken
        self._progress["most_memory_mb"] = max(taken, self._progress.get("most_memory_mb", 0))
        if taken > settings.TRAINING_MAX_MB:
            self._store()
            raise TrainingInterrupted(
                _(
                    "The training took %(taken)d MB of memory; TRAINING_MAX_MB allows %(most)d. What it had "
                    "done is kept: raise the limit or choose fewer pictures, then resume it."
                )
                % {"taken": taken, "most": settings.TRAINING_MAX_MB}
            )

    def _watch_time(self) -> None:
        hours = settings.TRAINING_MAX_HOURS
        if time.monotonic() - self._began > hours * 3600 and "stopped" not in self._progress:
            text = _("The training took longer than the %(n)d hours that TRAINING_MAX_HOURS allows.")
            self._ask_to_stop(text % {"n": hours})

    def _ask_to_stop(self, reason: str) -> None:
        """Have the engine keep its best so far; where there is none yet, end it now."""
        if not self._history or self._run.recipe == Recipe.CLASSIC:
            raise TrainingInterrupted(reason)
        if reason:
            self._said.append(reason)
        self._progress["stopped"] = True
        self._stop.touch()


def read_report(line: str) -> dict[str, Any]:
    """Read one of the engine's JSON lines; anything else it prints is talk."""
    if not line.startswith("{"):
        return {}
    try:
        report = json.loads(line)
    except ValueError:
        return {}
    return report if isinstance(report, dict) else {}


def with_epoch(history: list[dict[str, Any]], report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the epochs with one more; a training that went on from a checkpoint may tell one again."""
    name = (report.get("stage"), report["epoch"])
    for place, epoch in enumerate(history):
        if (epoch.get("stage"), epoch.get("epoch")) == name:
            history = history[:place]
            break
    kept = ("stage", "epoch", "of", "loss", "accuracy", "val_loss", "val_accuracy", "rate")
    return [*history, {key: report[key] for key in kept if key in report}]
