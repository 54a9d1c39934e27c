"""The records that pass between the engine and whoever uses it, and the protocols of its parts.

Pixels are counted from the top left; boxes are half-open, so ``x1 - x0`` is the width. Images are
``uint8`` arrays of shape (height, width, 3) in RGB order. Probabilities lie in 0..1 and sum to one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

LABELS = (
    "neutrophil",
    "eosinophil",
    "basophil",
    "lymphocyte",
    "monocyte",
    "immature_granulocyte",
    "erythroblast",
    "platelet",
)
# What a report calls the answer when no cell was found in a picture.
NO_CELL = "none"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the image it belongs to, half-open on the right and at the bottom."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def width(self) -> int:
        """Width in pixels."""
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        """Height in pixels."""
        return self.y1 - self.y0


@dataclass(frozen=True, slots=True)
class Look:
    """Where the network looked: the square of the picture that it saw, which may reach beyond the edges.

    ``places`` are rows of the coarse map of that square, each place's part in the label's score between 0
    and 1, the strongest being 1. What speaks against the label is 0.
    """

    window: Box
    places: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class CellPrediction:
    """One cell, its class and how sure the model is.

    ``label`` is always the most probable class; ``abstained`` says that the portal must not present
    it as an answer, and ``reason`` says why in words for people (empty when it did not abstain).
    ``look`` is what speaks for ``label``; None where a predictor cannot tell. ``features`` are the cell as a
    point among others, at most 32 numbers in which near means alike; only cells that one model read can be
    compared by them. Empty where a predictor has none.
    """

    box: Box
    label: str
    confidence: float
    probabilities: dict[str, float]
    abstained: bool = False
    reason: str = ""
    look: Look | None = None
    features: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which bundle made a prediction: its version and the SHA-256 over its manifest."""

    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class PictureStatistics:
    """What a picture is like (``mlcore.engine.picture``).

    ``background`` is the colour of the empty glass, RGB 1..255; ``dye`` the nuclear dye of the darkest
    pixels. ``nuclei`` and ``pale`` are the median optical density of nuclei and of what else is stained, in
    red, green and blue. ``edge`` is the width of a nucleus' edge in its diameters, larger where the picture
    is blurred. None stands for what the picture does not show.
    """

    background: tuple[float, float, float]
    dye: float
    nuclei: tuple[float, float, float] | None
    pale: tuple[float, float, float] | None
    edge: float | None


@dataclass(frozen=True, slots=True)
class FieldPrediction:
    """Everything the model says about one image; ``cells`` come most certain leukocyte first.

    ``quality`` holds codes of what may spoil the reading, for example ``blurred`` or ``too_dark``.
    ``picture`` is None where a predictor does not look at the picture as such.
    """

    width: int
    height: int
    model: ModelIdentity
    cells: tuple[CellPrediction, ...] = ()
    quality: tuple[str, ...] = field(default=())
    picture: PictureStatistics | None = None


class Locator(Protocol):
    """Finds every nucleated cell of a smear image."""

    def locate(self, image: Image) -> list[Box]:
        """Return one box for each cell found, in no particular order; empty when there is none."""
        ...


class Classifier(Protocol):
    """Names the cells inside given boxes."""

    def classify(self, image: Image, boxes: list[Box]) -> NDArray[np.float32]:
        """Return calibrated probabilities of shape (boxes, labels)."""
        ...


class Predictor(Protocol):
    """The whole reading of one image: quality, cells, classes."""

    @property
    def identity(self) -> ModelIdentity:
        """The bundle this predictor was loaded from."""
        ...

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes this model knows, in the order of its outputs."""
        ...

    def predict(self, image: Image, *, single: bool = False) -> FieldPrediction:
        """Read ``image``; with ``single`` take it as a picture of one cell of interest."""
        ...
