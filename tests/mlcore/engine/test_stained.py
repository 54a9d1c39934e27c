"""The classical locator finds stained cells where they are, and nowhere else."""

import numpy as np
import pytest

from mlcore.engine.matching import overlap
from mlcore.engine.stained import StainLocator
from tests.mlcore.engine.drawing import field


def test_two_cells_are_found_at_their_places(smear):
    boxes = StainLocator().locate(smear)
    centres = sorted(((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2) for box in boxes)
    assert np.allclose(centres, [(90, 80), (230, 160)], atol=8)


def test_a_field_of_red_cells_holds_no_leukocyte():
    assert StainLocator().locate(field([])) == []


@pytest.mark.parametrize("colour", [0, 128, 255])
def test_an_empty_picture_holds_none(colour):
    assert StainLocator().locate(np.full((240, 320, 3), colour, np.uint8)) == []


def test_black_borders_of_a_turned_picture_are_no_cells(smear):
    turned = smear.copy()
    rows, columns = np.indices(turned.shape[:2])
    turned[rows + columns < 90] = 0
    turned[rows > columns + 180] = 0
    assert len(StainLocator().locate(turned)) == 2


def test_a_warm_lamp_changes_nothing(smear):
    warm = np.clip(smear * np.array([1.05, 0.92, 0.75]), 0, 255).astype(np.uint8)
    plain, lit = StainLocator().locate(smear), StainLocator().locate(warm)
    assert len(lit) == 2
    assert all(overlap(a, b) > 0.8 for a, b in zip(plain, lit, strict=True))


def test_size_of_the_picture_does_not_matter(smear):
    large = smear.repeat(2, axis=0).repeat(2, axis=1)
    small, twice = StainLocator().locate(smear), StainLocator().locate(large)
    assert [box.x0 * 2 for box in small] == pytest.approx([box.x0 for box in twice], abs=6)


def test_single_takes_the_cell_in_the_middle():
    box = StainLocator().locate_single(field([(160, 120, 22), (30, 30, 26)]))
    assert (box.x0 + box.x1) / 2 == pytest.approx(160, abs=8)


def test_single_without_any_cell_takes_the_whole_picture():
    box = StainLocator().locate_single(np.full((100, 80, 3), 230, np.uint8))
    assert (box.x0, box.y0, box.x1, box.y1) == (0, 0, 80, 100)
