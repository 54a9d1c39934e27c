"""Drawn smears repeat with their seed, tell the truth about themselves, and the real locator finds them."""

import io

import numpy as np
import pytest
from PIL import Image

from mlcore.engine.contracts import LABELS
from mlcore.engine.stained import StainLocator
from predictions.synthetic import draw_field

LEUKOCYTES = [label for label in LABELS if label != "platelet"]


def test_the_same_seed_draws_the_same_picture():
    first, again, other = draw_field(7), draw_field(7), draw_field(8)
    assert np.array_equal(first.image, again.image)
    assert first.cells == again.cells
    assert not np.array_equal(first.image, other.image)


def test_every_cell_asked_for_is_drawn_inside_the_picture():
    field = draw_field(1, labels=["eosinophil", "lymphocyte"], width=500, height=400)
    assert field.image.shape == (400, 500, 3)
    assert [cell.label for cell in field.cells if cell.label != "platelet"] == ["eosinophil", "lymphocyte"]
    for cell in field.cells:
        assert 0 <= cell.box.x0 < cell.box.x1 <= 500
        assert 0 <= cell.box.y0 < cell.box.y1 <= 400


@pytest.mark.parametrize("label", LEUKOCYTES)
def test_the_real_locator_finds_the_drawn_cell_and_nothing_else(label):
    for seed in range(4):
        field = draw_field(seed, labels=[label])
        truth = field.cells[0].box
        found = StainLocator().locate(field.image)
        assert len(found) == 1, f"seed {seed}: {found}"
        middle = ((found[0].x0 + found[0].x1) / 2, (found[0].y0 + found[0].y1) / 2)
        assert truth.x0 < middle[0] < truth.x1
        assert truth.y0 < middle[1] < truth.y1


def test_a_field_without_leukocytes_gives_nothing_to_find():
    for seed in range(4):
        assert StainLocator().locate(draw_field(seed, labels=[]).image) == []


@pytest.mark.parametrize("media_type", ["image/jpeg", "image/png"])
def test_it_encodes_to_what_the_portal_accepts(media_type):
    picture = Image.open(io.BytesIO(draw_field(3).encoded(media_type)))
    assert picture.get_format_mimetype() == media_type
    assert picture.size == (640, 480)


def test_the_corner_says_that_it_is_synthetic():
    """The mark is text-coloured pixels in the lower left corner that a plain slide does not have."""
    corner = draw_field(5, labels=[]).image[-20:, 8:90].astype(int)
    marked = (np.abs(corner - [120, 96, 84]).sum(axis=2) < 60).sum()
    assert marked > 60


def test_it_refuses_what_it_cannot_draw():
    with pytest.raises(ValueError, match="Unknown classes: blast"):
        draw_field(1, labels=["blast"])
    with pytest.raises(ValueError, match="No room"):
        draw_field(1, labels=["monocyte"] * 40)
