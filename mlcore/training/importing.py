"""Importing a version of a data set on the training worker; the engine's part runs in a child."""

from __future__ import annotations

import json
import logging
import shutil
import time
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from accounts.permissions import Capability, require
from hematovision.core.errors import PortalError
from mlcore.registry import files, selectors
from mlcore.registry.datasets import incoming
from mlcore.registry.models import DataSetOrigin, DataSetState, DataSetVersion
from mlcore.registry.training import folder_path
from mlcore.training import import_lease
from mlcore.training.child import Child
from mlcore.training.follow import MEGABYTE
from mlcore.training.leased import LostLease

logger = logging.getLogger(__name__)

MAX_ATTEMPTS: Final = 2
# The engine's status for "nothing could be done", whose reason is the last line of its errors.
UNUSABLE: Final = 2
STORE_EVERY_SECONDS: Final = 2.0
# Of the processor, for one picture; one of 24 megapixels that means no harm takes two.
PICTURE_SECONDS: Final = 20


class ImportRefused(PortalError):  # noqa: N818 -- the name says what happened
    """The engine could not import; the message is its own."""

    code = "import_refused"


def run_import(version_id: UUID) -> None:
    """Carry out one import, if no other worker holds it; what came in is gone afterwards, either way."""
    version = import_lease.claim(version_id)
    if version is None:
        return
    try:
        _end(version)
    except LostLease:
        logger.warning("Import %s is held by another worker now; this one stored nothing.", version.pk)
        return
    shutil.rmtree(incoming(version.pk), ignore_errors=True)


def _end(version: DataSetVersion) -> None:
    """Import, and store how that ended."""
    try:
        result = _imported(version)
    except (PortalError, PermissionDenied, OSError) as problem:
        logger.warning("Import %s was refused: %s", version.pk, type(problem).__name__)
        import_lease.refuse(version, str(problem))
    else:
        import_lease.ready(version, result)


def _imported(version: DataSetVersion) -> dict[str, Any]:
    """Let the engine freeze the version; return what it tells of it."""
    if version.attempts > MAX_ATTEMPTS:
        raise ImportRefused(
            _("The import was interrupted %(n)d times. Nothing was kept; order it again.")
            % {"n": MAX_ATTEMPTS}
        )
    # Whoever lost the right since the order was given must not cost the machine an hour first.
    require(version.created_by, Capability.MANAGE_MODELS)
    work = incoming(version.pk) / f"attempt-{version.attempts}"
    work.mkdir(parents=True, exist_ok=True, mode=0o700)
    order = work / "order.json"
    order.write_text(json.dumps(_order(version)))
    with Child(["freeze", str(order)], threads=settings.TRAINING_THREADS, workdir=work) as child:
        _follow(version, child)
        status = child.wait()
    if status == UNUSABLE:
        raise ImportRefused(child.last_words())
    if status != 0:
        logger.error("Import %s broke off with status %d.", version.pk, status)
        text = _("The import broke off with status %(n)d; often the memory or the disk was too small.")
        raise ImportRefused(text % {"n": status})
    result: dict[str, Any] = json.loads((work / "result.json").read_text())
    return result


def _order(version: DataSetVersion) -> dict[str, Any]:
    """Return what the engine is asked for (``mlcore.engine.importing.ImportOrder``)."""
    dataset, asked = version.dataset, version.order
    if version.origin == DataSetOrigin.FOLDER:
        data = folder_path(asked["folder"])
    else:
        data = incoming(version.pk) / asked["file"]
    active = selectors.active_version()
    earlier = dataset.versions.filter(state=DataSetState.READY, number__lt=version.number)
    return {
        "store": str(settings.DATASET_ROOT),
        "origin": str(version.origin),
        "data": str(data),
        "header": {
            "name": dataset.name,
            "version": version.number,
            "license": dataset.license,
            "source": dataset.source,
        },
        **{name: asked[name] for name in ("laboratory", "single", "augmented", "notes") if name in asked},
        "limits": {"files": settings.DATASET_MAX_FILES, "bytes": settings.DATASET_UNPACKED_MAX_BYTES},
        "earlier": list(earlier.order_by("number").values_list("sha256", flat=True)),
        "excluded": dataset.excluded,
        "bundle": str(Path(files.folder_of(active.location))) if active else "",
    }


def _follow(version: DataSetVersion, child: Child) -> None:
    """Store what the engine reports until it ends.

    Raises:
        ImportRefused: it took too much memory, or too long for one picture.
        LostLease: another worker took the import over.
    """
    progress: dict[str, Any] = {"stage": "wait"}
    stored = worked = 0.0
    for line in child.lines():
        if line.startswith("{"):
            progress, worked = json.loads(line), child.worked()
        elif progress["stage"] == "take" and child.worked() - worked > PICTURE_SECONDS:
            raise _stuck(progress)
        if time.monotonic() - stored >= STORE_EVERY_SECONDS:
            stored = time.monotonic()
            _watch_memory(child)
            import_lease.renew(version, progress)


def _stuck(progress: dict[str, Any]) -> ImportRefused:
    """Return the refusal of a picture that was made to keep its decoder busy."""
    text = _(
        "A picture took more than %(seconds)d s to read, soon after number %(done)d of %(of)d by folder and "
        "name. Nothing was kept: find it, save it anew or leave it out, and order the import again."
    )
    facts = {"seconds": PICTURE_SECONDS, "done": progress["done"] + 1, "of": progress["of"]}
    return ImportRefused(text % facts)


def _watch_memory(child: Child) -> None:
    """Cut off an import that would take the machine's memory: pictures are compared pair by pair."""
    taken = child.memory() // MEGABYTE
    if taken > settings.TRAINING_MAX_MB:
        text = _(
            "The import took %(taken)d MB of memory; TRAINING_MAX_MB allows %(most)d. Nothing was kept: "
            "raise the limit or divide the pictures."
        )
        raise ImportRefused(text % {"taken": taken, "most": settings.TRAINING_MAX_MB})
