"""The real image sets where they are, the shipped bundle, and a drawn field."""

import pytest

from mlcore.engine.bundle import SHIPPED_BUNDLE, read_bundle
from mlcore.engine.crops import finder_of
from mlcore.engine.manifest import data_root
from mlcore.engine.runtime import load_predictor
from tests.mlcore.engine.drawing import field


@pytest.fixture(scope="session")
def data():
    """The folder of real image sets."""
    root = data_root()
    if root is None or not (root / "bccd").is_dir():
        pytest.skip("the real image sets are not here; docs/data.md says how to fetch them")
    return root


@pytest.fixture(scope="session")
def bundle():
    return read_bundle(SHIPPED_BUNDLE)


@pytest.fixture(scope="session")
def finder(bundle):
    """What cuts cells out as the shipped bundle's locator finds them."""
    return finder_of(bundle.manifest["locator"], bundle.contents)


@pytest.fixture(scope="session")
def predictor():
    return load_predictor(SHIPPED_BUNDLE)


@pytest.fixture
def smear():
    """A field of 320x240 with two nuclei, of radius 24 at (90, 80) and 20 at (230, 160)."""
    return field([(90, 80, 24), (230, 160, 20)])
