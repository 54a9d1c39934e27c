"""Every nucleated cell of a field, found by the dye in its nucleus.

Method: optical density against the picture's own background, an Otsu threshold between red cells and
nuclei, closing (the lobes of one nucleus belong together), and a margin for the cytoplasm.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mlcore.engine import morphology
from mlcore.engine.contracts import Box, Image
from mlcore.engine.morphology import Mask
from mlcore.engine.stain import Thumbnail, thumbnail

CROSS = morphology.diamond(1)
RIM = morphology.diamond(2)


@dataclass(frozen=True, slots=True)
class LocatorSettings:
    """Sizes are in pixels of the working copy, areas are fractions of the picture."""

    working_size: int = 144
    faintest_nucleus: float = 0.30
    smallest_cell: float = 0.009
    smallest_single: float = 0.0015
    closing_radius: int = 4
    cytoplasm_margin: float = 0.13


@dataclass(frozen=True, slots=True)
class _Region:
    """A connected stained region of the working copy: box, area and how much dye it holds."""

    x0: int
    y0: int
    x1: int
    y1: int
    area: float
    dye: float


class StainLocator:
    """Classical locator; stateless, so one instance serves any number of images."""

    def __init__(self, settings: LocatorSettings | None = None) -> None:
        self.settings = settings or LocatorSettings()

    def describe(self) -> dict[str, float]:
        """Return the settings as they are written into a bundle."""
        return asdict(self.settings)

    def locate(self, image: Image, small: Thumbnail | None = None) -> list[Box]:
        """Return a box for every cell found in a field, most heavily stained first.

        ``small`` is the picture's thumbnail of the working size, if the caller has it already.
        """
        small = small or thumbnail(image, self.settings.working_size)
        regions = self._regions(small, self.settings.smallest_cell)
        return [self._box(region, small.scale, image) for region in regions]

    def locate_single(self, image: Image, small: Thumbnail | None = None) -> Box:
        """Return the one cell a picture was taken of: the largest stained region near its middle.

        A picture without any stained region gives the box of the whole picture, because somebody
        who cuts out a cell by hand may cut so tightly that nothing else is left.
        """
        small = small or thumbnail(image, self.settings.working_size)
        height, width = image.shape[:2]
        regions = self._regions(small, self.settings.smallest_single)
        if not regions:
            return Box(0, 0, width, height)
        best = max(regions, key=lambda region: _centrality(region, small) * region.area**0.5)
        return self._box(best, small.scale, image)

    def _regions(self, small: Thumbnail, smallest: float) -> list[_Region]:
        stain = _stain_map(small)
        nuclei = _nuclei(stain, self.settings.faintest_nucleus)
        disk = morphology.disk(self.settings.closing_radius)
        found, _count = ndimage.label(morphology.closed(nuclei, disk))
        regions = []
        for number, window in enumerate(ndimage.find_objects(found), start=1):
            inside = (found[window] == number) & nuclei[window]
            area = float(inside.sum()) / stain.size
            if area >= smallest:
                rows, columns = window
                dye = float(stain[window][inside].sum())
                regions.append(_Region(columns.start, rows.start, columns.stop, rows.stop, area, dye))
        return sorted(regions, key=lambda region: -region.dye)

    def _box(self, region: _Region, scale: float, image: Image) -> Box:
        height, width = image.shape[:2]
        side = float((region.x1 - region.x0) * (region.y1 - region.y0)) ** 0.5
        margin = self.settings.cytoplasm_margin * side
        return Box(
            max(0, round((region.x0 - margin) / scale)),
            max(0, round((region.y0 - margin) / scale)),
            min(width, round((region.x1 + margin) / scale)),
            min(height, round((region.y1 + margin) / scale)),
        )


def _stain_map(small: Thumbnail) -> NDArray[np.float32]:
    """Smoothed nuclear stain with black borders, and the blurred rim beside them, set to nothing."""
    stain = small.stain
    if not small.lit.all():
        stain = np.where(morphology.dilated(~small.lit, RIM), np.float32(0), stain)
    smoothed: NDArray[np.float32] = ndimage.uniform_filter(stain, 3)
    return smoothed


def _nuclei(stain: NDArray[np.float32], faintest: float) -> Mask:
    """Pixels above the valley between red cells and nuclei, without specks."""
    foreground = stain[stain > 0.08]
    if foreground.size < 30:
        return np.zeros(stain.shape, dtype=np.bool_)
    limit = max(faintest, _otsu(np.minimum(foreground, 2.0)))
    return morphology.opened(stain > limit, CROSS)


def _otsu(values: NDArray[np.float32], bins: int = 64) -> float:
    """Return the threshold with the largest variance between the two sides (Otsu 1979)."""
    counts, edges = np.histogram(values, bins)
    centres = (edges[:-1] + edges[1:]) / 2
    weight = np.cumsum(counts)[:-1].astype(np.float64)
    moment = np.cumsum(counts * centres)
    total = float(counts.sum())
    spread = (moment[-1] * weight / total - moment[:-1]) ** 2
    between = spread / np.maximum(weight * (total - weight), 1e-9)
    return float(centres[int(np.argmax(between))])


def _centrality(region: _Region, small: Thumbnail) -> float:
    """Return 1 for a region around the middle of the picture, falling to 0.05 at its corners."""
    height, width = small.pixels.shape[:2]
    dx = ((region.x0 + region.x1) / 2 - width / 2) / (width / 2)
    dy = ((region.y0 + region.y1) / 2 - height / 2) / (height / 2)
    return max(0.05, 1.0 - float(np.hypot(dx, dy)))
