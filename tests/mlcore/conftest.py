"""The shipped bundle, a second one, and a model folder of the test's own."""

import json

import pytest

from mlcore.engine.bundle import MANIFEST, SHIPPED_BUNDLE, read_bundle, write_bundle
from mlcore.registry import services
from mlcore.registry.models import ModelSource
from mlcore.serving import loader


@pytest.fixture
def model_root(settings, tmp_path):
    """An empty model folder, and a process that holds no model yet."""
    settings.MODEL_ROOT = tmp_path / "models"
    loader.forget()
    yield settings.MODEL_ROOT
    loader.forget()


@pytest.fixture
def shipped():
    """The real bundle that the portal ships."""
    return SHIPPED_BUNDLE


@pytest.fixture
def second(tmp_path):
    """The same network under another version: a bundle with a hash of its own."""
    return renamed(tmp_path / "second", "second")


def renamed(folder, version, **more):
    """Write the shipped bundle into ``folder`` under another version; ``more`` are further JSON files."""
    bundle = read_bundle(SHIPPED_BUNDLE)
    manifest = {key: value for key, value in bundle.manifest.items() if key not in {"format", "files"}}
    contents = bundle.contents | {f"{name}.json": json.dumps(told).encode() for name, told in more.items()}
    write_bundle(folder, {**manifest, "version": version}, contents)
    return folder


def largest_file(folder):
    """Return the largest file that a bundle's manifest names."""
    files = json.loads((folder / MANIFEST).read_text())["files"]
    return max((folder / name for name in files), key=lambda path: path.stat().st_size)


@pytest.fixture
def active(db, model_root, shipped):
    """The shipped bundle, registered and active."""
    return services.ship(shipped)


@pytest.fixture
def candidate(active, second):
    """A second version beside the active one."""
    return services.register_bundle(directory=second, actor=None, source=ModelSource.TRAINED)
