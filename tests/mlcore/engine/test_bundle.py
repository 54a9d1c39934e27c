"""A bundle is used whole and unaltered, or not at all."""

import json

import pytest

from mlcore.engine import bundle as bundles
from mlcore.engine.bundle import MANIFEST, SEEN, SHIPPED_BUNDLE, read_bundle, write_bundle
from mlcore.engine.errors import BundleError
from mlcore.engine.runtime import load_predictor


@pytest.fixture
def small(tmp_path):
    manifest = {"version": "1", "labels": ["neutrophil", "monocyte"]}
    return write_bundle(tmp_path / "model", manifest, {"network.tflite": b"weights", "notes.json": b"{}"})


def test_what_is_written_is_read_back(small):
    again = read_bundle(small.folder)
    assert again.contents == {"network.tflite": b"weights", "notes.json": b"{}"}
    assert again.identity == small.identity
    assert again.labels == ("neutrophil", "monocyte")


def test_an_altered_file_is_refused_by_name(small):
    (small.folder / "network.tflite").write_bytes(b"Weights")
    with pytest.raises(BundleError, match=r"network\.tflite"):
        read_bundle(small.folder)


def test_a_missing_file_is_refused_by_name(small):
    (small.folder / "notes.json").unlink()
    with pytest.raises(BundleError, match=r"lacks notes\.json"):
        read_bundle(small.folder)


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(BundleError, match=r"lacks manifest\.json"):
        read_bundle(tmp_path / "nothing")


def test_a_damaged_manifest_is_refused(small):
    (small.folder / MANIFEST).write_text("{")
    with pytest.raises(BundleError, match="damaged"):
        read_bundle(small.folder)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": 99}, "format 99"),
        ({"labels": ["Unicorn!"]}, "Unicorn!"),
        ({"files": {"../x": "0"}}, "outside"),
    ],
)
def test_a_foreign_manifest_is_refused(small, change, words):
    path = small.folder / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(BundleError, match=words):
        read_bundle(small.folder)


def test_an_altered_manifest_is_another_identity(small):
    path = small.folder / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": "2"}))
    assert read_bundle(small.folder).identity.sha256 != small.identity.sha256


def test_a_failed_write_leaves_the_old_bundle_whole(small, monkeypatch):
    def full_disk(path, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bundles, "write_flushed", full_disk)
    with pytest.raises(OSError, match="No space"):
        write_bundle(small.folder, {"version": "2", "labels": ["monocyte"]}, {"a": b"b"})
    assert read_bundle(small.folder).identity == small.identity
    assert [path.name for path in small.folder.parent.iterdir()] == ["model"]


def test_a_bundle_too_large_for_the_repository_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(bundles, "LARGEST", 10)
    with pytest.raises(BundleError, match="limit"):
        write_bundle(tmp_path / "m", {"version": "1", "labels": ["monocyte"]}, {"a": b"12345678901"})
    # What it has seen is as much as it is.
    write_bundle(tmp_path / "m", {"version": "1", "labels": ["monocyte"]}, {SEEN: b"12345678901"})


def test_a_bundle_without_calibration_serves_nothing(small):
    with pytest.raises(BundleError, match="incomplete"):
        load_predictor(small.folder)


def test_the_shipped_bundle_is_whole_and_small():
    shipped = read_bundle(SHIPPED_BUNDLE)
    assert sum(path.stat().st_size for path in SHIPPED_BUNDLE.iterdir()) < 20_000_000
    assert not [name for name in shipped.contents if name.endswith((".pkl", ".pickle", ".joblib"))]
    assert set(shipped.contents) | {MANIFEST} == {path.name for path in SHIPPED_BUNDLE.iterdir()}
