"""``/healthz``: whether every part of the portal is there; ``/readyz``: whether it can take more smears."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from hematovision.core import health
from mlcore.engine.bundle import read_bundle
from mlcore.engine.errors import BundleError
from mlcore.registry import files, selectors
from mlcore.registry.models import ModelVersion

Stamp = tuple[tuple[str, int, int], ...]


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 -- fixed by Django
    """Answer 200 when every part is there, else 503 with the names of the missing ones."""
    return _answer(health.check({"model": model}))


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 -- fixed by Django
    """Answer as ``/healthz``, and 503 too while the disk has no room for more pictures."""
    return _answer(health.check({"model": model, "disk": health.disk}))


def _answer(report: health.Report) -> JsonResponse:
    if report["status"] == "ok":
        return JsonResponse(report)
    return JsonResponse(report, status=503, headers={"Retry-After": "5"})


def model() -> bool:
    """Whether a version is active and its files are whole."""
    try:
        return whole(selectors.active_version())
    except DatabaseError:
        return False


def whole(active: ModelVersion | None) -> bool:
    """Whether there is such a version and its files are what was registered."""
    if active is None:
        return False
    folder = files.folder_of(active.location)
    try:
        return sha256_of(folder, stamp(folder)) == active.sha256
    except OSError:
        return False


def stamp(folder: Path) -> Stamp:
    """Return names, sizes and times of the files: while these stay, what was verified holds."""
    found = ((path.name, path.stat()) for path in sorted(folder.glob("*")))
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in found)


@lru_cache(maxsize=4)
def sha256_of(folder: Path, seen: Stamp) -> str | None:  # noqa: ARG001 -- the stamp is the key of the cache
    """Verify the bundle in ``folder`` and return its hash, or None when it is damaged."""
    try:
        return read_bundle(folder).identity.sha256
    except BundleError:
        return None
