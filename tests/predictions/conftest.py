"""Fixtures of the image line: an empty image folder, people, and one way to submit a file."""

import io
from pathlib import Path

import pytest

from hematovision.core.origin import Origin
from predictions.services import field_submit
from tests.accounts.factories import PersonFactory
from tests.predictions import hostile


@pytest.fixture(autouse=True)
def image_root(settings, tmp_path):
    """A folder of its own, and no waiting for a worker that this test has not started."""
    settings.IMAGE_ROOT = tmp_path / "images"
    settings.PARTIAL_ROOT = tmp_path / "partial"
    settings.PREDICT_WAIT_SECONDS = 0
    return settings.IMAGE_ROOT


@pytest.fixture
def technician(db):
    return PersonFactory()


@pytest.fixture
def submit(technician):
    """Submit bytes as the technician; returns what the service returns."""

    def submit(content=None, name="smear.jpg", actor=technician, **options):
        content = hostile.jpeg() if content is None else content
        return field_submit(
            actor=actor, origin=Origin("127.0.0.1"), content=io.BytesIO(content), name=name, **options
        )

    return submit


@pytest.fixture
def stored_files(image_root):
    """List the files of the image folder, without its lock."""

    def stored_files():
        return sorted(path for path in Path(image_root).rglob("*") if path.is_file() and path.name != ".lock")

    return stored_files
