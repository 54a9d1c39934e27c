"""The active model in this process, and its shadow: loaded when needed, exchanged when another takes over.

A worker loads it in its child, never before the fork. There is no fallback: without a whole, unaltered
model nothing is predicted and jobs wait.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils.translation import gettext, gettext_noop
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
    """Holds one loaded model of the process: the one that ``choose`` names when it is asked."""

    def __init__(self, choose: Callable[[], ModelVersion | None], none: str) -> None:
        self.choose, self.none = choose, none
        self.lock = threading.Lock()
        self.loaded: Loaded | None = None
        self.checked = -CHECK_EVERY_SECONDS

    def current(self) -> Loaded:
        with self.lock:
            if self.loaded is not None and time.monotonic() - self.checked < CHECK_EVERY_SECONDS:
                return self.loaded
            version = self.choose()
            if version is None:
                self.loaded = None
                raise ModelUnavailable(gettext(self.none))
            if self.loaded is None or self.loaded.version.pk != version.pk:
                self.loaded = None
                self.loaded = Loaded(_load(version), version)
                workers.reads_with(version.version)
            self.checked = time.monotonic()
            return self.loaded

    def forget(self) -> None:
        with self.lock:
            self.loaded, self.checked = None, -CHECK_EVERY_SECONDS


_active = _Keeper(
    selectors.active_version,
    gettext_noop("No model is active. An admin has to make one active under Models."),
)
_shadow = _Keeper(selectors.shadow_version, gettext_noop("No model reads in the shadow."))


def current() -> Loaded:
    """Return the active model, loading it first if this process does not hold it yet.

    Raises:
        ModelUnavailable: none is active, or its files are missing or altered. Nothing was predicted.
    """
    return _active.current()


def shadow() -> Loaded:
    """Return the version that reads in the shadow, loading it beside the active one.

    Raises:
        ModelUnavailable: there is none, or its files are missing or altered.
    """
    return _shadow.current()


def forget() -> None:
    """Drop the loaded models, so that the next call loads and verifies them again."""
    _active.forget()
    _shadow.forget()


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
