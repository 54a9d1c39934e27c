"""Data folders below a root of the test's own, and someone who may train."""

import pytest

from tests.accounts.factories import PersonFactory


@pytest.fixture
def data_root(settings, tmp_path):
    settings.TRAINING_DATA_ROOT = tmp_path / "data"
    (tmp_path / "data" / "smears").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (tmp_path / "data" / "link").symlink_to(tmp_path / "outside")
    return settings.TRAINING_DATA_ROOT


@pytest.fixture
def admin(db):
    return PersonFactory(admin=True)
