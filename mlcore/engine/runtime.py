"""The fast reader: LiteRT on the CPU, loaded once, verified and warmed up. Never imports TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from mlcore.engine.bundle import Bundle, read_bundle
from mlcore.engine.calibrate import softmax
from mlcore.engine.contracts import Box, CellPrediction, FieldPrediction, Image, ModelIdentity
from mlcore.engine.errors import BundleError
from mlcore.engine.locate import LocatorSettings, StainLocator
from mlcore.engine.preprocess import CropSettings, crop_cell, to_tensor
from mlcore.engine.quality import UNUSABLE, quality_flags
from mlcore.engine.stain import Thumbnail, thumbnail

# What a differential counts; platelets and erythroblasts come after them in a reading.
NOT_LEUKOCYTES = frozenset({"erythroblast", "platelet"})


class LiteNetwork:
    """A LiteRT network from (size, size, 3) tensors to logits; not thread-safe, one for each thread."""

    def __init__(self, model: bytes, *, threads: int = 1) -> None:
        try:
            self._interpreter: Any = Interpreter(model_content=model, num_threads=threads)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise BundleError(f"LiteRT cannot load the network of this bundle: {error}") from error
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]

    def logits(self, tensors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return logits of shape (n, classes) for tensors of shape (n, size, size, 3)."""
        rows = []
        for tensor in tensors:
            self._interpreter.set_tensor(self._input, tensor[None])
            self._interpreter.invoke()
            rows.append(self._interpreter.get_tensor(self._output)[0])
        return np.stack(rows)


class LitePredictor:
    """Reads whole fields and single cells with one verified bundle."""

    def __init__(self, bundle: Bundle, *, threads: int = 1) -> None:
        manifest = bundle.manifest
        try:
            self._crop = CropSettings(**manifest["preprocessing"])
            self._locator = StainLocator(LocatorSettings(**manifest["locator"]))
            self._temperature = float(manifest["calibration"]["temperature"])
            self._threshold = float(manifest["calibration"]["threshold"])
            model = bundle.contents[manifest["serving"]]
        except (KeyError, TypeError, ValueError) as error:
            raise BundleError(
                f"The manifest of the bundle in {bundle.folder} is incomplete: {error}."
            ) from error
        self.identity: ModelIdentity = bundle.identity
        self.labels: tuple[str, ...] = bundle.labels
        self._network = LiteNetwork(model, threads=threads)
        size = self._crop.size
        outputs = self._network.logits(np.zeros((1, size, size, 3), dtype=np.float32)).shape[-1]
        if outputs != len(self.labels):
            raise BundleError(f"The network gives {outputs} classes, its manifest names {len(self.labels)}.")

    def predict(self, image: Image, *, single: bool = False) -> FieldPrediction:
        """Read ``image``: quality, cells, classes; with ``single`` as a picture of one cell."""
        small = thumbnail(image, self._locator.settings.working_size)
        flags = quality_flags(image, small)
        boxes = self._boxes(image, small, single=single)
        probabilities = self.classify(image, boxes, small.background)
        cells = [self._cell(box, row, flags) for box, row in zip(boxes, probabilities, strict=True)]
        cells.sort(key=lambda cell: (cell.label in NOT_LEUKOCYTES, -cell.confidence))
        height, width = image.shape[:2]
        return FieldPrediction(width, height, self.identity, tuple(cells), flags)

    def _boxes(self, image: Image, small: Thumbnail, *, single: bool) -> list[Box]:
        if self._crop.whole:
            return [Box(0, 0, image.shape[1], image.shape[0])]
        if single:
            return [self._locator.locate_single(image, small)]
        return self._locator.locate(image, small)

    def classify(
        self, image: Image, boxes: list[Box], background: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Return calibrated probabilities of shape (boxes, labels) for cells of one image."""
        if not boxes:
            return np.zeros((0, len(self.labels)), dtype=np.float32)
        crops = np.stack([crop_cell(image, box, background, self._crop) for box in boxes])
        return softmax(self._network.logits(to_tensor(crops)), self._temperature)

    def _cell(self, box: Box, row: NDArray[np.float32], flags: tuple[str, ...]) -> CellPrediction:
        best = int(row.argmax())
        confidence = float(row[best])
        reason = next((UNUSABLE[flag] for flag in flags if flag in UNUSABLE), "")
        if not reason and confidence < self._threshold:
            reason = f"the model is only {confidence:.0%} sure, below its limit of {self._threshold:.0%}"
        named = {label: float(value) for label, value in zip(self.labels, row, strict=True)}
        return CellPrediction(box, self.labels[best], confidence, named, bool(reason), reason)


def load_predictor(bundle_dir: Path, *, threads: int = 1) -> LitePredictor:
    """Load, verify and warm up the bundle in ``bundle_dir``; raises ``BundleError`` if that fails."""
    predictor = LitePredictor(read_bundle(bundle_dir), threads=threads)
    predictor.predict(np.full((240, 320, 3), 200, dtype=np.uint8), single=True)
    return predictor
