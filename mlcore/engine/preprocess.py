"""Image and box to tensor: the one code path of training and serving.

A square around the cell is cut out, brought to the network's size, its background is made the same
neutral grey in every picture, and whatever is no picture (black borders, beyond the edge) becomes
background too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from mlcore.engine.contracts import Box, Image
from mlcore.engine.stain import BLACK, brightest


@dataclass(frozen=True, slots=True)
class CropSettings:
    """How a cell is cut out; travels inside the bundle.

    ``context`` is the side of the square over the longer side of the box, ``smallest_side`` the least
    side as a fraction of the picture's shorter side (a platelet is shown with its surroundings),
    ``background`` the grey that the glass is brought to, and the gains bound that correction. ``whole``
    squeezes the entire picture into the square instead, with its own colours: the classic recipe.
    """

    size: int = 160
    context: float = 1.25
    smallest_side: float = 0.2
    background: float = 236.0
    least_gain: float = 0.6
    most_gain: float = 2.0
    whole: bool = False


def crop_window(image: Image, box: Box, settings: CropSettings) -> Box:
    """Return the square that is cut out for ``box``, in pixels of ``image``; it may reach beyond edges."""
    height, width = image.shape[:2]
    if settings.whole:
        return Box(0, 0, width, height)
    longest = max(box.width, box.height) * settings.context
    side = max(longest, settings.smallest_side * min(height, width), 8.0)
    left, top = round((box.x0 + box.x1 - side) / 2), round((box.y0 + box.y1 - side) / 2)
    return Box(left, top, left + round(side), top + round(side))


def crop_cell(image: Image, box: Box, background: NDArray[np.float32], settings: CropSettings) -> Image:
    """Cut the cell out as (size, size, 3) ``uint8`` with a neutral background.

    ``background`` is the colour of the glass in this picture, see ``stain.background_colour``.
    """
    if settings.whole:
        return _squeeze(image, settings.size)
    window = crop_window(image, box, settings)
    height, width = image.shape[:2]
    x0, y0, x1, y1 = max(0, window.x0), max(0, window.y0), min(width, window.x1), min(height, window.y1)
    square = np.zeros((window.height, window.width, 3), dtype=np.uint8)
    if x1 > x0 and y1 > y0:
        square[y0 - window.y0 : y1 - window.y0, x0 - window.x0 : x1 - window.x0] = image[y0:y1, x0:x1]
    return neutralise(_squeeze(square, settings.size), background, settings)


def _squeeze(image: Image, size: int) -> Image:
    picture = PillowImage.fromarray(image)
    return np.asarray(picture.resize((size, size), PillowImage.Resampling.BILINEAR, reducing_gap=2.0))


def neutralise(pixels: Image, background: NDArray[np.float32], settings: CropSettings) -> Image:
    """Scale each channel so that the glass becomes ``settings.background``; black becomes glass."""
    gain = np.clip(settings.background / background, settings.least_gain, settings.most_gain)
    levels = np.arange(256, dtype=np.float32)[:, None] * gain
    table = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    neutral = np.stack([table[:, channel].take(pixels[..., channel]) for channel in range(3)], axis=-1)
    neutral[brightest(pixels) <= BLACK] = round(settings.background)
    return neutral


def to_tensor(crops: Image) -> NDArray[np.float32]:
    """Return ``uint8`` crops of shape (..., size, size, 3) as ``float32`` in -1..1."""
    return crops.astype(np.float32) / np.float32(127.5) - np.float32(1.0)
