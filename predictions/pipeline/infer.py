"""Show a stored image to the model."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass

from django.conf import settings

from mlcore.engine.contracts import FieldPrediction, Predictor
from mlcore.engine.errors import UnreadableImageError
from mlcore.engine.images import read_image
from predictions.errors import ImageGone
from predictions.models import SmearField


@dataclass(frozen=True, slots=True)
class Reading:
    """What the model says about a field, and how many milliseconds decoding and reading took."""

    prediction: FieldPrediction
    milliseconds: int


def infer(predictor: Predictor, field: SmearField) -> Reading:
    """Read the image of ``field`` with ``predictor``.

    Raises:
        ImageGone: the file is missing, altered or unreadable.
    """
    began = time.perf_counter()
    try:
        content = field.image.path.read_bytes()
        if hashlib.sha256(content).hexdigest() != field.image.sha256:
            raise ImageGone("The bytes are not those that were stored.")
        pixels = read_image(content, max_pixels=settings.UPLOAD_MAX_PIXELS)
    except (OSError, UnreadableImageError) as problem:
        raise ImageGone(str(problem)) from problem
    prediction = predictor.predict(pixels, single=field.single)
    return Reading(prediction, round((time.perf_counter() - began) * 1000))
