"""What was ordered, in the words of the order form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.utils.translation import gettext as _

from mlcore.registry import selectors
from mlcore.registry.dataset_selectors import ready_versions
from mlcore.registry.models import TrainingRun
from mlcore.registry.training import DEFAULTS, Augmentation, Balance, Recipe, Start

RECIPE_NAMES: Final[dict[str, Any]] = dict(Recipe.choices)


def ordered(run: TrainingRun) -> list[tuple[str, Any]]:
    """Return the name and value of everything that was asked for."""
    chosen: dict[str, Any] = {**DEFAULTS, **run.options}
    told = [
        (_("Recipe"), RECIPE_NAMES.get(run.recipe, run.recipe)),
        (_("Data"), trained_on([run])[0]),
        (_("Starting point"), _start_name(str(chosen["start"]))),
        (_("Epochs at most"), chosen.get("epochs", "–")),
        (_("Augmentation"), dict(Augmentation.choices).get(chosen["augmentation"], "")),
        (_("Balance of classes"), dict(Balance.choices).get(chosen["balance"], "")),
        (_("Patience"), chosen["patience"] or _("none: all epochs")),
        (_("Seed"), chosen["seed"]),
    ]
    if run.recipe == Recipe.CELL:
        told.insert(1, (_("Blocks fine-tuned"), chosen["depth"]))
    return told


def trained_on(runs: Sequence[TrainingRun]) -> list[str]:
    """Return for each run what it is trained on: the titles of its data sets, or its folder; one query."""
    chosen: list[list[str]] = [run.options.get("datasets", []) for run in runs]
    hashes = {sha256 for one in chosen for sha256 in one}
    known = {one.sha256: one.title for one in ready_versions().filter(sha256__in=hashes).defer("doubts")}
    return [
        run.data or "; ".join(known.get(sha256, sha256[:12]) for sha256 in one)
        for run, one in zip(runs, chosen, strict=True)
    ]


def _start_name(start: str) -> Any:
    named = dict(Start.choices)
    if start in named:
        return named[start]
    version = selectors.versions().filter(pk=start).first()
    return _("model %(version)s") % {"version": version.version} if version else start[:8]
