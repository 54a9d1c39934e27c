"""What about a picture may spoil its reading, said before anything is classified."""

from __future__ import annotations

import numpy as np

from mlcore.engine.contracts import Image
from mlcore.engine.stain import BLACK, Thumbnail, brightest, nuclear_stain

# Codes that make every answer about the picture worthless, with the sentence a person reads.
UNUSABLE = {
    "too_small": "the picture is too small to show a cell",
    "too_dark": "the picture is too dark",
    "not_a_smear": "the picture does not look like a stained blood smear",
}
SMALLEST_SIDE = 32
DARK_BACKGROUND = 70.0
BRIGHT_BACKGROUND = 252.0


def quality_flags(image: Image, small: Thumbnail, background: np.ndarray) -> tuple[str, ...]:
    """Return the codes that apply: too_small, too_dark, overexposed, colour_cast, blurred, not_a_smear."""
    flags = []
    if min(image.shape[:2]) < SMALLEST_SIDE:
        flags.append("too_small")
    if float(background.max()) < DARK_BACKGROUND:
        flags.append("too_dark")
    if float(background.min()) > BRIGHT_BACKGROUND:
        flags.append("overexposed")
    if float(background.max() / background.min()) > 2.0:
        flags.append("colour_cast")
    if not _stained(small.pixels, background):
        flags.append("not_a_smear")
    return tuple(flags)


def _stained(pixels: Image, background: np.ndarray) -> bool:
    """Whether anything has taken up dye or haemoglobin: a share of pixels denser in green than in red."""
    lit = brightest(pixels) > BLACK
    if int(lit.sum()) < 100:
        return False
    ratio = np.clip(pixels[lit].astype(np.float32) / background, 0.02, 1.1)
    density = -np.log(ratio)
    eosin = (density[:, 1] - density[:, 0] > 0.04) & (density[:, 1] > 0.1)
    nuclei = nuclear_stain(pixels, background) > 0.3
    return bool(eosin.mean() > 0.02 or nuclei.mean() > 0.005)
