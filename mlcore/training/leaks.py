"""Holding data sets against what models have seen, in a child of the training worker."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path
from typing import Final

from django.conf import settings

from mlcore.engine.leaks import exposure_from
from mlcore.registry import files
from mlcore.registry.leaks import Leak, earlier_than, keep, leaks, waiting
from mlcore.training.child import Child

logger = logging.getLogger(__name__)

# The largest sets take minutes; a child that hangs must not hold the training worker.
LONGEST_SECONDS: Final = 3600


def find_leaks() -> None:
    """Find out what is not known yet; what cannot be found out is logged and tried again later."""
    for leak in waiting():
        # Two models may go by one list.
        if leaks(leak.version, [leak.model])[0].waiting:
            _find(leak)


def _find(leak: Leak) -> None:
    named = [("--sets", Path(settings.DATASET_ROOT)), ("--set", leak.version.sha256)]
    named += [("--earlier", sha256) for sha256 in earlier_than(leak.version)]
    named += [("--bundle", files.folder_of(leak.model.location))]
    arguments = ["leaks", *(str(part) for option in named for part in option)]
    workdir = Path(settings.VAR_DIR) / "training" / "leaks"
    told, began = "", time.monotonic()
    with Child(arguments, threads=settings.TRAINING_THREADS, workdir=workdir) as child:
        for line in child.lines():
            told = line or told
            if time.monotonic() - began > LONGEST_SECONDS:
                logger.error("Finding what model %s has seen took too long.", leak.model.version)
                return
        if child.wait() == 0:
            keep(leak, exposure_from(json.loads(told)))
            return
        words = child.last_words()
        logger.warning("What model %s has seen could not be found out: %s", leak.model.version, words)
