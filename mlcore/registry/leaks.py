"""Which models have seen what a data set version tests by: found out by the training worker, read here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from mlcore.engine.contracts import ModelIdentity
from mlcore.engine.leaks import Exposure, exposure_from
from mlcore.engine.seen import told_in
from mlcore.registry import files
from mlcore.registry.dataset_selectors import ready_versions
from mlcore.registry.models import DataSetState, DataSetVersion, LeakFinding, ModelVersion


@dataclass(frozen=True, slots=True)
class Leak:
    """What ``model`` has seen of a ``version``'s test pictures: ``found``, None where nothing was yet.

    ``listed`` is the hash of the list of what it has seen, empty where there is none.
    """

    version: DataSetVersion
    model: ModelVersion
    listed: str
    found: Exposure | None

    @property
    def waiting(self) -> bool:
        """Whether its list is still to be held against the version."""
        return bool(self.listed) and self.found is None

    @property
    def known(self) -> bool:
        """Whether it can be told what the model has seen."""
        return self.found is not None and not self.found.criterion.note

    @property
    def clean(self) -> bool:
        """Whether it is known to have seen none, neither as it is nor as a copy that could be told."""
        one = self.found
        return self.known and one is not None and not (one.same or one.copies or one.near)


def leaks(version: DataSetVersion, models: Iterable[ModelVersion] | None = None) -> list[Leak]:
    """Return for each of ``models`` (every registered one, newest first) what it has seen of the test."""
    asked = ModelVersion.objects.order_by("-registered_at") if models is None else models
    found = dict(version.leak_findings.values_list("listed", "found"))
    return [_leak(version, model, found) for model in asked]


def waiting() -> list[Leak]:
    """Return what is still to be found out of ready versions, the newest models first."""
    return [leak for version in ready_versions() for leak in leaks(version) if leak.waiting]


def keep(leak: Leak, found: Exposure) -> None:
    """Store what was found."""
    LeakFinding.objects.update_or_create(
        version=leak.version, listed=leak.listed, defaults={"found": found.as_json()}
    )


def earlier_than(version: DataSetVersion) -> list[str]:
    """Return the hashes of the ready versions of the same data set that came before."""
    before = version.dataset.versions.filter(state=DataSetState.READY, number__lt=version.number)
    return [str(sha256) for sha256 in before.order_by("number").values_list("sha256", flat=True)]


def _leak(version: DataSetVersion, model: ModelVersion, found: Mapping[str, object]) -> Leak:
    listed = _listed(model)
    try:
        return Leak(version, model, listed, exposure_from(found[listed]))
    except (KeyError, TypeError, ValueError):
        # It was not compared yet, or by another release that told other things.
        return Leak(version, model, listed, None)


def _listed(model: ModelVersion) -> str:
    """Return the hash of the list of what a model has seen; empty where there is none."""
    told = told_in(files.folder_of(model.location), ModelIdentity(model.version, model.sha256))
    try:
        state = told.stat() if told else None
        return _hash(told, state.st_mtime_ns, state.st_size) if told and state else ""
    except OSError:
        return ""


@lru_cache(maxsize=64)
def _hash(path: Path, _changed: int, _size: int) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
