"""The words for each class of cell, as people in the field use them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mlcore.engine.contracts import LABELS, NO_CELL

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
        """The name of the class's colour in the stylesheet; classes of a laboratory's own share one."""
        return f"c-{self.short.lower()}" if self.short in SHORT_NAMES else "c-own"


UNIDENTIFIED: Final = CellClass(
    "", "UNA", _("Unidentified"), _("The model is not sure enough to name it: a person has to.")
)
NOT_FOUND: Final = CellClass(NO_CELL, "NONE", _("No cell found"))
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
BY_LABEL: Final = {one.label: one for one in (*CLASSES, NOT_FOUND)}
SHORT_NAMES: Final = {one.short for one in (*CLASSES, NOT_FOUND, UNIDENTIFIED)}


def cell_class(label: str) -> CellClass:
    """Return the words for a label; a class that only some model knows is shown by its own name."""
    known = BY_LABEL.get(label)
    return known or CellClass(label, _short(label), label.replace("_", " ").capitalize())


def own_classes(labels: Iterable[str]) -> list[CellClass]:
    """Return the words for those of ``labels`` that are not in the portal's own list, by the alphabet."""
    return [cell_class(label) for label in sorted(set(labels) - BY_LABEL.keys())]


def _short(label: str) -> str:
    """Return a short name that none of the portal's own classes has: PROMY, or NEU-B for two words."""
    first, *others = label.upper().split("_")
    short = f"{first[:3]}-{others[-1][:1]}" if others else first[:5]
    return f"{short}+" if short in SHORT_NAMES else short


def place(label: str) -> int:
    """Return where a class stands in the engine's order; a newer model's own classes follow, then no cell."""
    if label == NO_CELL:
        return len(LABELS) + 1
    return LABELS.index(label) if label in LABELS else len(LABELS)
