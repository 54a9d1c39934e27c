"""An evaluation taken along as JSON, and the cells it was made on."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from PIL import Image as PillowImage

from accounts.audit.record import JSON, record
from accounts.models import User
from hematovision.core.origin import Origin
from mlcore.engine.contracts import Box
from mlcore.engine.errors import UnreadableImageError
from mlcore.engine.frozen import PICTURES, picture_file
from mlcore.engine.images import around, read_image
from mlcore.registry.models import Evaluation

SIDE: Final = 160
_KEY: Final = re.compile(r"(?P<sha256>[0-9a-f]{64})(:(?P<box>\d{1,5}(,\d{1,5}){3}))?")


def as_json(one: Evaluation) -> dict[str, Any]:
    """Return the whole evaluation as plain values: what was measured on what, figures, every outcome."""
    return {
        "format": "hematovision-evaluation-1",
        "model": {"version": one.version.version, "sha256": one.version.sha256},
        "data": {**one.data, "sha256": one.data_sha256},
        "finished": one.finished_at,
        "pictures": one.files,
        "report": one.report,
        "outcomes": one.outcomes,
    }


def note_export(one: Evaluation, form: str, *, actor: User, origin: Origin | None) -> None:
    """Log that somebody took an evaluation along."""
    detail: dict[str, JSON] = {"form": form, "data": one.data_sha256}
    with transaction.atomic():
        record("evaluation.exported", actor=actor, subject=one.version, origin=origin, detail=detail)


def cell_picture(key: str) -> bytes | None:
    """Return a small PNG of the test cell with a ``FrozenPicture.key``, or None if there is none."""
    found = _KEY.fullmatch(key)
    if found is None:
        return None
    pictures = Path(settings.DATASET_ROOT) / PICTURES
    paths = (pictures / picture_file(found["sha256"], suffix) for suffix in (".png", ".jpg"))
    path = next((path for path in paths if path.is_file()), None)
    try:
        return None if path is None else _small(path, found["box"])
    except UnreadableImageError:
        return None


def _small(path: Path, box: str | None) -> bytes:
    image = read_image(path)
    if box is not None:
        image = around(image, Box(*map(int, box.split(","))))
    shown = PillowImage.fromarray(image)
    shown.thumbnail((SIDE, SIDE))
    content = io.BytesIO()
    shown.save(content, "PNG")
    return content.getvalue()
