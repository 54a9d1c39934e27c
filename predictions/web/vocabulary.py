"""The words for each class of cell and each flag, as people in the field use them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


@dataclass(frozen=True, slots=True)
class CellClass:
    """A class: the model's label, the short and the long name, and what such a cell is."""

    label: str
    short: str
    name: Text
    text: Text = ""

    @property
    def css(self) -> str:
        """The name of the class's colour in the stylesheet."""
        return f"c-{self.short.lower()}"


UNIDENTIFIED: Final = CellClass(
    "", "UNA", _("Unidentified"), _("The model is not sure enough to name it: a person has to.")
)
# Facts: Hoffbrand's Essential Haematology, 8th ed. 2020; Bain, Blood Cells: A Practical Guide, 6th ed. 2021.
CLASSES: Final[tuple[CellClass, ...]] = (
    CellClass(
        "neutrophil",
        "NEU",
        _("Neutrophil"),
        _("First line against bacteria: leaves the blood towards an infection, engulfs and kills."),
    ),
    CellClass(
        "lymphocyte",
        "LYM",
        _("Lymphocyte"),
        _("Carries the adaptive immune response: makes antibodies and acts against infected cells."),
    ),
    CellClass(
        "monocyte",
        "MON",
        _("Monocyte"),
        _("Leaves the blood to become a macrophage, which engulfs microbes and dead cells."),
    ),
    CellClass(
        "eosinophil",
        "EOS",
        _("Eosinophil"),
        _("Acts against worms and takes part in allergic reactions; its granules stain orange."),
    ),
    CellClass(
        "basophil",
        "BAS",
        _("Basophil"),
        _("The rarest leukocyte in blood; releases histamine from its dark granules in allergic reactions."),
    ),
    CellClass(
        "immature_granulocyte",
        "IG",
        _("Immature granulocyte"),
        _("Promyelocyte, myelocyte or metamyelocyte. Belongs in the marrow; infection can drive it out."),
    ),
    CellClass(
        "erythroblast",
        "ERB",
        _("Erythroblast"),
        _("A red cell that still has its nucleus. Beyond the newborn's first days it belongs in the marrow."),
    ),
    CellClass(
        "platelet",
        "PLT",
        _("Platelet"),
        _("A piece of a megakaryocyte; platelets stick together to close a damaged vessel."),
    ),
)
BY_LABEL: Final = {one.label: one for one in CLASSES}

QUALITY: Final[dict[str, Text]] = {
    "blurred": _("The image is blurred: chromatin and granules may not be visible."),
    "too_dark": _("The image is too dark to be read."),
    "overexposed": _("The image is overexposed: pale cytoplasm may be lost."),
    "colour_cast": _("The image has a strong colour cast: check stain and white balance."),
    "too_small": _("The image is too small to show a cell."),
    "not_a_smear": _("The image does not look like a stained blood smear."),
}


def cell_class(label: str) -> CellClass:
    """Return the words for a label; one that a newer model brings is shown by its own name."""
    known = BY_LABEL.get(label)
    return known or CellClass(label, label[:3].upper(), label.replace("_", " ").capitalize())


def quality_text(code: str) -> Text:
    """Return a sentence for a quality code."""
    return QUALITY.get(code, code.replace("_", " ").capitalize())
