"""A model as one folder: a manifest names every file with its SHA-256, checked before use."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlcore.engine.contracts import ModelIdentity
from mlcore.engine.durable import flush_folder, write_flushed
from mlcore.engine.errors import BundleError
from mlcore.engine.naming import are_labels

FORMAT = 2
MANIFEST = "manifest.json"
WEIGHTS, FULL, SMALL = "network.weights.h5", "network.tflite", "network.int8.tflite"
HEAD, NOVELTY, REFERENCES = "head.npz", "novelty.npz", "references.npz"
LOCATOR = "detector.tflite"
# The hashes and looks of the pictures that a model was trained and validated on.
SEEN = "seen.json"
LARGEST = 20_000_000
SHIPPED_BUNDLE = Path(__file__).parents[1] / "bundle"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A verified bundle: its folder, what its manifest says, and the identity that results carry."""

    folder: Path
    manifest: dict[str, Any]
    identity: ModelIdentity
    contents: dict[str, bytes]

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes in the order of the network's outputs."""
        return tuple(self.manifest["labels"])


def read_bundle(folder: Path) -> Bundle:
    """Read and verify a bundle. Raises ``BundleError`` if anything is missing, altered or foreign.

    The verified bytes are kept: what was hashed is what is used, even if the folder changes meanwhile.
    """
    raw = _bytes(folder, MANIFEST)
    try:
        manifest = json.loads(raw)
        form, version, files = manifest["format"], manifest["version"], manifest["files"]
        labels = manifest["labels"]
    except (ValueError, KeyError, TypeError) as error:
        raise BundleError(f"The manifest of the model bundle in {folder} is damaged; restore it.") from error
    if form != FORMAT:
        raise BundleError(_foreign(folder, form))
    if not are_labels(labels):
        raise BundleError(f"The bundle in {folder} names classes that are no names of classes: {labels}.")
    contents = {name: _verified(folder, name, digest) for name, digest in files.items()}
    identity = ModelIdentity(str(version), hashlib.sha256(raw).hexdigest())
    return Bundle(folder, manifest, identity, contents)


def _foreign(folder: Path, form: Any) -> str:
    """Return why a bundle of another format is not read, and what to do."""
    if form == 1:
        return (
            f"The bundle in {folder} comes from an earlier release (format 1): it has no locator of its "
            "own and no limits for each class. Use the bundle that ships with this release, or train again."
        )
    return f"The bundle in {folder} has format {form}; this engine reads format {FORMAT}. Update the portal."


def verified_file(folder: Path, name: str) -> Path:
    """Return the path of one file of a bundle after checking its hash."""
    manifest = json.loads(_bytes(folder, MANIFEST))
    digest = manifest.get("files", {}).get(name)
    if digest is None:
        raise BundleError(f"The bundle in {folder} has no file {name}.")
    _verified(folder, name, digest)
    return folder / name


def write_bundle(folder: Path, manifest: dict[str, Any], contents: dict[str, bytes]) -> Bundle:
    """Write a bundle beside ``folder`` and move it into place; returns it as read back and verified.

    An existing bundle stays whole until the new one is complete on disk. Raises ``BundleError`` if the
    files together are larger than a repository should carry; the list of what the model has seen, which
    grows with each data set, does not count.
    """
    size = sum(len(data) for name, data in contents.items() if name != SEEN)
    if size > LARGEST:
        raise BundleError(f"The bundle would take {size / 1e6:.1f} MB; the limit is {LARGEST / 1e6:.0f} MB.")
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(contents.items())}
    whole = {"format": FORMAT, **manifest, "files": hashes}
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        for name, data in contents.items():
            write_flushed(draft / name, data)
        write_flushed(draft / MANIFEST, (json.dumps(whole, indent=1, sort_keys=True) + "\n").encode())
        draft.chmod(0o755)
        _swap(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return read_bundle(folder)


def _swap(draft: Path, folder: Path) -> None:
    """Put ``draft`` in the place of ``folder``; directories cannot be renamed over a full one."""
    old = draft.with_name(draft.name + ".old")
    if folder.exists():
        folder.rename(old)
    try:
        draft.rename(folder)
    except OSError:
        if old.exists():
            old.rename(folder)
        raise
    flush_folder(folder.parent)
    shutil.rmtree(old, ignore_errors=True)


def _bytes(folder: Path, name: str) -> bytes:
    if "/" in name or name.startswith("."):
        raise BundleError(f"The bundle in {folder} names a file outside itself: {name}.")
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise BundleError(f"The model bundle in {folder} lacks {name}; restore or re-train it.") from error


def _verified(folder: Path, name: str, digest: str) -> bytes:
    data = _bytes(folder, name)
    if hashlib.sha256(data).hexdigest() != digest:
        raise BundleError(
            f"{name} in the model bundle {folder} is not the file that its manifest describes; "
            "it is not used. Restore the bundle or train again."
        )
    return data
