"""The words for each flag of quality, as people in the field use them."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from mlcore.web.vocabulary import Text

QUALITY: Final[dict[str, Text]] = {
    "blurred": _("The image is blurred: chromatin and granules may not be visible."),
    "too_dark": _("The image is too dark to be read."),
    "overexposed": _("The image is overexposed: pale cytoplasm may be lost."),
    "colour_cast": _("The image has a strong colour cast: check stain and white balance."),
    "too_small": _("The image is too small to show a cell."),
    "not_a_smear": _("The image does not look like a stained blood smear."),
}


def quality_text(code: str) -> Text:
    """Return a sentence for a quality code."""
    return QUALITY.get(code, code.replace("_", " ").capitalize())
