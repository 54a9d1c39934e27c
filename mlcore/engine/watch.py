"""When a training ends before its last epoch, and which of its epochs are kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras

from mlcore.engine.progress import kept


def weights_file(folder: Path, epoch: int | str) -> Path:
    """Return where the weights after ``epoch``, from 1, lie in a training's folder."""
    return folder / (
        f"epoch-{epoch:03d}.weights.h5" if isinstance(epoch, int) else f"epoch-{epoch}.weights.h5"
    )


def stop_asked(asked: Path | None) -> bool:
    """Return whether somebody wants the training to end with the best so far."""
    return asked is not None and asked.exists()


class BestEpoch(keras.callbacks.EarlyStopping):
    """Keeps the weights of the epoch with the least loss on validation, and says which that was.

    A fit ends after ``patience`` epochs without a better one.
    """

    def __init__(self, patience: int, stage: str, say: Callable[[str], None]) -> None:
        super().__init__(patience=patience, restore_best_weights=True)
        self._stage, self._tell = stage, say

    def on_train_end(self, logs: Any = None) -> None:
        """Restore and say."""
        super().on_train_end(logs)
        self._tell(kept(self._stage, self.best_epoch + 1, self.best_epoch + 1))


class Stopped(keras.callbacks.Callback):
    """Ends a fit after the epoch in which the file ``asked`` appeared; None asks for nothing."""

    def __init__(self, asked: Path | None) -> None:
        super().__init__()
        self._asked = asked

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002 -- Keras passes them
        """Look whether the file is there."""
        if stop_asked(self._asked):
            self.model.stop_training = True


class Kept:
    """The validation loss of each epoch, in a file, so that a stopped training goes on; and who may go.

    ``averaged`` weights, up to the best epoch or the last one, are what a training may still need.
    """

    def __init__(self, folder: Path, averaged: int) -> None:
        self._folder, self._averaged = folder, averaged
        self._file = folder / "losses.json"
        self.losses: dict[int, float] = {}
        if self._file.exists():
            self.losses = {int(epoch): loss for epoch, loss in json.loads(self._file.read_text()).items()}

    def add(self, epoch: int, loss: float) -> None:
        """Note an epoch's loss and drop weights that no mean can need any more."""
        self.losses = {number: kept for number, kept in self.losses.items() if number < epoch} | {epoch: loss}
        draft = self._file.with_suffix(".draft")
        draft.write_text(json.dumps(self.losses))
        draft.replace(self._file)
        for old in range(1, self.best - self._averaged + 1):
            weights_file(self._folder, old).unlink(missing_ok=True)

    @property
    def done(self) -> int:
        """The last epoch that is whole, 0 before the first.

        It is noted once its weights are written, so it is whole however a process ended.
        """
        return max(self.losses, default=0)

    def resume(self, network: keras.Model) -> int:
        """Bring a compiled network, its optimiser too, to where the epoch ``done`` left it; return that."""
        if self.done:
            network.optimizer.build(network.trainable_variables)
            network.load_weights(weights_file(self._folder, self.done))
        return self.done

    def watchers(self, patience: int = 0) -> list[keras.callbacks.Callback]:
        """Return what writes the weights of each epoch and then notes it; see ``Patience``."""
        # ``{epoch}`` counts from one.
        files = weights_file(self._folder, "{epoch:03d}")
        return [keras.callbacks.ModelCheckpoint(files, save_weights_only=True), Patience(self, patience)]

    @property
    def best(self) -> int:
        """The epoch of the least loss, the first of equal ones."""
        return min(self.losses, key=lambda epoch: (self.losses[epoch], epoch))

    def mean_of(self, last: int) -> list[Path]:
        """Return the weights whose mean is taken when a training ends with the epoch ``last``."""
        first = max(1, last - self._averaged + 1)
        return [weights_file(self._folder, epoch) for epoch in range(first, last + 1)]


class Patience(keras.callbacks.Callback):
    """Notes each epoch's loss, and ends a fit after ``patience`` epochs without a better one; 0 waits on."""

    def __init__(self, kept: Kept, patience: int) -> None:
        super().__init__()
        self._kept, self._patience = kept, patience

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Note the loss on validation."""
        self._kept.add(epoch + 1, float((logs or {})["val_loss"]))
        if 0 < self._patience <= epoch + 1 - self._kept.best:
            self.model.stop_training = True
