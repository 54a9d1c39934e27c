"""Every read of data sets: versions, their cells, and which models have seen what they are tested by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db.models import Prefetch, QuerySet

from mlcore.engine.bundle import SEEN
from mlcore.engine.contracts import ModelIdentity
from mlcore.engine.errors import BundleError
from mlcore.engine.frozen import MANIFEST, PICTURES, TEST, FrozenPicture, FrozenSet, read_frozen
from mlcore.engine.seen import Seen, read_seen
from mlcore.registry import files
from mlcore.registry.models import DataSet, DataSetState, DataSetVersion, ModelVersion


@dataclass(frozen=True, slots=True)
class Leak:
    """What a model was trained on of a version's test ``pictures``: ``same``, and ``alike`` of their groups.

    Both are None where the model, or one that it goes back to, does not tell which pictures it has seen, or
    where the version was frozen before its pictures were known by their pixels.
    """

    model: ModelVersion
    pictures: int
    same: int | None
    alike: int | None

    @property
    def known(self) -> bool:
        """Whether it can be told what the model has seen."""
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


def shown_by_test(version: DataSetVersion) -> list[FrozenPicture]:
    """Return the cells of every group that a ready version tests by, those of earlier versions among them.

    Raises:
        DataError: a manifest is missing or was altered.
    """
    cells = frozen(version).pictures
    groups = {cell.group for cell in cells if cell.split == TEST}
    earlier = version.dataset.versions.filter(state=DataSetState.READY, number__lt=version.number)
    every = [*cells, *(cell for one in earlier for cell in frozen(one).pictures)]
    return [cell for cell in every if cell.group in groups]


def leaks(version: DataSetVersion, models: Iterable[ModelVersion] | None = None) -> list[Leak]:
    """Return for each of ``models`` (every registered one, newest first) what it has seen of the test.

    A group counts as seen when any of its pictures is.

    Raises:
        DataError: a manifest is missing or was altered.
    """
    tested = {cell.sha256: cell.pixels for cell in frozen(version).part(TEST)}
    shown = shown_by_test(version)
    asked = ModelVersion.objects.order_by("-registered_at") if models is None else models
    return [_leak(model, list(tested.values()), shown) for model in asked]


def _leak(model: ModelVersion, tested: Sequence[str], shown: Sequence[FrozenPicture]) -> Leak:
    seen = _seen(model)
    known = seen.among(cell.pixels for cell in shown)
    touched = {cell.group for cell in shown if cell.pixels in known}
    untold = bool(seen.untold) or any(not cell.pixels for cell in shown)
    if untold and not touched:
        return Leak(model, len(tested), None, None)
    return Leak(model, len(tested), sum(pixels in known for pixels in tested), len(touched))


@lru_cache(maxsize=8)
def _frozen(path: Path) -> FrozenSet:
    return read_frozen(path)


def _seen(model: ModelVersion) -> Seen:
    """Return what a model has seen; nothing is told where its bundle's list is missing or damaged."""
    path = files.folder_of(model.location) / SEEN
    try:
        raw = path.read_bytes() if path.exists() else None
        return read_seen(raw, ModelIdentity(model.version, model.sha256))
    except (OSError, BundleError):
        return Seen(untold=(model.version,))
