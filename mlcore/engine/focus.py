"""How sharp the nucleus of a picture is: the width of its edge, measured in diameters of the nucleus."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from scipy import ndimage

from mlcore.engine.contracts import Image
from mlcore.engine.morphology import Mask
from mlcore.engine.stain import BLACK, Thumbnail, brightest, nuclear_stain, optical_density

# Every nucleus is looked at in this size, so that an edge means the same in every picture.
DIAMETER = 24
LARGEST_WINDOW, SMALLEST_WINDOW = 72, 8
# Less dye than this is no nucleus, and says nothing about focus.
FAINTEST = 0.25
# So many pixels beside a black border are half black, and look like dye.
RIM = 2


def edge_width(image: Image, small: Thumbnail) -> float | None:
    """Return the width of the largest nucleus' edge over its diameter; None without a nucleus.

    The width is contrast over steepest slope, both of nuclear dye, so neither a paler stain nor a larger
    picture changes it. About 0.05 in a sharp picture and above 0.2 once the lobes have run together. The
    steepest slopes are averaged over as many pixels as the nucleus is wide: a quarter of its edge may
    lie beyond the focus or the picture.
    """
    found = _largest_nucleus(small)
    if found is None:
        return None
    window, diameter = found
    dye = _dye(_magnified(image, window, small.scale / 2, DIAMETER / diameter), small.background)
    if min(dye.shape) < SMALLEST_WINDOW:
        return None
    across, down = np.diff(dye, axis=1)[1:], np.diff(dye, axis=0)[:, 1:]
    slope = np.sqrt(across * across + down * down).ravel()
    steepest = float(np.partition(slope, -DIAMETER)[-DIAMETER:].mean())
    low, high = np.quantile(dye, (0.05, 0.95))
    return float(high - low) / max(steepest, 1e-6) / DIAMETER


def _largest_nucleus(small: Thumbnail) -> tuple[tuple[slice, slice], float] | None:
    """Return where the largest heavily stained region lies, with room, and its diameter.

    Both are counted in every second pixel of the thumbnail.
    """
    # Every second pixel is enough to find the nucleus; how sharp it is, the picture itself says.
    stain = np.where(_inside(small.lit[::2, ::2]), small.stain[::2, ::2], np.float32(0))
    few = max(2, stain.size // 200)
    strongest = float(np.partition(stain, stain.size - few, axis=None)[-few])
    if strongest < FAINTEST:
        return None
    regions, _count = ndimage.label(stain > 0.5 * strongest)
    sizes = np.bincount(regions.ravel())
    sizes[0] = 0
    largest = int(sizes.argmax())
    diameter = float(sizes[largest]) ** 0.5
    pad = 1 + round(0.15 * diameter)
    rows, columns = ndimage.find_objects(regions)[largest - 1]
    height, width = stain.shape
    window = (
        slice(max(0, rows.start - pad), min(height, rows.stop + pad)),
        slice(max(0, columns.start - pad), min(width, columns.stop + pad)),
    )
    return window, diameter


def _magnified(image: Image, window: tuple[slice, slice], scale: float, zoom: float) -> Image:
    """Cut ``window``, found at ``scale``, out of the picture itself and show it ``zoom`` times as large."""
    rows, columns = (slice(round(part.start / scale), round(part.stop / scale)) for part in window)
    piece = image[rows, columns]
    size = [
        min(LARGEST_WINDOW, max(1, round(zoom * (part.stop - part.start)))) for part in (window[1], window[0])
    ]
    picture = PillowImage.fromarray(np.ascontiguousarray(piece))
    small = picture.resize((size[0], size[1]), PillowImage.Resampling.BILINEAR, reducing_gap=2.0)
    return np.asarray(small)


def _dye(pixels: Image, background: NDArray[np.float32]) -> NDArray[np.float32]:
    lit = brightest(pixels) > BLACK
    dye = nuclear_stain(optical_density(pixels, background), _inside(lit))
    return np.clip(dye, -0.1, 2.0)


def _inside(lit: Mask) -> Mask:
    """Return where no black border is near."""
    return lit if lit.all() else ndimage.minimum_filter(lit, 2 * RIM + 1)
