"""Copies are known by their look however they were saved; different pictures of the same kind are not."""

import io

import numpy as np
import pytest
from PIL import Image

from mlcore.engine.looks import SAME_OUTLINE, SAME_RINGS, copied, is_look, likeness, look, packed, unpacked
from tests.mlcore.engine.drawing import field

COUNT = 12


@pytest.fixture(scope="module")
def pictures():
    return [Image.fromarray(field([(118, 124, 38)], size=(240, 240), seed=seed)) for seed in range(COUNT)]


@pytest.fixture(scope="module")
def looks(pictures):
    return [look(np.asarray(one)) for one in pictures]


def saved(picture, quality):
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return Image.open(out).convert("RGB")


@pytest.mark.parametrize(
    "change",
    [
        lambda one: saved(one, 60),
        lambda one: one.resize((120, 120)),
        lambda one: one.resize((240, 180)),
        lambda one: saved(one.transpose(Image.Transpose.FLIP_LEFT_RIGHT), 80),
        lambda one: one.transpose(Image.Transpose.ROTATE_90),
        lambda one: saved(one.rotate(33, Image.Resampling.BILINEAR), 85),
    ],
    ids=["saved again", "half", "squeezed", "mirrored", "quarter", "turned"],
)
def test_a_changed_copy_is_known(pictures, looks, change):
    changed = [look(np.asarray(change(one))) for one in pictures[:4]]
    assert copied(changed, looks).all()
    # Against all others but its own original, none is.
    assert not copied(changed, looks[4:]).any()


def test_different_pictures_are_no_copies(looks):
    outlines, rings = likeness(looks, looks, but_itself=True)
    assert outlines.max() < SAME_OUTLINE
    assert rings.max() < SAME_RINGS


def test_an_empty_picture_resembles_nothing(looks):
    white, grey = (look(np.full((90, 120, 3), level, np.uint8)) for level in (255, 90))
    assert not copied([white], [grey, *looks]).any()
    assert not copied([], looks).any()
    assert not copied(looks, []).any()


def test_looks_are_kept_as_bytes(looks):
    assert unpacked(packed(looks)) == looks
    assert all(map(is_look, looks))
    assert not any(map(is_look, ("", "abc", looks[0][:-4], "é" * 608)))
