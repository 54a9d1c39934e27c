"""What about a picture may spoil its reading, said before anything is classified.

The limits were set on the training folders of four laboratories, well outside of what their pictures show,
and on the same pictures degraded until the network no longer read them. A flag in ``UNUSABLE`` stops every
answer; any other only warns.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mlcore.engine.contracts import Box, Image, PictureStatistics
from mlcore.engine.picture import nuclear_dye
from mlcore.engine.stain import Thumbnail, darkest

# Codes that make every answer about the picture worthless, gravest first, with the sentence a person reads.
UNUSABLE = {
    "too_small": "the picture is too small to show a cell",
    "too_dark": "the picture is too dark",
    "not_a_smear": "the picture does not look like a stained blood smear",
    "washed_out": "the picture is overexposed: everything but the nuclei is lost",
    "blurred": "the picture is out of focus",
    "cells_too_small": "the cells are too small in the picture to be told apart",
}
SMALLEST_SIDE = 32
# Levels of 0..255. Down to 80 a picture reads as well as before; at 60 half of the answers are lost.
DARK_GLASS, DIM_GLASS = 80.0, 120.0
BRIGHT_GLASS = 250
# The brightest channel of the glass over its darkest; 1.46 at most in the training folders.
STRONGEST_CAST = 2.0
# Edge of the nucleus over its diameter. Blurred by 8 % of the cell's width: above 0.24 (98 %), and the
# classifier is right about four cells in ten. Sharp pictures stay below 0.2 (99 %).
WIDEST_EDGE = 0.2
# Nuclear dye in the darkest two-hundredth of the picture; 0.69 or more in the training folders.
FAINT_DYE = 0.45
# Pixels over a cell's longer side. At 16, eight of ten cells were still named rightly (98 % at 28).
SMALLEST_CELL = 16
CELL_FILLS = 0.97


def quality_flags(image: Image, small: Thumbnail, picture: PictureStatistics) -> tuple[str, ...]:
    """Return the codes that apply to a picture with its statistics, the gravest first; empty for a good one.

    Unusable: too_small, too_dark, not_a_smear, washed_out, blurred. Warnings: underexposed, overexposed,
    colour_cast, faint_stain, stain_cast.
    """
    flags = ["too_small"] if min(image.shape[:2]) < SMALLEST_SIDE else []
    flags += _light(small)
    if _smear(small):
        flags += ["blurred"] if picture.edge is not None and picture.edge > WIDEST_EDGE else []
        flags += _dyes(small)
    else:
        flags.append("not_a_smear")
    gravity = [*UNUSABLE, *flags]
    return tuple(sorted(flags, key=gravity.index))


def scale_flags(boxes: Sequence[Box], image: Image) -> tuple[str, ...]:
    """Return cells_too_small or cells_too_large (a warning) for the boxes found in a picture."""
    if not boxes:
        return ()
    sides = [max(box.width, box.height) for box in boxes]
    if float(np.median(sides)) < SMALLEST_CELL:
        return ("cells_too_small",)
    height, width = image.shape[:2]
    filled = any(box.width >= CELL_FILLS * width and box.height >= CELL_FILLS * height for box in boxes)
    return ("cells_too_large",) if filled else ()


def _light(small: Thumbnail) -> list[str]:
    """Too little light, too much of it, or light of one colour."""
    flags = []
    brightest = float(small.background.max())
    if brightest < DARK_GLASS:
        flags.append("too_dark")
    elif brightest < DIM_GLASS:
        flags.append("underexposed")
    elif _share(small, darkest(small.pixels) >= BRIGHT_GLASS) > 0.4:
        # Red cells and cytoplasm burn out long before nuclei do.
        lost = _share(small, _between(small, 0.08, 0.5)) < 0.12
        flags.append("washed_out" if lost else "overexposed")
    if brightest > STRONGEST_CAST * float(small.background.min()):
        flags.append("colour_cast")
    return flags


def _smear(small: Thumbnail) -> bool:
    """Whether the picture has the colours and the smoothness of stained cells on glass."""
    red, green, blue = small.density
    if np.count_nonzero(small.lit) < 100 or not _stained(small):
        return False
    # Neither blue nor green nor orange things lie on a smear: every dye takes green light most.
    foreign = _share(small, (red - green > 0.2) | (blue - green > 0.4))
    dense = (green > 0.1) & small.lit
    grey = (np.abs(green - red) < 0.03) & (np.abs(green - blue) < 0.03) & dense
    plain = np.count_nonzero(grey) > 0.6 * np.count_nonzero(dense)
    return foreign < 0.08 and not plain and _roughness(small) < 0.6


def _stained(small: Thumbnail) -> bool:
    """Whether anything has taken up dye or haemoglobin: a share of pixels denser in green than in red."""
    red, green, _ = small.density
    eosin = _share(small, (green - red > 0.04) & (green > 0.1))
    nuclei = np.count_nonzero(small.stain > 0.3)
    return bool(eosin > 0.02 or nuclei / small.stain.size > 0.005)


def _roughness(small: Thumbnail) -> float:
    """Return how much neighbours differ in green, against all pixels: 2 for noise, about 0.1 for cells."""
    green = np.clip(small.density[1], 0, 2)
    both = small.lit[:, 1:] & small.lit[:, :-1]
    steps = (green[:, 1:] - green[:, :-1])[both]
    return float(np.mean(steps * steps)) / max(float(green[small.lit].var()), 1e-6) if steps.size else 0.0


def _dyes(small: Thumbnail) -> list[str]:
    """Warn of nuclei that are pale, or of another hue than in any laboratory seen."""
    strongest, nuclei = nuclear_dye(small)
    if strongest < FAINT_DYE:
        return ["faint_stain"]
    red, green, blue = (float(np.median(channel[::2, ::2][nuclei])) for channel in small.density)
    return [] if -0.35 * green < blue < 0.45 * green and red < 1.2 * green else ["stain_cast"]


def _between(small: Thumbnail, low: float, high: float) -> NDArray[np.bool_]:
    mean = small.density.mean(axis=0)
    return (mean > low) & (mean < high)


def _share(small: Thumbnail, where: NDArray[np.bool_]) -> float:
    """Return which share of the picture, black borders left out, is marked in ``where``."""
    lit = float(np.count_nonzero(small.lit))
    return float(np.count_nonzero(where & small.lit)) / max(1.0, lit)
