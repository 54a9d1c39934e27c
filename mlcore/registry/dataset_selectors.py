"""Every read of data sets: versions, their cells, and which models have seen what they are tested by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db.models import Prefetch, QuerySet

from mlcore.engine.bundle import SEEN
from mlcore.engine.errors import BundleError
from mlcore.engine.frozen import MANIFEST, PICTURES, TEST, FrozenPicture, FrozenSet, read_frozen
from mlcore.engine.seen import Seen, read_seen
from mlcore.registry import files
from mlcore.registry.models import DataSet, DataSetState, DataSetVersion, ModelVersion


@dataclass(frozen=True, slots=True)
class Leak:
    """What a model was trained on of a version's test: ``same`` pictures, ``alike`` of their groups.

    Both are None where the model, or one that it goes back to, does not tell which pictures it has seen.
    """

    model: ModelVersion
    same: int | None
    alike: int | None

    @property
    def known(self) -> bool:
        """Whether the model tells what it has seen."""
        return self.same is not None

    @property
    def clean(self) -> bool:
        """Whether it is known to have seen none."""
        return self.same == 0 and self.alike == 0


def datasets() -> QuerySet[DataSet]:
    """Return all data sets by name, each with its ``versions``, newest first."""
    versions = DataSetVersion.objects.select_related("created_by").defer("doubts", "order")
    return DataSet.objects.prefetch_related(Prefetch("versions", versions.order_by("-number")))


def ready_versions() -> QuerySet[DataSetVersion]:
    """Return the versions that may be trained on, by data set, newest first."""
    ready = DataSetVersion.objects.filter(state=DataSetState.READY).select_related("dataset")
    return ready.order_by("dataset__name", "-number")


def ready_version(sha256: str) -> DataSetVersion | None:
    """Return the ready version with that hash, or None."""
    return ready_versions().filter(sha256=sha256).first()


def pictures_root() -> Path:
    """Return the folder below which the pictures of all versions lie."""
    return Path(settings.DATASET_ROOT) / PICTURES


def dataset_version(version_id: UUID) -> DataSetVersion:
    """Return one version with its data set.

    Raises:
        DataSetVersion.DoesNotExist: there is none with that key.
    """
    return DataSetVersion.objects.select_related("dataset", "created_by").get(pk=version_id)


def manifest_path(sha256: str | None) -> Path:
    """Return where the manifest of a ready version lies; the engine checks its hash."""
    assert sha256 is not None
    return Path(settings.DATASET_ROOT) / sha256 / MANIFEST


def picture_path(picture: FrozenPicture) -> Path:
    """Return where a picture lies; it may have been erased since."""
    return pictures_root() / picture.file


def frozen(version: DataSetVersion) -> FrozenSet:
    """Return what a ready version holds; its manifest never changes, so the last few stay in memory.

    Raises:
        DataError: the manifest is missing or was altered.
    """
    return _frozen(manifest_path(version.sha256))


def leaks(version: DataSetVersion) -> list[Leak]:
    """Return for each registered model what it has seen of the version's test, newest model first.

    A group counts as seen when any of its pictures is, also one that only an earlier version of the data
    set holds.
    """
    cells = frozen(version).pictures
    tested = {cell.sha256 for cell in cells if cell.split == TEST}
    groups = {cell.group for cell in cells if cell.split == TEST}
    earlier = version.dataset.versions.filter(state=DataSetState.READY, number__lt=version.number)
    every = [*cells, *(cell for one in earlier for cell in frozen(one).pictures)]
    return [_leak(model, tested, groups, every) for model in ModelVersion.objects.order_by("-registered_at")]


def _leak(model: ModelVersion, tested: set[str], groups: set[str], cells: Sequence[FrozenPicture]) -> Leak:
    seen = _seen(model)
    touched = {cell.group for cell in cells if cell.sha256 in seen.pictures} & groups
    if seen.untold and not touched:
        return Leak(model, None, None)
    return Leak(model, len(tested & seen.pictures), len(touched))


@lru_cache(maxsize=8)
def _frozen(path: Path) -> FrozenSet:
    return read_frozen(path)


def _seen(model: ModelVersion) -> Seen:
    """Return what a model has seen; nothing is told where its bundle's list is missing or damaged."""
    path = files.folder_of(model.location) / SEEN
    try:
        return read_seen(path.read_bytes(), model.version)
    except (OSError, BundleError):
        return read_seen(None, model.version)
