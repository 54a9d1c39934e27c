"""The order to train."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mlcore.registry.training import MAX_EPOCHS, Recipe, data_folders


class TrainingForm(forms.Form):
    """Which data, which recipe, how long."""

    folder = forms.ChoiceField(label=_("Data folder"))
    recipe = forms.ChoiceField(label=_("Recipe"), choices=Recipe.choices)
    epochs = forms.IntegerField(label=_("Epochs at most"), min_value=1, max_value=MAX_EPOCHS, initial=20)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        folder = self.fields["folder"]
        assert isinstance(folder, forms.ChoiceField)
        folder.choices = [(name, name) for name in data_folders()]
