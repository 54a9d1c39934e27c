"""The order to train."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from mlcore.registry import selectors, training
from mlcore.registry.dataset_selectors import ready_versions
from mlcore.registry.training import DEFAULTS, NUMBERS, Augmentation, Balance, Recipe, Start, data_folders


class TrainingForm(forms.Form):
    """Which data, from where, by which recipe, how long."""

    datasets = forms.MultipleChoiceField(
        label=_("Data sets"), required=False, widget=forms.CheckboxSelectMultiple
    )
    folder = forms.ChoiceField(label=_("Or a folder on the server"), required=False)
    recipe = forms.ChoiceField(label=_("Recipe"), choices=Recipe.choices)
    start = forms.ChoiceField(label=_("Starting point"), required=False)
    epochs = forms.IntegerField(
        label=_("Epochs at most"), min_value=1, max_value=NUMBERS["epochs"][1], initial=20
    )
    depth = forms.IntegerField(
        label=_("Blocks to fine-tune, of 16"), min_value=1, max_value=NUMBERS["depth"][1], required=False
    )
    augmentation = forms.ChoiceField(label=_("Augmentation"), choices=Augmentation.choices, required=False)
    balance = forms.ChoiceField(label=_("Balance of classes"), choices=Balance.choices, required=False)
    patience = forms.IntegerField(
        label=_("End after so many epochs without a better one (0: never)"),
        min_value=0,
        max_value=NUMBERS["patience"][1],
        required=False,
    )
    seed = forms.IntegerField(label=_("Seed"), min_value=0, max_value=NUMBERS["seed"][1], required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        folders = [(name, name) for name in data_folders()]
        sets = [
            (
                one.sha256,
                _("%(title)s: %(cells)s cells")
                % {"title": one.title, "cells": number_format(one.cells, force_grouping=True)},
            )
            for one in ready_versions()
        ]
        self.has_data = bool(folders or sets)
        self._choose("folder", [("", _("none")), *folders] if sets else folders)
        self._choose("datasets", sets)
        self._choose("start", _starts())
        for name, value in DEFAULTS.items():
            if name != "datasets":
                self.fields[name].initial = value

    def _choose(self, name: str, choices: list[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def folded(self) -> list[forms.BoundField]:
        """Return the fields that most orders leave as they are."""
        return [self[name] for name in ("epochs", "depth", "augmentation", "balance", "patience", "seed")]

    def options(self) -> dict[str, Any]:
        """Return the options of a valid order; what was left empty is as usual."""
        chosen = {name: self.cleaned_data[name] for name in (*DEFAULTS, "epochs")}
        given = {name: value for name, value in chosen.items() if value not in (None, "")}
        return {**DEFAULTS, **given}


def _starts() -> list[tuple[str, Any]]:
    """Return what a training may start from: only what lies on this server."""
    usual = [choice for choice in Start.choices if choice[0] != Start.IMAGENET or training.has_imagenet()]
    return [
        *usual,
        *((str(one.pk), _("model %(version)s") % {"version": one.version}) for one in selectors.versions()),
    ]
