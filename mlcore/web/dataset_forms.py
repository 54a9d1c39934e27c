"""What a person says when ordering a version of a data set."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from mlcore.registry.datasets import About, Pictures
from mlcore.registry.models import DataSet
from mlcore.registry.training import data_folders

CELLS: Final = "cells"
FIELDS: Final = "fields"


class AboutForm(forms.Form):
    """Which data set, or what a new one is called and where it is from."""

    dataset = forms.ModelChoiceField(
        label=_("Data set"), queryset=DataSet.objects.all(), required=False, empty_label=_("a new one")
    )
    name = forms.CharField(label=_("Name of a new one"), max_length=80, required=False)
    license = forms.CharField(label=_("Licence"), max_length=120, required=False)
    source = forms.CharField(label=_("Source"), max_length=300, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})

    def clean(self) -> dict[str, Any]:
        """A new data set needs all three; an existing one has them."""
        given = super().clean() or {}
        if not given.get("dataset"):
            for name in ("name", "license", "source"):
                if not given.get(name) and name not in self.errors:
                    self.add_error(name, _("A new data set needs this."))
        return given

    def about(self) -> About:
        """Return what was said, once the form is valid."""
        given = self.cleaned_data
        if given["dataset"]:
            return About(dataset=given["dataset"].pk)
        return About(name=given["name"], license=given["license"], source=given["source"])


class PicturesForm(AboutForm):
    """Class folders: whose pictures they are and what they show."""

    laboratory = forms.CharField(
        label=_("Laboratory or device"),
        max_length=60,
        help_text=_("The split holds the same share of each."),
    )
    shows = forms.ChoiceField(
        label=_("Each picture shows"),
        choices=[
            (CELLS, _("one cell, cut out of its field")),
            (FIELDS, _("a wider field; the folder names its one white cell")),
        ],
    )
    augmented = forms.BooleanField(
        label=_("Turned or sheared copies are among them"),
        required=False,
        help_text=_("Looks for copies of one original. Slower, and on sets without copies too strict."),
    )

    def pictures(self) -> Pictures:
        """Return what was said, once the form is valid."""
        given = self.cleaned_data
        return Pictures(given["laboratory"], given["shows"] == CELLS, given["augmented"])


class ZipForm(PicturesForm):
    """Class folders in a ZIP file."""

    archive = forms.FileField(label=_("ZIP file"))
    field_order = ("archive",)


class FolderForm(PicturesForm):
    """Class folders on the server."""

    folder = forms.ChoiceField(label=_("Folder"))
    field_order = ("folder",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        folder = self.fields["folder"]
        assert isinstance(folder, forms.ChoiceField)
        folder.choices = [(name, name) for name in data_folders()]
