"""Every nucleated cell and platelet of a field, found by a small network that LiteRT runs.

The picture is shrunk and its glass made the same neutral grey. The network says for each patch of 8 pixels
how likely the middle of a cell lies there, and how large that cell is (centre points, Zhou et al. 2019).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from mlcore.engine.contracts import Box, Image
from mlcore.engine.errors import BundleError
from mlcore.engine.matching import overlap
from mlcore.engine.preprocess import CropSettings, neutralise, to_tensor
from mlcore.engine.stain import Thumbnail, thumbnail

# Pixels of the network's picture for each place of its maps, and the unit in which sizes are told.
STRIDE = 8
UNIT = 32.0
NUCLEATED, PLATELET = 0, 1


@dataclass(frozen=True, slots=True)
class LocatorSettings:
    """How the network's answer becomes boxes; travels inside the bundle.

    ``size`` is the side of the network's picture in pixels; ``score`` and ``platelet_score`` are the least
    scores of a nucleated cell and a platelet in a field, ``single_score`` the least score in a picture of
    one cell. Of two boxes that overlap by more than ``most_overlap`` (IoU) the better one stays.
    """

    size: int = 192
    score: float = 0.4
    platelet_score: float = 0.4
    single_score: float = 0.1
    most_overlap: float = 0.45

    def describe(self) -> dict[str, float]:
        """Return the settings as they are written into a bundle."""
        return asdict(self)


class Found(NamedTuple):
    """A cell that was found: where, how surely (0..1), and whether it is a platelet."""

    box: Box
    score: float
    platelet: bool


class CellLocator:
    """The learned locator; not thread-safe, one for each thread."""

    def __init__(self, model: bytes, settings: LocatorSettings | None = None, *, threads: int = 1) -> None:
        self.settings = settings or LocatorSettings()
        try:
            self._interpreter: Any = Interpreter(model_content=model, num_threads=threads)
            self._interpreter.allocate_tensors()
            self._input = self._interpreter.get_input_details()[0]["index"]
            outputs = {
                int(item["shape"][-1]): item["index"] for item in self._interpreter.get_output_details()
            }
            self._heat, self._shapes = outputs[2], outputs[4]
        except (ValueError, RuntimeError, KeyError, IndexError) as error:
            raise BundleError(f"LiteRT cannot load the locator of this bundle: {error}") from error

    def locate(self, image: Image, small: Thumbnail | None = None) -> list[Box]:
        """Return a box for every nucleated cell of a field, most certain first.

        ``small`` is the picture's thumbnail of the network's size, if the caller has it already.
        """
        small = small or thumbnail(image, self.settings.size)
        return [cell.box for cell in self.find(small, image.shape) if not cell.platelet]

    def locate_single(self, image: Image, small: Thumbnail | None = None) -> Found | None:
        """Return the one cell a picture was taken of, None when nothing was found.

        Certain cells near the middle come first, and nucleated cells before platelets.
        """
        small = small or thumbnail(image, self.settings.size)
        least = self.settings.single_score
        cells = self.cells(small, image.shape, (least, least))
        return max(cells, key=lambda cell: _interest(cell, image.shape), default=None)

    def find(self, small: Thumbnail, shape: tuple[int, ...]) -> list[Found]:
        """Return all cells of a field, most certain first.

        ``small`` is the thumbnail of the network's size, ``shape`` that of the original image, whose pixels
        the boxes count.
        """
        return self.cells(small, shape, (self.settings.score, self.settings.platelet_score))

    def cells(self, small: Thumbnail, shape: tuple[int, ...], least: tuple[float, float]) -> list[Found]:
        """Return what ``find`` does, with other least scores: of a nucleated cell, of a platelet."""
        tensor = to_tensor(network_picture(small, self.settings.size))
        self._interpreter.set_tensor(self._input, tensor[None])
        self._interpreter.invoke()
        heat = self._interpreter.get_tensor(self._heat)[0]
        shapes = self._interpreter.get_tensor(self._shapes)[0]
        cells = decode(heat, shapes, least, small.scale, shape)
        return apart(cells, self.settings.most_overlap)


def network_picture(small: Thumbnail, size: int) -> Image:
    """Return the network's picture (size, size, 3): neutral glass, the thumbnail at its top left."""
    settings = CropSettings()
    picture = np.full((size, size, 3), round(settings.background), dtype=np.uint8)
    height, width = small.pixels.shape[:2]
    picture[:height, :width] = neutralise(small.pixels, small.background, settings)
    return picture


def decode(
    heat: NDArray[np.float32],
    shapes: NDArray[np.float32],
    least: tuple[float, float],
    scale: float,
    shape: tuple[int, ...],
) -> list[Found]:
    """Return a cell for each peak of the maps, most certain first.

    ``heat`` (h, w, 2) holds logits, ``shapes`` (h, w, 4) the way to the middle (x, y, in strides) and the
    logarithms of width and height in units of 32 pixels. ``least`` are the least scores of the two kinds,
    ``scale`` is network pixels per original pixel, ``shape`` that of the original image.
    """
    scores = 1 / (1 + np.exp(-heat.clip(-30, 30)))
    peaks = (heat >= _highest_around(heat)) & (scores >= np.asarray(least, dtype=np.float32))
    cells = []
    for row, column, kind in np.argwhere(peaks):
        box = _box(shapes[row, column], int(row), int(column), scale, shape)
        if box.width > 0 and box.height > 0:
            cells.append(Found(box, float(scores[row, column, kind]), bool(kind == PLATELET)))
    return sorted(cells, key=lambda cell: -cell.score)


def apart(cells: Sequence[Found], most_overlap: float) -> list[Found]:
    """Return ``cells``, most certain first, without those that overlap a more certain one too much."""
    kept: list[Found] = []
    for cell in cells:
        if all(overlap(cell.box, other.box) <= most_overlap for other in kept):
            kept.append(cell)
    return kept


def _highest_around(heat: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return for each place the highest value of the nine places around it."""
    padded = np.pad(heat, ((1, 1), (1, 1), (0, 0)), constant_values=-np.inf)
    rows = np.maximum(np.maximum(padded[:-2], padded[1:-1]), padded[2:])
    highest: NDArray[np.float32] = np.maximum(np.maximum(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:])
    return highest


def _box(told: NDArray[np.float32], row: int, column: int, scale: float, shape: tuple[int, ...]) -> Box:
    x, y = (column + 0.5 + float(told[0])) * STRIDE, (row + 0.5 + float(told[1])) * STRIDE
    half_width, half_height = (0.5 * UNIT * np.exp(np.minimum(told[2:], 4.0))).tolist()
    height, width = shape[:2]
    return Box(
        max(0, round((x - half_width) / scale)),
        max(0, round((y - half_height) / scale)),
        min(width, round((x + half_width) / scale)),
        min(height, round((y + half_height) / scale)),
    )


def _interest(cell: Found, shape: tuple[int, ...]) -> tuple[bool, float]:
    """Nucleated before platelet, then score times 1 in the middle of the picture to 0.05 at its corners."""
    height, width = shape[:2]
    dx = (cell.box.x0 + cell.box.x1) / width - 1
    dy = (cell.box.y0 + cell.box.y1) / height - 1
    return not cell.platelet, cell.score * max(0.05, 1.0 - float(np.hypot(dx, dy)))
