"""Bundles on disk: verified before they are copied, complete before they are seen."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from django.conf import settings

from mlcore.engine.bundle import MANIFEST, Bundle, read_bundle
from mlcore.engine.durable import flush_folder, write_flushed
from mlcore.engine.errors import BundleError


def folder_of(location: str) -> Path:
    """Return the folder of a registered bundle."""
    return Path(settings.MODEL_ROOT) / location


def keep(bundle: Bundle) -> str:
    """Copy a verified bundle below ``MODEL_ROOT`` and return the name of its folder, which is its hash.

    A whole copy that is already there is left alone; a damaged one is replaced.

    Raises:
        BundleError: the source changed while it was copied.
        OSError: the disk is full or may not be written.
    """
    root, name = Path(settings.MODEL_ROOT), bundle.identity.sha256
    if _holds(root / name, bundle):
        return name
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = Path(tempfile.mkdtemp(prefix=f".{name[:12]}.", dir=root))
    try:
        _fill(draft, bundle)
        if (root / name).exists():
            (root / name).rename(draft / ".damaged")
        draft.rename(root / name)
        flush_folder(root)
        shutil.rmtree(root / name / ".damaged", ignore_errors=True)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return name


def _holds(folder: Path, bundle: Bundle) -> bool:
    """Say whether ``folder`` is a whole copy of ``bundle``."""
    try:
        return read_bundle(folder).identity == bundle.identity
    except BundleError:
        return False


def _fill(draft: Path, bundle: Bundle) -> None:
    """Write the bytes that were verified, then check that the manifest is still the same one."""
    write_flushed(draft / MANIFEST, (bundle.folder / MANIFEST).read_bytes())
    for name, data in bundle.contents.items():
        write_flushed(draft / name, data)
    flush_folder(draft)
    if not _holds(draft, bundle):
        raise BundleError("The model folder changed while it was being copied. Nothing was registered.")
