"""One cell in two overlapping pictures is found, another one that looks alike is not."""

import io

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter

from mlcore.engine.contracts import Box
from mlcore.engine.surroundings import AROUND, Grey, agreements, surroundings
from mlcore.engine.twins import LARGEST_RATIO, SAME_CELL, Seen, find_twins, likely
from predictions.synthetic import draw_field, draw_overlapping

LABELS = ("neutrophil", "neutrophil", "neutrophil", "neutrophil")
STEP = 240


def grey(field, scale=1.0):
    picture = Image.fromarray(field.image).convert("L")
    return Grey(picture.resize((round(picture.width * scale), round(picture.height * scale))), scale)


def leukocytes(field):
    return [cell.box for cell in field.cells if cell.label != "platelet"]


def cells(name, boxes, features=None):
    numbers = np.zeros((len(boxes), 4), np.float32) if features is None else features
    return [Seen(name, box, row) for box, row in zip(boxes, numbers, strict=True)]


@pytest.fixture(scope="module")
def pair():
    """Two overlapping fields; three cells lie in both, and the boxes follow from one another."""
    first, second = draw_overlapping(3, labels=LABELS)
    both = [box for box in leukocytes(first) if Box(box.x0 - STEP, box.y0, box.x1 - STEP, box.y1).x1 > 60]
    return first, second, both


def moved(box, left):
    return Box(max(0, box.x0 - left), box.y0, box.x1 - left, box.y1)


def altered(field):
    """The field as another photograph would show it: turned a little, lighter, blurred, stored again."""
    picture = Image.fromarray(field.image).rotate(1.5, Image.Resampling.BICUBIC, translate=(0.5, 0.4))
    picture = ImageEnhance.Brightness(ImageEnhance.Contrast(picture).enhance(0.9)).enhance(1.1)
    buffer = io.BytesIO()
    picture.filter(ImageFilter.GaussianBlur(0.8)).save(buffer, "JPEG", quality=65)
    return Grey(Image.open(buffer).convert("L"), 1.0)


def test_a_cell_agrees_with_itself_in_another_window_and_not_with_its_neighbours(pair):
    first, second, both = pair
    assert both
    for box in both:
        around = surroundings(grey(first), box, 130)
        same = surroundings(grey(second), moved(box, STEP), 130)
        others = [surroundings(grey(second), one, 130) for one in leukocytes(second)]
        score = agreements(around, [same])[0]
        assert score > 0.9
        alike = sorted(agreements(around, others))
        assert alike[0] < SAME_CELL
        assert sum(one >= SAME_CELL for one in alike) <= 1


def test_light_blur_turn_and_jpeg_do_not_hide_it(pair):
    first, second, both = pair
    other = altered(second)
    # In the middle of the second field a turn moves little.
    box = min(both, key=lambda one: abs(one.x0 - STEP - 200))
    score = agreements(surroundings(grey(first), box, 130), [surroundings(other, moved(box, STEP), 130)])[0]
    assert score > SAME_CELL


def test_a_picture_made_smaller_says_the_same(pair):
    first, second, both = pair
    box = both[0]
    around = surroundings(grey(first, 0.6), box, 130)
    assert agreements(around, [surroundings(grey(second), moved(box, STEP), 130)])[0] > 0.9


def test_cells_of_different_fields_do_not_agree():
    fields = [draw_field(seed, labels=LABELS) for seed in range(6)]
    around = [[surroundings(grey(field), box, 130) for box in leukocytes(field)] for field in fields]
    scores = [
        score
        for row, mine in enumerate(around)
        for one in mine
        for other in around[:row]
        for score in agreements(one, other)
    ]
    assert len(scores) == 15 * 16
    assert max(scores) < 0.7


def test_what_shares_too_little_or_nothing_never_agrees():
    blank = Grey(Image.new("L", (200, 200), 210), 1.0)
    empty = surroundings(blank, Box(80, 80, 120, 120), 40)
    assert empty.shown.shape == (AROUND, AROUND)
    field = draw_field(1)
    corner = surroundings(grey(field), Box(0, 0, 6, 6), 130)
    assert agreements(corner, [empty])[0] < SAME_CELL
    assert agreements(empty, [empty])[0] < SAME_CELL
    assert agreements(corner, []).shape == (0,)


def test_surroundings_that_agree_are_no_twins_where_the_boxes_lie_apart(pair):
    first, _second, _both = pair
    box = leukocytes(first)[0]
    beside = Box(box.x0 + 70, box.y0, box.x0 + 130, box.y1)
    far = surroundings(grey(first), Box(box.x0 - 60, box.y0, box.x0 + 5, box.y1), 130)
    assert agreements(surroundings(grey(first), beside, 130), [far])[0] < SAME_CELL


def test_every_shared_cell_is_found_once_though_features_say_nothing_of_some(pair):
    first, second, both = pair
    earlier = cells("first", both)
    # The first one is alike by its features, for the others these say the contrary.
    far = np.full((len(both), 4), 90.0, np.float32)
    far[0] = 0
    later = cells("second", [moved(box, STEP) for box in both], far)
    pictures = {"first": grey(first), "second": grey(second)}
    found = find_twins(later, earlier, pictures.__getitem__)
    assert sorted((twin.cell, twin.other) for twin in found) == [(at, at) for at in range(len(both))]
    assert find_twins(later, [], pictures.__getitem__) == find_twins([], earlier, pictures.__getitem__) == []


def test_only_the_alike_of_a_like_size_are_looked_at():
    one = cells("new", [Box(0, 0, 100, 100)], np.zeros((1, 4), np.float32))
    features = np.arange(60, dtype=np.float32)[:, None] * np.ones((1, 4), np.float32)
    boxes = [Box(0, 0, 100, 90)] * 59 + [Box(0, 0, 30, 30)]
    others = [Seen(str(at), box, row) for at, (box, row) in enumerate(zip(boxes, features, strict=True))]
    assert likely(one, others) == {(0, at) for at in range(24)}
    assert likely(one, others[-1:]) == set()
    assert LARGEST_RATIO < 100 / 30
