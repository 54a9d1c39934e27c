"""Growing and shrinking of masks gives what scipy gives, for masks of every size."""

import numpy as np
import pytest
from scipy import ndimage

from mlcore.engine import morphology


@pytest.mark.parametrize("size", [(1, 144), (144, 1), (5, 7), (108, 144)])
@pytest.mark.parametrize("shape", [morphology.diamond(1), morphology.diamond(2), morphology.disk(4)])
def test_as_scipy(size, shape):
    for seed in range(5):
        random = np.random.default_rng(seed)
        mask = ndimage.uniform_filter(random.random(size), 3) > random.uniform(0.4, 0.6)
        around = len(shape)
        closed = ndimage.binary_closing(np.pad(mask, around), shape)[around:-around, around:-around]
        assert (morphology.dilated(mask, shape) == ndimage.binary_dilation(mask, shape)).all()
        assert (morphology.opened(mask, shape) == ndimage.binary_opening(mask, shape)).all()
        assert (morphology.closed(mask, shape) == closed).all()


def test_diamond_is_repeated_growing():
    mask = np.zeros((9, 9), dtype=bool)
    mask[4, 4] = mask[0, 8] = True
    assert (
        morphology.dilated(mask, morphology.diamond(2)) == ndimage.binary_dilation(mask, iterations=2)
    ).all()
