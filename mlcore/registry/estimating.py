"""How long a training may take: from what earlier ones took on this machine, else from a short probe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.core.cache import cache

from hematovision.core.queue import PROBE_TRAINING, ring
from mlcore.registry import selectors
from mlcore.registry.dataset_selectors import ready_versions
from mlcore.registry.models import TrainingRun, TrainingState
from mlcore.registry.training import DEFAULTS

# An epoch of a whole network is at most so many batches of so many cells, see ``mlcore.engine.train``.
STEPS: Final = 200
BATCH: Final = 32
EARLIER: Final = 5

_PROBE: Final = "training-probe"
_ASKED: Final = "training-probe-asked"
_DAYS: Final = 24 * 3600


@dataclass(frozen=True, slots=True)
class Estimate:
    """Minutes, None while the probe runs, and from how many earlier ``runs``; from the probe where none."""

    minutes: int | None
    runs: int


@dataclass(frozen=True, slots=True)
class _Work:
    """What a training is made of: pictures to look at and batches to learn from."""

    pictures: int
    steps: float


def estimated(recipe: str, options: Mapping[str, Any]) -> Estimate | None:
    """Return how long an order on data sets may take; None where it names none.

    Where neither earlier runs nor a probe tell, the training worker is asked to probe.
    """
    chosen = {**DEFAULTS, **options}
    cells = sum(one.cells for one in ready_versions().filter(sha256__in=chosen["datasets"]))
    if not cells:
        return None
    work = _work(cells, int(chosen["epochs"]))
    speeds = [speed for speed in map(_speed, _earlier(recipe)) if speed]
    if speeds:
        seconds = sum(speeds) / len(speeds) * _units(recipe, work)
        return Estimate(_minutes(seconds), len(speeds))
    found = probed()
    if not found:
        return Estimate(None, 0)
    seconds = work.pictures * found["picture"] + work.steps * found.get(recipe, 0.0)
    return Estimate(_minutes(seconds), 0)


def probed() -> dict[str, float]:
    """Return the probe's seconds of a picture and of a step of each recipe; empty until it has run."""
    found: dict[str, float] = cache.get(_PROBE) or {}
    if not found and cache.add(_ASKED, value=True, timeout=600):
        ring(PROBE_TRAINING)
    return found


def keep_probe(told: Mapping[str, float]) -> None:
    """Keep what a probe found."""
    cache.set(_PROBE, dict(told), timeout=30 * _DAYS)


def _work(cells: int, epochs: int) -> _Work:
    return _Work(cells, epochs * min(STEPS, max(2.0, cells / BATCH)))


def _units(recipe: str, work: _Work) -> float:
    return work.steps if recipe in {"cell", "full"} else work.pictures


def _minutes(seconds: float) -> int:
    return max(1, round(seconds / 60))


def _earlier(recipe: str) -> list[TrainingRun]:
    """Return the last runs of a recipe that ended in one go."""
    done = selectors.training_runs().filter(state=TrainingState.DONE, recipe=recipe, attempts=1)
    in_one_go = done.filter(started_at__isnull=False).exclude(progress__has_key="resumed")
    return list(in_one_go[:EARLIER])


def _speed(run: TrainingRun) -> float | None:
    """Return the seconds that a run took for each of its pictures or batches, as its recipe counts."""
    counts = run.result.metrics.get("data", {}) if run.result else {}
    cells = sum(part["pictures"] for part in counts.values() if isinstance(part, dict))
    if not cells or not run.finished_at or not run.started_at:
        return None
    took = (run.finished_at - run.started_at).total_seconds()
    return took / _units(run.recipe, _work(cells, len(run.history) or int(run.options["epochs"])))
