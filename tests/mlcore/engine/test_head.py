"""The head says the same as the layers it was taken from, and its map adds up to what it says."""

import numpy as np
import pytest

from mlcore.engine.errors import BundleError
from mlcore.engine.head import Head, embedding, head_from


@pytest.fixture
def features():
    return np.random.default_rng(1).uniform(0, 6, (5, 5, 12)).astype(np.float32)


@pytest.fixture(params=["pooled", "flattened"])
def head(request):
    random = np.random.default_rng(2)
    shape = (12, 3) if request.param == "pooled" else (5, 5, 12, 3)
    return Head(random.normal(size=shape).astype(np.float32), random.normal(size=3).astype(np.float32))


def test_the_map_adds_up_to_the_logits(head, features):
    added = head.activation(features).sum(axis=(0, 1)) + head.bias
    assert np.allclose(added, head.logits(features), atol=1e-3)


def test_the_embedding_is_the_mean_over_places(features):
    assert np.allclose(embedding(features), features.reshape(25, 12).mean(axis=0), atol=1e-5)


def test_only_the_place_that_differs_shows_in_the_map(features):
    head = Head(np.ones((12, 1), np.float32), np.zeros(1, np.float32))
    features[:] = 0
    features[3, 1] = 2
    places = head.activation(features)[..., 0]
    assert np.argwhere(places > 0).tolist() == [[3, 1]]


def test_bytes_give_the_same_head(head, features):
    again = head_from(head.to_bytes())
    assert np.array_equal(again.logits(features), head.logits(features))
    assert again.classes == 3


@pytest.mark.parametrize("data", [b"", b"no archive"])
def test_damaged_bytes_are_refused_in_words(data):
    with pytest.raises(BundleError, match="head"):
        head_from(data)
