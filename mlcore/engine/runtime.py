"""The fast reader: LiteRT on the CPU, loaded once, verified and warmed up. Never imports TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from mlcore.engine.abstain import Judge, judge_from
from mlcore.engine.bundle import HEAD, REFERENCES, Bundle, read_bundle
from mlcore.engine.calibrate import softmax
from mlcore.engine.contracts import Box, CellPrediction, FieldPrediction, Image, Look, ModelIdentity
from mlcore.engine.crops import finder_of
from mlcore.engine.errors import BundleError
from mlcore.engine.explain import Explanation, speaking
from mlcore.engine.head import embedding, head_from
from mlcore.engine.locate import CellLocator
from mlcore.engine.picture import picture_statistics
from mlcore.engine.preprocess import CropSettings, crop_cell, crop_window, to_tensor
from mlcore.engine.quality import quality_flags, scale_flags
from mlcore.engine.similar import references_from
from mlcore.engine.stain import Thumbnail, thumbnail

# What a differential counts; platelets and erythroblasts come after them in a reading.
NOT_LEUKOCYTES = frozenset({"erythroblast", "platelet"})

Floats = NDArray[np.float32]


class LiteNetwork:
    """A LiteRT network from a cell to its feature map; not thread-safe, one for each thread."""

    def __init__(self, model: bytes, *, threads: int = 1) -> None:
        try:
            self._interpreter: Any = Interpreter(model_content=model, num_threads=threads)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise BundleError(f"LiteRT cannot load the network of this bundle: {error}") from error
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]

    def features(self, tensors: Floats) -> Floats:
        """Return feature maps (n, h, w, channels) for tensors of shape (n, size, size, 3)."""
        maps = []
        for tensor in tensors:
            self._interpreter.set_tensor(self._input, tensor[None])
            self._interpreter.invoke()
            maps.append(self._interpreter.get_tensor(self._output)[0])
        return np.stack(maps)


class LitePredictor:
    """Reads whole fields and single cells with one verified bundle.

    With ``views`` above one, each cell is shown that many times, turned and mirrored, and the logits are
    averaged: a little more accurate and as many times slower.
    """

    def __init__(self, bundle: Bundle, *, threads: int = 1, views: int = 1) -> None:
        manifest = bundle.manifest
        try:
            self._crop = CropSettings(**manifest["preprocessing"])
            self.locator = _locator(bundle, threads)
            self._temperature = float(manifest["calibration"]["temperature"])
            self._network = LiteNetwork(bundle.contents[manifest["serving"]], threads=threads)
            self._head = head_from(bundle.contents[HEAD])
            self._judge: Judge = judge_from(bundle)
            self._references = references_from(bundle.contents[REFERENCES])
        except (KeyError, TypeError, ValueError) as error:
            raise BundleError(
                f"The manifest of the bundle in {bundle.folder} is incomplete: {error}."
            ) from error
        self.identity: ModelIdentity = bundle.identity
        self.labels: tuple[str, ...] = bundle.labels
        self._views = views
        if self._head.classes != len(self.labels):
            raise BundleError(
                f"The network gives {self._head.classes} classes, its manifest names {len(self.labels)}."
            )

    def predict(self, image: Image, *, single: bool = False) -> FieldPrediction:
        """Read ``image``: quality, cells, classes; with ``single`` as a picture of one cell."""
        small = thumbnail(image, self.locator.settings.size)
        boxes = self._boxes(image, small, single=single)
        picture = picture_statistics(image, small)
        flags = quality_flags(image, small, picture) + scale_flags(boxes, image)
        cells = [self._cell(image, box, small, flags) for box in boxes]
        cells.sort(key=lambda cell: (cell.label in NOT_LEUKOCYTES, -cell.confidence))
        height, width = image.shape[:2]
        return FieldPrediction(width, height, self.identity, tuple(cells), flags, picture)

    def read(self, image: Image, box: Box) -> CellPrediction:
        """Read the cell in ``box``, which a person or another reading has found."""
        small = thumbnail(image, self.locator.settings.size)
        return self._cell(image, box, small, quality_flags(image, small, picture_statistics(image, small)))

    def explain(self, image: Image, box: Box, *, count: int = 5) -> Explanation:
        """Return where the network looked at the cell in ``box``, and which verified cells are most alike."""
        light = thumbnail(image, self.locator.settings.size).background
        features = self._features(image, box, light)[0]
        own = embedding(features)
        return Explanation(
            crop_window(image, box, self._crop),
            self.labels,
            self._head.activation(features),
            own,
            self._references.nearest(own, count),
        )

    def _boxes(self, image: Image, small: Thumbnail, *, single: bool) -> list[Box]:
        if self._crop.whole:
            return [Box(0, 0, image.shape[1], image.shape[0])]
        if single:
            found = self.locator.locate_single(image, small)
            return [found.box] if found else []
        return self.locator.locate(image, small)

    def _features(self, image: Image, box: Box, light: Floats) -> Floats:
        crop = crop_cell(image, box, light, self._crop)
        return self._network.features(to_tensor(views_of(crop, self._views)))

    def _cell(self, image: Image, box: Box, small: Thumbnail, flags: tuple[str, ...]) -> CellPrediction:
        features = self._features(image, box, small.background)
        logits = np.mean([self._head.logits(one) for one in features], axis=0)
        row = softmax(logits, self._temperature)
        best = int(row.argmax())
        middle = np.mean([embedding(one) for one in features], axis=0)
        reason = self._judge.objection(row, middle, flags)
        named = {label: float(value) for label, value in zip(self.labels, row, strict=True)}
        # The first view is the cell as it lies in the picture.
        places = speaking(self._head.activation(features[0])[..., best])
        look = Look(crop_window(image, box, self._crop), tuple(map(tuple, places.round(3).tolist())))
        return CellPrediction(
            box=box,
            label=self.labels[best],
            confidence=float(row[best]),
            probabilities=named,
            abstained=bool(reason),
            reason=reason,
            look=look,
            features=self._judge.features(middle),
        )


def views_of(crop: Image, count: int) -> Image:
    """Return the first ``count`` (1..8) of a crop's turned and mirrored copies, (count, size, size, 3)."""
    turned = [np.rot90(side, quarter) for side in (crop, crop[:, ::-1]) for quarter in range(4)]
    return np.stack(turned[:count])


def _locator(bundle: Bundle, threads: int) -> CellLocator:
    finder = finder_of(bundle.manifest["locator"], bundle.contents)
    return CellLocator(finder.model, finder.settings, threads=threads)


def load_predictor(bundle_dir: Path, *, threads: int = 1, views: int = 1) -> LitePredictor:
    """Load, verify and warm up the bundle in ``bundle_dir``; raises ``BundleError`` if that fails."""
    predictor = LitePredictor(read_bundle(bundle_dir), threads=threads, views=views)
    warm = np.full((240, 320, 3), 200, dtype=np.uint8)
    predictor.predict(warm)
    predictor.explain(warm, Box(80, 60, 240, 180))
    return predictor
