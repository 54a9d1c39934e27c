"""What is kept of a picture follows the lamp, the dyes and the focus, each by its own number."""

from dataclasses import asdict

import numpy as np
import pytest
from PIL import Image, ImageFilter

from mlcore.engine.picture import COMPARED, compared, picture_statistics
from mlcore.engine.stain import background_colour, thumbnail
from tests.mlcore.engine.drawing import field


def told(image):
    return compared(asdict(picture_statistics(image, thumbnail(image, 192))))


@pytest.fixture(scope="module")
def sharp():
    return field([(100, 110, 22), (220, 60, 18)])


def test_a_warmer_lamp_changes_the_glass_and_not_the_dyes(sharp):
    warm = np.clip(sharp * np.array([1.0, 0.9, 0.7]), 0, 255).astype(np.uint8)
    before, now = told(sharp), told(warm)
    assert set(before) == set(COMPARED)
    assert now["tint"] > 1.3 * before["tint"]
    assert now["light"] < before["light"]
    assert now["dye"] == pytest.approx(before["dye"], rel=0.1)


def test_more_dye_is_more_dye(sharp):
    glass = background_colour(sharp)
    density = -np.log(np.clip(sharp / glass, 0.02, 1.1))
    darker = np.clip(glass * np.exp(-1.4 * density), 0, 255).astype(np.uint8)
    assert told(darker)["dye"] > 1.15 * told(sharp)["dye"]
    assert told(darker)["tint"] == pytest.approx(told(sharp)["tint"], rel=0.05)


def test_a_soft_focus_widens_the_edge(sharp):
    blurred = np.asarray(Image.fromarray(sharp).filter(ImageFilter.GaussianBlur(4)))
    assert told(blurred)["edge"] > 1.5 * told(sharp)["edge"]


def test_an_empty_glass_has_no_nucleus_and_no_focus():
    empty = np.full((120, 160, 3), (230, 228, 225), np.uint8)
    statistics = picture_statistics(empty, thumbnail(empty, 192))
    assert (statistics.pale, statistics.edge) == (None, None)
    assert set(compared(asdict(statistics))) < set(COMPARED)
