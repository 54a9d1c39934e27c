"""Orders for data sets: a version from a ZIP file, a folder or reviewed cells; what the next leaves out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.audit.record import JSON, record
from accounts.models import User
from accounts.permissions import Capability, require
from hematovision.core.errors import PortalError
from hematovision.core.origin import Origin
from hematovision.core.queue import IMPORT_DATASET, ring_on_commit
from mlcore.engine.frozen import PICTURES
from mlcore.registry.models import DataSet, DataSetOrigin, DataSetState, DataSetVersion
from mlcore.registry.training import folder_path

ARCHIVE: Final = "data.zip"
CELLS: Final = "cells.jsonl"


class DataSetRefused(PortalError):  # noqa: N818 -- the name says what happened
    """The order cannot be carried out; nothing was queued."""

    code = "dataset_refused"


@dataclass(frozen=True, slots=True)
class About:
    """What a person says of a data set: the key of one that is there, else what a new one is."""

    dataset: UUID | None = None
    name: str = ""
    license: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Pictures:
    """What a person says of class folders: whose they are, and what the pictures show.

    ``single`` means one cell cut out of its field, ``augmented`` that turned copies are among them.
    """

    laboratory: str
    single: bool = True
    augmented: bool = False


@dataclass(frozen=True, slots=True)
class ReviewedCell:
    """A cell that a person named: the image's path, the class, whose it is, and what goes with it.

    Cells with equal ``together``, which must not tell who the patient is, stand on one side of the split.
    """

    path: str
    label: str
    laboratory: str
    together: str
    single: bool
    box: tuple[int, int, int, int]


def incoming(version_id: UUID) -> Path:
    """Return the folder of what is being imported; it is removed when the import ends."""
    return Path(settings.DATASET_ROOT) / ".incoming" / str(version_id)


def dataset_import_zip(
    *, actor: User, origin: Origin | None, about: About, pictures: Pictures, archive: Path
) -> DataSetVersion:
    """Order a version from the ZIP file ``archive``, which lies on the disk of the data sets and is moved.

    Raises:
        DataSetRefused: with the reason; the file stays where it is.
        PermissionDenied: ``actor`` may not manage models.
    """
    asked: dict[str, Any] = {"file": ARCHIVE, **asdict(pictures)}
    return _ordered(
        actor=actor, origin=origin, about=about, kind=DataSetOrigin.ZIP, asked=asked, deliver=archive.replace
    )


def dataset_import_folder(
    *, actor: User, origin: Origin | None, about: About, pictures: Pictures, folder: str
) -> DataSetVersion:
    """Order a version from a folder of class folders below ``TRAINING_DATA_ROOT``.

    Raises:
        DataSetRefused: with the reason.
        TrainingRefused: there is no such folder.
        PermissionDenied: ``actor`` may not manage models.
    """
    folder_path(folder)
    asked: dict[str, Any] = {"folder": folder, **asdict(pictures)}
    return _ordered(actor=actor, origin=origin, about=about, kind=DataSetOrigin.FOLDER, asked=asked)


def dataset_from_reviews(
    *, actor: User, origin: Origin | None, about: About, cells: Iterable[ReviewedCell], notes: Sequence[str]
) -> DataSetVersion:
    """Order a version from cells that people have named; ``notes`` say which were left out and why.

    Raises:
        DataSetRefused: with the reason.
        PermissionDenied: ``actor`` may not manage models.
    """
    lines = [json.dumps(asdict(cell)) for cell in cells]
    if not lines:
        raise DataSetRefused(_("No cell of a signed sample fits. Choose a longer time or another site."))

    def write(target: Path) -> None:
        target.write_text("\n".join(lines))

    asked: dict[str, Any] = {"file": CELLS, "notes": list(notes)}
    return _ordered(
        actor=actor, origin=origin, about=about, kind=DataSetOrigin.REVIEWED, asked=asked, deliver=write
    )


def dataset_exclude(
    *, actor: User, origin: Origin | None, version: DataSetVersion, key: str, excluded: bool
) -> DataSet:
    """Leave the cell ``key`` out of the next version, or take it in again; the version itself stays.

    Raises:
        PermissionDenied: ``actor`` may not manage models.
    """
    require(actor, Capability.MANAGE_MODELS)
    with transaction.atomic():
        dataset = DataSet.objects.select_for_update(no_key=True).get(pk=version.dataset_id)
        keys = set(dataset.excluded)
        if (key in keys) != excluded:
            dataset.excluded = sorted(keys | {key} if excluded else keys - {key})
            dataset.save(update_fields=["excluded"])
            event = "dataset.cell_excluded" if excluded else "dataset.cell_included"
            record(event, actor=actor, subject=dataset, origin=origin, detail={"cell": key})
    return dataset


def picture_forget(sha256: str) -> None:
    """Remove a picture from the store, in whatever version it is: its patient was erased."""
    for path in (Path(settings.DATASET_ROOT) / PICTURES / sha256[:2]).glob(f"{sha256}.*"):
        with suppress(FileNotFoundError):
            path.unlink()


def _ordered(
    *,
    actor: User,
    origin: Origin | None,
    about: About,
    kind: str,
    asked: dict[str, Any],
    deliver: Callable[[Path], object] | None = None,
) -> DataSetVersion:
    """Make the rows, bring the data to where the import looks for it, and queue the import."""
    require(actor, Capability.MANAGE_MODELS)
    key = uuid4()
    place = incoming(key)
    try:
        with transaction.atomic():
            dataset = _dataset(actor, about)
            number = (dataset.versions.aggregate(last=Max("number"))["last"] or 0) + 1
            version = DataSetVersion.objects.create(
                id=key, dataset=dataset, number=number, origin=kind, order=asked, created_by=actor
            )
            if deliver is not None:
                place.mkdir(parents=True, mode=0o700)
                deliver(place / asked["file"])
            ring_on_commit(IMPORT_DATASET, str(version.pk))
            detail: dict[str, JSON] = {"origin": str(kind), "version": number}
            record("dataset.ordered", actor=actor, subject=version, origin=origin, detail=detail)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    return version


def _dataset(actor: User, about: About) -> DataSet:
    """Return the data set, locked and without an import under way; a new one is made."""
    if about.dataset is not None:
        dataset = DataSet.objects.select_for_update(no_key=True).get(pk=about.dataset)
        if dataset.versions.filter(state=DataSetState.IMPORTING).exists():
            raise DataSetRefused(_("Another version of this data set is being imported. Wait until it ends."))
        return dataset
    if not (about.name and about.license and about.source):
        raise DataSetRefused(_("A new data set needs a name, a licence and a source."))
    try:
        with transaction.atomic():
            return DataSet.objects.create(
                name=about.name, license=about.license, source=about.source, created_by=actor
            )
    except IntegrityError as problem:
        text = _("There is a data set “%(name)s” already. Choose it, or another name.")
        raise DataSetRefused(text % {"name": about.name}) from problem
