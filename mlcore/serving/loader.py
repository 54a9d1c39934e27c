"""The active model in this process: loaded when first needed, exchanged when another one becomes active.

A worker loads it in its child, never before the fork. There is no fallback: without a whole, unaltered
model nothing is predicted and jobs wait.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from hematovision.core import workers
from hematovision.core.errors import PortalError
from mlcore.engine.contracts import Predictor
from mlcore.engine.errors import BundleError
from mlcore.engine.runtime import load_predictor
from mlcore.registry import selectors
from mlcore.registry.models import ModelVersion

logger = logging.getLogger(__name__)

# The database is asked at most once in this time which version is active.
CHECK_EVERY_SECONDS: Final = 1.0


class ModelUnavailable(PortalError):  # noqa: N818 -- the name says what is the case
    """No model is active, or its files are missing or altered; jobs wait until that is put right."""

    code = "model_unavailable"
    status = 503


@dataclass(frozen=True, slots=True)
class Loaded:
    """A predictor and the registered version it came from."""

    predictor: Predictor
    version: ModelVersion


class _Keeper:
    """Holds the loaded model of one process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.loaded: Loaded | None = None
        self.checked = -CHECK_EVERY_SECONDS

    def current(self) -> Loaded:
        with self.lock:
            if self.loaded is not None and time.monotonic() - self.checked < CHECK_EVERY_SECONDS:
                return self.loaded
            version = selectors.active_version()
            if version is None:
                self.loaded = None
                raise ModelUnavailable(_("No model is active. An admin has to make one active under Models."))
            if self.loaded is None or self.loaded.version.pk != version.pk:
                self.loaded = None
                self.loaded = Loaded(_load(version), version)
                workers.reads_with(version.version)
            self.checked = time.monotonic()
            return self.loaded


_keeper = _Keeper()


def current() -> Loaded:
    """Return the active model, loading it first if this process does not hold it yet.

    Raises:
        ModelUnavailable: none is active, or its files are missing or altered. Nothing was predicted.
    """
    return _keeper.current()


def forget() -> None:
    """Drop the loaded model, so that the next call loads and verifies it again."""
    global _keeper  # noqa: PLW0603 -- one model per process is the point of this module
    _keeper = _Keeper()


def _load(version: ModelVersion) -> Predictor:
    """Verify the files of ``version``, load them and warm them up, so that the first smear does not wait."""
    folder = Path(settings.MODEL_ROOT) / version.location
    began = time.monotonic()
    try:
        predictor = load_predictor(folder, threads=settings.INFERENCE_THREADS)
    except (BundleError, OSError) as problem:
        logger.exception("Model %s cannot be loaded", version.version)
        raise ModelUnavailable(
            _(
                "The files of model %(version)s are missing or altered, so it is not used. Uploads are kept "
                "and wait. An admin has to restore the model folder or make another version active."
            )
            % {"version": version.version}
        ) from problem
    if predictor.identity.sha256 != version.sha256:
        raise ModelUnavailable(
            _("The folder of model %(version)s holds another model. Uploads are kept and wait.")
            % {"version": version.version}
        )
    logger.info("Model %s loaded in %.2f s", version.version, time.monotonic() - began)
    return predictor
