"""The words for each flag of quality, as people in the field use them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.utils.translation import gettext_lazy as _

from mlcore.web.vocabulary import Text

QUALITY: Final[dict[str, Text]] = {
    "blurred": _("The image is out of focus: chromatin and granules are not visible."),
    "too_dark": _("The image is too dark to be read."),
    "underexposed": _("The image is dark: fine structures may be lost."),
    "washed_out": _("The image is overexposed: only nuclei are left, too little to be read."),
    "overexposed": _("The image is overexposed: pale cytoplasm may be lost."),
    "colour_cast": _("The image has a strong colour cast: check stain and white balance."),
    "faint_stain": _("Hardly any nuclear stain: no white cell in view, or too pale a stain."),
    "stain_cast": _("The nuclei have an unusual hue: check stain and white balance."),
    "cells_too_small": _(
        "The cells are too small in the image to be told apart: use a higher magnification."
    ),
    "cells_too_large": _("A cell fills the whole image: leave some of its surroundings in view."),
    "too_small": _("The image is too small to show a cell."),
    "not_a_smear": _("The image does not look like a stained blood smear."),
}


def quality_text(code: str) -> Text:
    """Return a sentence for a quality code."""
    return QUALITY.get(code, code.replace("_", " ").capitalize())


# What is compared from week to week (``mlcore.engine.picture``, ``predictions.selectors.drift``).
MEASURES = {
    "light": _("brightness"),
    "tint": _("colour of the light"),
    "dye": _("stain of nuclei"),
    "hue": _("hue of nuclei"),
    "pale": _("stain of red cells"),
    "eosin": _("hue of red cells"),
    "edge": _("sharpness"),
    "cells": _("cells per field"),
    "classes": _("classes"),
    "confidence": _("confidence"),
    "unidentified": _("unidentified"),
    "overridden": _("overridden"),
}


def measure_names(names: Iterable[str]) -> str:
    """Return the names of measures as a list in words, in the order in which pages show them."""
    chosen = set(names)
    return ", ".join(str(label) for name, label in MEASURES.items() if name in chosen)
