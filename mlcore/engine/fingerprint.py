"""A fingerprint of a field that survives turning, mirroring, slight shear, scaling and re-compression.

The densities around the most heavily stained cell are read off on rings; of each ring only the strength
of its angular waves is kept, which no rotation or mirror image changes (the phase alone moves). Behind the
rings stands the field's outline, by which ``siblings`` recognises whole fields.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from scipy import ndimage

from mlcore.engine.contracts import Box, Image
from mlcore.engine.siblings import OUTLINE, outline
from mlcore.engine.stain import BLACK, thumbnail
from mlcore.engine.stained import StainLocator

# Copies are stored in several sizes and shapes (640x480 squeezed to 416x416, say): all are brought to one.
FIELD = (320, 240)
WORKING = 160
RADII = np.linspace(0.5, 30, 24)
ANGLES = np.linspace(0, 2 * np.pi, 64, endpoint=False)
WAVES = 9
RINGS = len(RADII) * WAVES * 3
WIDTH = RINGS + OUTLINE


def fingerprint(image: Image) -> NDArray[np.float32]:
    """Return the fingerprint of one picture, shape (2248,): rings x waves x colours, then the outline."""
    picture = PillowImage.fromarray(image).resize(FIELD, PillowImage.Resampling.BILINEAR, reducing_gap=2.0)
    field = np.asarray(picture)
    small = thumbnail(field, WORKING)
    black = ndimage.binary_dilation(small.pixels.max(axis=2) <= BLACK, iterations=2)
    smooth = ndimage.uniform_filter(small.pixels.astype(np.float32), (3, 3, 1))
    density = -np.log(np.clip(smooth / small.background, 0.05, 1.1))
    stain = small.stain.copy()
    density[black], stain[black] = 0, 0
    locator = StainLocator()
    box = next(iter(locator.locate(field)), None) or locator.locate_single(field)
    rings = _rings(density, *_middle(stain, box, small.scale))
    waves = np.abs(np.fft.rfft(rings, axis=1))[:, :WAVES] / len(ANGLES)
    return np.concatenate([np.sqrt(waves).astype(np.float32).ravel(), outline(image)])


def _middle(stain: NDArray[np.float32], box: Box, scale: float) -> tuple[float, float]:
    """Centre of mass of the dye inside ``box``: unlike the box's own centre it turns with the cell."""
    x0, y0 = int(box.x0 * scale), int(box.y0 * scale)
    window = stain[y0 : int(box.y1 * scale) + 1, x0 : int(box.x1 * scale) + 1]
    mass = np.maximum(window - 0.2, 0) + 1e-6
    rows, columns = np.indices(mass.shape)
    total = mass.sum()
    return float(x0 + (mass * columns).sum() / total), float(y0 + (mass * rows).sum() / total)


def _rings(density: NDArray[np.float32], x: float, y: float) -> NDArray[np.float32]:
    """Densities at every radius and angle around (x, y), nothing beyond the edge: (radii, angles, 3)."""
    height, width = density.shape[:2]
    rows = np.rint(y + RADII[:, None] * np.sin(ANGLES)).astype(int)
    columns = np.rint(x + RADII[:, None] * np.cos(ANGLES)).astype(int)
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    values = density[rows.clip(0, height - 1), columns.clip(0, width - 1)]
    result: NDArray[np.float32] = np.where(inside[..., None], values, 0)
    return result


def distances(
    first: NDArray[np.float32], second: NDArray[np.float32], of: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return squared distances (n, m), 0..4, between fingerprints scaled by the spread of all, ``of``.

    Only their rings are compared.
    """
    first, second, of = first[:, :RINGS], second[:, :RINGS], of[:, :RINGS]
    middle, spread = of.mean(axis=0), of.std(axis=0) + 1e-6
    a, b = _unit((first - middle) / spread), _unit((second - middle) / spread)
    result: NDArray[np.float32] = np.maximum(2 - 2 * (a @ b.T), 0)
    return result


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    length = np.linalg.norm(rows, axis=1, keepdims=True).astype(np.float32)
    result: NDArray[np.float32] = rows / np.maximum(length, np.float32(1e-9))
    return result
