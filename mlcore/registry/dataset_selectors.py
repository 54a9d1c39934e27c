"""Every read of data sets: versions and their cells."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db.models import Prefetch, QuerySet

from mlcore.engine.frozen import MANIFEST, PICTURES, FrozenPicture, FrozenSet, read_frozen
from mlcore.engine.leaks import in_tested_groups
from mlcore.registry.models import DataSet, DataSetState, DataSetVersion


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
    earlier = version.dataset.versions.filter(state=DataSetState.READY, number__lt=version.number)
    return in_tested_groups([frozen(one).pictures for one in (version, *earlier)])


@lru_cache(maxsize=8)
def _frozen(path: Path) -> FrozenSet:
    return read_frozen(path)
