"""How far a training is, said after each epoch and every few seconds within one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import keras

# Within an epoch; whoever listens stores a report at most every few seconds anyway.
EVERY_SECONDS = 2.0


def kept(stage: str, first: int, last: int) -> str:
    """Return the line that says of which epochs, from 1, a finished stage keeps the mean."""
    return json.dumps({"stage": stage, "kept": [first, last]})


def progress(stage: str, epochs: int, say: Callable[[str], None], *, before: int = 0) -> Any:
    """Return a callback that says, as JSON objects, how it goes and how long is left of ``epochs``.

    ``before`` epochs were done by earlier parts of the same stage. A line with ``epoch`` ends an epoch and
    has its figures; one with ``batch`` alone tells of the way there.
    """

    class Progress(keras.callbacks.Callback):
        first = True

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002 -- Keras passes them
            self.began = self.told = time.monotonic()
            self.left = epochs - before - epoch
            self.passed_over = 0

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002 -- as above
            now, batches = time.monotonic(), self.params.get("steps") or batch + 1
            if self.first:
                # The first batch waits for the network to be compiled, which no other does.
                self.first, self.began, self.passed_over = False, now, 1
            elif now - self.told >= EVERY_SECONDS:
                self.told = now
                pace = (now - self.began) / (batch + 1 - self.passed_over)
                left = pace * (batches * self.left - batch - 1)
                where = {"batch": batch + 1, "batches": batches, "of": epochs, "seconds_left": round(left)}
                say(json.dumps({"stage": stage, **where}))

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            batches = self.params.get("steps") or 1
            whole = batches / max(1, batches - self.passed_over)
            left = (time.monotonic() - self.began) * whole * (self.left - 1)
            figures = {name: round(float(value), 4) for name, value in (logs or {}).items()}
            where = {"epoch": before + epoch + 1, "of": epochs, "seconds_left": round(left)}
            rate = float(f"{float(self.model.optimizer.learning_rate):.3g}")
            say(json.dumps({"stage": stage, **where, "rate": rate} | figures))

    return Progress()
