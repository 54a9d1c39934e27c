"""Data sets below a folder of the test's own, and someone who may make them."""

import pytest

from hematovision.core.origin import Origin
from mlcore.registry.datasets import About, Pictures, dataset_import_zip
from mlcore.training.importing import run_import
from tests.accounts.factories import PersonFactory
from tests.mlcore.engine.test_importing import good, packed

OURS = About(name="Ours", license="MIT", source="here")


@pytest.fixture(autouse=True)
def dataset_root(settings, tmp_path):
    settings.DATASET_ROOT = tmp_path / "datasets"
    settings.VAR_DIR = tmp_path
    return settings.DATASET_ROOT


@pytest.fixture
def admin(db):
    return PersonFactory(admin=True)


@pytest.fixture
def order(admin, tmp_path):
    """Order a version from a ZIP of these members."""

    def order(members=None, about=OURS, actor=admin):
        archive = packed(tmp_path / "upload.zip", good() if members is None else members)
        return dataset_import_zip(
            actor=actor, origin=Origin(), about=about, pictures=Pictures("here"), archive=archive
        )

    return order


@pytest.fixture
def imported(order):
    """Order and import a version; returns its row as it then is."""

    def imported(*args, **kwargs):
        version = order(*args, **kwargs)
        run_import(version.pk)
        version.refresh_from_db()
        return version

    return imported
