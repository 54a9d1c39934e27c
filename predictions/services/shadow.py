"""A second model reads beside the active one, unseen: after it, while nothing waits, and at its own risk."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef

from hematovision.core.queue import SHADOW_FIELD, depth, ring
from mlcore.engine.contracts import CellPrediction
from mlcore.registry import selectors
from mlcore.registry.models import ModelState, ModelVersion
from mlcore.serving import loader
from mlcore.serving.loader import Loaded, ModelUnavailable
from predictions.models import Analysis, AnalysisJob, ShadowReading, SmearField
from predictions.pipeline.infer import infer
from predictions.states import JobState

logger = logging.getLogger(__name__)

# How many fields a sweep rings for, which is less than an idle worker reads until the next one.
CAUGHT_UP_AT_ONCE: Final = 60


def shadow_ring(field_id: UUID) -> None:
    """Ring for the shadow, if there is one and nobody waits; the sweep catches up on the others."""
    if selectors.shadow_version() is not None and not _somebody_waits():
        ring(SHADOW_FIELD, str(field_id))


def shadow_field(field_id: UUID, *, load: Callable[[], Loaded] = loader.shadow) -> None:
    """Let the shadow read a field that the active model has read; whatever happens, only its own row changes.

    The row is there before the reading begins: a field that ends the process is not tried again.
    """
    if _somebody_waits():
        return
    try:
        loaded = load()
    except ModelUnavailable as problem:
        logger.warning("Nothing is read in the shadow: %s", problem.message)
        return
    field = SmearField.objects.select_related("image").get(pk=field_id)
    if not Analysis.objects.filter(field=field).exclude(model_version=loaded.version).exists():
        return
    row, new = ShadowReading.objects.get_or_create(field=field, model_version=loaded.version)
    if not new:
        return
    try:
        reading = infer(loaded.predictor, field)
    except (
        Exception
    ) as problem:  # its time budget and whatever an image does to it are the shadow's own errors
        logger.exception("The shadow could not read field %s", field_id)
        row.failure = type(problem).__name__[:64]
    else:
        row.cells = [_cell(cell) for cell in reading.prediction.cells]
        row.milliseconds = reading.milliseconds
    row.save()


def shadow_sweep() -> int:
    """Ring for what the active model has read since the shadow began, if the workers are idle."""
    shadow = selectors.shadow_version()
    if shadow is None or _somebody_waits() or depth(SHADOW_FIELD):
        return 0
    return sum(ring(SHADOW_FIELD, str(field_id)) for field_id in _unread(shadow))


def _unread(shadow: ModelVersion) -> list[UUID]:
    read = ShadowReading.objects.filter(field=OuterRef("field"), model_version=shadow)
    since = Analysis.objects.filter(
        created_at__gte=shadow.shadowed_at, model_version__state=ModelState.ACTIVE
    )
    wanted = since.filter(~Exists(read)).order_by("created_at")
    return list(wanted.values_list("field_id", flat=True)[:CAUGHT_UP_AT_ONCE])


def _somebody_waits() -> bool:
    return AnalysisJob.objects.filter(state=JobState.QUEUED).exists()


def _cell(cell: CellPrediction) -> dict[str, object]:
    box = cell.box
    return {
        "box": [box.x0, box.y0, box.x1, box.y1],
        "label": cell.label,
        "confidence": round(cell.confidence, 6),
        "abstained": cell.abstained,
    }
