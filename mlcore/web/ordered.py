"""What was ordered, in the words of the order form."""

from __future__ import annotations

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
        (_("Data"), run.data or "; ".join(_set_names(chosen["datasets"]))),
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


def _set_names(hashes: list[str]) -> list[str]:
    known = {one.sha256: one.title for one in ready_versions().filter(sha256__in=hashes)}
    return [known.get(sha256, sha256[:12]) for sha256 in hashes]


def _start_name(start: str) -> Any:
    named = dict(Start.choices)
    if start in named:
        return named[start]
    version = selectors.versions().filter(pk=start).first()
    return _("model %(version)s") % {"version": version.version} if version else start[:8]
