"""What spoils a reading is said, and worthless pictures get no answer."""

import numpy as np
import pytest


def test_a_good_field_has_no_flags(predictor, smear):
    assert predictor.predict(smear).quality == ()


def test_darkness_is_said_and_stops_the_answer(predictor, smear):
    field = predictor.predict((smear * 0.2).astype(np.uint8), single=True)
    assert "too_dark" in field.quality
    assert all(cell.abstained and "too dark" in cell.reason for cell in field.cells)


@pytest.mark.parametrize("colour", [(128, 128, 128), (40, 200, 60), (255, 255, 255)])
def test_a_plain_picture_is_no_smear(predictor, colour):
    field = predictor.predict(np.full((240, 320, 3), colour, np.uint8), single=True)
    assert "not_a_smear" in field.quality
    assert all(cell.abstained for cell in field.cells)


def test_a_tiny_picture_is_refused_in_words(predictor, smear):
    field = predictor.predict(smear[70:90, 80:100], single=True)
    assert "too_small" in field.quality
    assert field.cells[0].abstained
