"""Why a cell got its name: where the network looked, and which verified cells look most alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from mlcore.engine.contracts import Box, FieldPrediction, Image
from mlcore.engine.images import read_image
from mlcore.engine.similar import Neighbour

Floats = NDArray[np.float32]

# Viridis' ends would hide stained nuclei; orange is no colour of a smear's own.
GLOW = np.asarray((255, 120, 0), dtype=np.float32)
STRONGEST = 0.65


@dataclass(frozen=True, slots=True)
class Explanation:
    """What one cell's name rests on.

    ``window`` is the square that the network saw, in pixels of the picture (it may reach beyond the
    edges). ``activation`` (h, w, classes) is what each place of it adds to each class's logit, in the order
    of ``labels``. ``embedding`` is the cell as a point among others, ``nearest`` the verified cells closest
    to it.
    """

    window: Box
    labels: tuple[str, ...]
    activation: NDArray[np.float32]
    embedding: NDArray[np.float32]
    nearest: tuple[Neighbour, ...]


class Explainer(Protocol):
    """A predictor that can say why."""

    def predict(self, image: Image, *, single: bool = False) -> FieldPrediction:
        """Read a picture."""
        ...

    def explain(self, image: Image, box: Box, *, count: int = 5) -> Explanation:
        """Explain one cell of it."""
        ...


def write_explanations(
    explainer: Explainer, file: Path, folder: Path | None, *, single: bool
) -> Iterator[dict[str, Any]]:
    """Yield for each cell of a picture its box, name and nearest verified cells; draw it into ``folder``.

    Raises ``UnreadableImageError`` for a file that is no picture.
    """
    image = read_image(file)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    for number, cell in enumerate(explainer.predict(image, single=single).cells, start=1):
        explanation = explainer.explain(image, cell.box)
        told: dict[str, Any] = {
            "file": str(file),
            "cell": number,
            "box": [cell.box.x0, cell.box.y0, cell.box.x1, cell.box.y1],
            "label": cell.label,
            "abstained": cell.abstained,
            "nearest": [asdict(one) for one in explanation.nearest],
        }
        if folder is not None:
            picture = folder / f"{file.stem}-{number}-{cell.label}.png"
            PillowImage.fromarray(overlay(image, explanation, cell.label)).save(picture)
            told["picture"] = str(picture)
        yield told


def overlay(image: Image, explanation: Explanation, label: str, *, size: int = 320) -> Image:
    """Return the cell as (size, size, 3), glowing where the picture speaks for ``label``.

    What speaks against it does not glow; the strongest place of the map has the full glow. Raises
    ``ValueError`` for a label that the model does not know.
    """
    window = explanation.window
    cell = PillowImage.fromarray(image).crop((window.x0, window.y0, window.x1, window.y1))
    plain = np.asarray(cell.resize((size, size), PillowImage.Resampling.BICUBIC), dtype=np.float32)
    strength = heat(explanation, label, size=size)[..., None] * np.float32(STRONGEST)
    blended = plain * (1 - strength) + GLOW * strength
    return blended.round().astype(np.uint8)


def heat(explanation: Explanation, label: str, *, size: int) -> Floats:
    """Return the class activation map of ``label`` at (size, size), 0..1, registered to the window.

    Raises ``ValueError`` for a label that the model does not know.
    """
    if label not in explanation.labels:
        raise ValueError(f"The model does not know the class {label}.")
    return spread(speaking(explanation.activation[..., explanation.labels.index(label)]), size=size)


def speaking(activation: Floats) -> Floats:
    """Return what each place of a map (h, w) adds to a class's score, 0..1; what speaks against it is 0."""
    places = np.maximum(activation, 0)
    scaled: Floats = (places / max(float(places.max()), 1e-6)).astype(np.float32)
    return scaled


def spread(places: Floats, *, size: int) -> Floats:
    """Return a coarse map (h, w) of 0..1 at (size, size), registered to the window that the network saw.

    The network pads to the right and below alone, so each place looks at its far corner and not at its
    middle: the map is moved by half a place.
    """
    picture = PillowImage.fromarray(places.astype(np.float32))
    smooth = np.asarray(picture.resize((size, size), PillowImage.Resampling.BICUBIC))
    half = round(size / (2 * len(places)))
    moved = np.pad(smooth, ((half, 0), (half, 0)), mode="edge")[:size, :size]
    return np.clip(moved, 0, 1)
