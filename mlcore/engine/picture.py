"""What a picture is like, in a few numbers that are kept with its reading: light, dyes, sharpness.

They say nothing about one picture; held against those of earlier weeks they show that a lamp, a stain or a
focus has changed before anybody wonders about the cells.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.engine.contracts import Image, PictureStatistics
from mlcore.engine.focus import edge_width
from mlcore.engine.stain import Thumbnail

# Less density than this in green is glass; more nuclear dye than this is a nucleus' rim.
GLASS, RIM = 0.1, 0.3
# What ``compared`` tells of a picture that shows everything.
COMPARED = ("light", "tint", "dye", "hue", "pale", "eosin", "edge")


def picture_statistics(image: Image, small: Thumbnail) -> PictureStatistics:
    """Return the statistics of a picture; None for what it does not show."""
    strongest, nuclei = nuclear_dye(small)
    pale = (small.stain < RIM) & (small.density[1] > GLASS) & small.lit
    red, green, blue = (float(value) for value in small.background)
    return PictureStatistics(
        background=(round(red, 1), round(green, 1), round(blue, 1)),
        dye=round(strongest, 4),
        nuclei=_middle(small.density[:, ::2, ::2], nuclei),
        pale=_middle(small.density, pale),
        edge=None if (width := edge_width(image, small)) is None else round(width, 4),
    )


def compared(picture: Mapping[str, Any]) -> dict[str, float]:
    """Return what weeks are compared by, from the statistics as a dictionary; what it lacks is left out.

    ``light`` and ``tint`` (red over blue) are of the glass, ``dye`` of the nuclei, ``pale`` of the other
    dyes, ``edge`` of the focus. ``hue`` is red against green in nuclei, where azure dyes take both, and
    ``eosin`` blue against green outside of them, where eosin and haemoglobin take both.
    """
    red, green, blue = picture["background"]
    told = {"light": (red + green + blue) / 3, "tint": red / blue, "dye": picture["dye"]}
    if picture["nuclei"]:
        told["hue"] = picture["nuclei"][0] / max(0.01, picture["nuclei"][1])
    if picture["pale"]:
        told |= {"pale": picture["pale"][1], "eosin": picture["pale"][2] / max(0.01, picture["pale"][1])}
    if picture["edge"] is not None:
        told["edge"] = picture["edge"]
    return told


def nuclear_dye(small: Thumbnail) -> tuple[float, NDArray[np.bool_]]:
    """Return the dye of the darkest two-hundredth, and where there is half of it, in every second pixel."""
    stain = small.stain[::2, ::2]
    few = max(2, stain.size // 200)
    strongest = float(np.partition(stain, stain.size - few, axis=None)[-few])
    return strongest, stain > 0.5 * strongest


def _middle(density: NDArray[np.float32], where: NDArray[np.bool_]) -> tuple[float, float, float] | None:
    """Return the median density in red, green and blue."""
    if not where.any():
        return None
    red, green, blue = (round(float(np.median(channel[where])), 4) for channel in density)
    return red, green, blue
