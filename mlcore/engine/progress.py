"""How far a training is, said after each epoch."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import keras


def progress(stage: str, epochs: int, say: Callable[[str], None]) -> Any:
    """Return a callback that says after each epoch, as one JSON object, how it went and how long is left."""

    class Progress(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002 -- Keras passes them
            self.began = time.monotonic()

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            left = (time.monotonic() - self.began) * (epochs - epoch - 1)
            figures = {name: round(float(value), 4) for name, value in (logs or {}).items()}
            told = {"stage": stage, "epoch": epoch + 1, "of": epochs, "seconds_left": round(left)}
            say(json.dumps(told | figures))

    return Progress()
