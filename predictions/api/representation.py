"""What the API says about a field."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from predictions.models import Analysis, Cell, SmearField
from predictions.selectors import latest_reading
from predictions.states import JobState


def represent(field: SmearField, *, duplicate_of: SmearField | None = None) -> dict[str, Any]:
    """Return a field as JSON: how it stands, and the most certain leukocyte at the top level.

    ``field`` comes with its image and job. ``confidence`` is in percent, ``probabilities`` are in
    0..1, boxes in pixels of the stored image as (x0, y0, x1, y1), half-open.
    """
    analysis, cells = latest_reading(field) if field.job.state == JobState.DONE else (None, [])
    first = cells[0] if cells else None
    return {
        "id": str(field.pk),
        "sample": str(field.sample_id) if field.sample_id else None,
        "state": field.job.state,
        **_answer(first),
        "reason": first.reason if first else _why_nothing(field),
        "quality": analysis.quality if analysis else [],
        "cells": len(cells),
        "found": [{**_answer(cell), "reason": cell.reason} for cell in cells],
        "image_path": reverse("api_image", args=[field.pk]),
        "width": field.image.width,
        "height": field.image.height,
        **_model(analysis),
        "failure": field.job.failure_code or None,
        "duplicate_of": str(duplicate_of.pk) if duplicate_of else None,
        "status_url": reverse("api_field", args=[field.pk]),
    }


def _answer(cell: Cell | None) -> dict[str, Any]:
    return {
        "predicted_label": cell.label if cell else None,
        "confidence": round(cell.confidence * 100, 2) if cell else None,
        "probabilities": cell.probabilities if cell else {},
        "box": list(cell.box) if cell else None,
        "abstained": cell.abstained if cell else False,
    }


def _model(analysis: Analysis | None) -> dict[str, str | None]:
    version = analysis.model_version if analysis else None
    return {
        "model_version": version.version if version else None,
        "model_sha256": version.sha256 if version else None,
    }


def _why_nothing(field: SmearField) -> str:
    """Say why there is no label, whatever the reason."""
    match field.job.state:
        case JobState.DONE:
            return _("No leukocyte was found in this image.")
        case JobState.FAILED:
            return field.job.failure_text
        case JobState.RUNNING:
            return _("The image is being analysed.")
    return _("The image is waiting for a worker.")
