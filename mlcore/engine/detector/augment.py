"""Other stains, lamps and cameras for the locator's pictures, in TensorFlow's graph."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from mlcore.engine.augment import Strengths, light, restain, soften

# Wider than for naming cells: where a cell lies can be seen in colours in which it can hardly be named.
STRENGTHS = Strengths(dye=0.3, channel=0.25, mixing=0.12, gamma=0.15, cast=0.07, noise=6.0)


def recolour(pixels: Any, size: int) -> Any:
    """Return a (n, size, size, 3) float batch in -1..1 from ``uint8`` windows of neutral glass."""
    changed = light(restain(soften(tf.cast(pixels, tf.float32), size), STRENGTHS), STRENGTHS)
    return tf.clip_by_value(tf.round(changed), 0.0, 255.0) / 127.5 - 1.0
