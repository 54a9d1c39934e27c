"""What about a picture may spoil its reading, said before anything is classified."""

from __future__ import annotations

import numpy as np

from mlcore.engine.contracts import Image
from mlcore.engine.stain import Thumbnail

# Codes that make every answer about the picture worthless, with the sentence a person reads.
UNUSABLE = {
    "too_small": "the picture is too small to show a cell",
    "too_dark": "the picture is too dark",
    "not_a_smear": "the picture does not look like a stained blood smear",
}
SMALLEST_SIDE = 32
DARK_BACKGROUND = 70.0
BRIGHT_BACKGROUND = 252.0


def quality_flags(image: Image, small: Thumbnail) -> tuple[str, ...]:
    """Return the codes that apply: too_small, too_dark, overexposed, colour_cast, blurred, not_a_smear."""
    flags = []
    background = small.background
    if min(image.shape[:2]) < SMALLEST_SIDE:
        flags.append("too_small")
    if float(background.max()) < DARK_BACKGROUND:
        flags.append("too_dark")
    if float(background.min()) > BRIGHT_BACKGROUND:
        flags.append("overexposed")
    if float(background.max() / background.min()) > 2.0:
        flags.append("colour_cast")
    if not _stained(small):
        flags.append("not_a_smear")
    return tuple(flags)


def _stained(small: Thumbnail) -> bool:
    """Whether anything has taken up dye or haemoglobin: a share of pixels denser in green than in red."""
    lit = np.count_nonzero(small.lit)
    if lit < 100:
        return False
    red, green, _ = small.density
    eosin = np.count_nonzero((green - red > 0.04) & (green > 0.1) & small.lit)
    nuclei = np.count_nonzero(small.stain > 0.3)
    return bool(eosin / lit > 0.02 or nuclei / small.stain.size > 0.005)
