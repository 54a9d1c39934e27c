"""The colour of the light behind the cells, and how strongly each pixel is stained.

Everything downstream looks at optical density against the picture's own background, so a warm lamp
or a blue camera does not look like a different stain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from mlcore.engine.contracts import Image

# Pixels whose brightest channel is below this are no picture at all: borders left by rotation.
BLACK = 30


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A small copy of a field: ``pixels`` (h, w, 3) uint8, and small pixels per original pixel."""

    pixels: Image
    scale: float


def thumbnail(image: Image, longest: int) -> Thumbnail:
    """Shrink ``image`` by area averaging until its longer side is ``longest`` pixels."""
    height, width = image.shape[:2]
    scale = longest / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    picture = PillowImage.fromarray(image)
    small = picture.resize(size, PillowImage.Resampling.BILINEAR, reducing_gap=2.0)
    return Thumbnail(np.asarray(small), scale)


def brightest(pixels: Image) -> Image:
    """Return each pixel's brightest channel; thirty times faster than ``max`` over an axis of three."""
    return np.maximum(np.maximum(pixels[..., 0], pixels[..., 1]), pixels[..., 2])


def darkest(pixels: Image) -> Image:
    """Return each pixel's darkest channel, as fast."""
    return np.minimum(np.minimum(pixels[..., 0], pixels[..., 1]), pixels[..., 2])


def background_colour(pixels: Image) -> NDArray[np.float32]:
    """Return the RGB colour, 1..255, of the empty glass: the median of the brightest seventh.

    Brightness is a pixel's darkest channel, since every stain absorbs at least one. Black borders do
    not count. A picture without any light gives white.
    """
    flat = pixels.reshape(-1, 3)
    lit = flat[brightest(flat) > BLACK]
    if len(lit) < 16:
        return np.full(3, 255, dtype=np.float32)
    brightness = darkest(lit)
    rank = int(0.85 * (len(brightness) - 1))
    limit = np.partition(brightness, rank)[rank]
    colour = np.median(lit[brightness >= limit], axis=0)
    return np.maximum(colour, 1).astype(np.float32)


def nuclear_stain(pixels: Image, background: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how much nuclear dye each pixel holds, (h, w), about 0 for glass and above 0.5 in nuclei.

    Optical density in green plus half of red minus blue: azure dyes absorb green and red and let blue
    through, eosin and haemoglobin absorb blue too, so red cells stay low in every laboratory seen.
    """
    ratio = np.clip(pixels.astype(np.float32) / background, 0.02, 1.1)
    density = -np.log(ratio)
    stain: NDArray[np.float32] = density[..., 1] + 0.5 * density[..., 0] - density[..., 2]
    stain[brightest(pixels) <= BLACK] = 0
    return stain
