"""The making of the locator: what it learns from, what it is asked, that it learns, and how it is judged."""

import hashlib
import json

import numpy as np
import pytest

from mlcore.engine.contracts import Box
from mlcore.engine.dataset import TESTS, Split
from mlcore.engine.detector import examples, figures, views, windows
from mlcore.engine.detector.targets import HEAT, SHAPE, SIZE_WEIGHT, WEIGHT, targets
from mlcore.engine.images import read_image
from mlcore.engine.locate import Found, decode, network_picture
from mlcore.engine.manifest import Record
from mlcore.engine.prepared import Prepared
from mlcore.engine.stain import thumbnail
from tests.mlcore.engine.drawing import field as drawing

NONE = np.zeros((0, 4), np.float32)


def picture(*cells, size=(320, 240), drawn=True, laboratory="drawn"):
    """A drawn field with nuclei at (x, y, r), known with the box of their cytoplasm."""
    boxes = [(x - 1.25 * r, y - 1.25 * r, x + 1.25 * r, y + 1.25 * r) for x, y, r in cells]
    kinds = np.zeros(len(cells), np.int64)
    pixels = drawing(list(cells), size=size)
    return examples.Field(pixels, np.float32(boxes).reshape(-1, 4), kinds, drawn, laboratory)


def asked(boxes, kinds=None, ignored=NONE, *, known=True):
    rows = np.float32(boxes).reshape(-1, 4)
    kinds = np.zeros(len(rows), np.int64) if kinds is None else np.asarray(kinds)
    return targets(rows, kinds, np.float32(ignored), 192, platelets_known=known)


def test_what_is_asked_decodes_to_the_same_boxes():
    boxes = [(20, 30, 76, 70), (120, 100, 133, 115), (0, 150, 30, 192)]
    wanted = asked(boxes, [0, 1, 0])
    heat = np.where(wanted[..., HEAT] > 0.999, 5.0, -9.0).astype(np.float32)
    cells = decode(heat, wanted[..., SHAPE], (0.5, 0.5), 1.0, (192, 192))
    assert {(cell.box, cell.platelet) for cell in cells} == {
        (Box(*boxes[0]), False),
        (Box(*boxes[1]), True),
        (Box(*boxes[2]), False),
    }


def test_the_peak_falls_off_with_the_size_of_the_cell():
    large, small = asked([(32, 32, 160, 160)]), asked([(92, 92, 104, 104)])
    assert (large[..., 0] > 0.1).sum() > (small[..., 0] > 0.1).sum() >= 1
    assert (large[..., SIZE_WEIGHT] > 0).sum() > (small[..., SIZE_WEIGHT] > 0).sum()


def test_nothing_is_asked_where_it_is_not_known():
    wanted = asked([(20, 20, 60, 60)], ignored=[(100, 100, 140, 140)], known=False)
    assert (wanted[13:17, 13:17, WEIGHT] == 0).all()
    assert wanted[0, 0, WEIGHT.start] == 1
    assert (wanted[..., WEIGHT.start + 1] == 0).all()
    platelet = asked([(20, 20, 40, 40)], [1], known=False)
    assert platelet[3, 3, WEIGHT.start + 1] == 1


def test_of_two_cells_each_place_tells_the_nearer():
    wanted = asked([(20, 60, 84, 124), (84, 60, 148, 124)])
    assert wanted[11, 6, SHAPE][0] == pytest.approx(0, abs=0.51)
    assert wanted[11, 14, SHAPE][0] == pytest.approx(0, abs=0.51)


def nucleus_share(window):
    """How much of each box is dark, as it is where a nucleus lies."""
    rows = [window.pixels[int(y0) : int(y1), int(x0) : int(x1)] for x0, y0, x1, y1 in window.boxes]
    return [float((part[..., 1] < 110).mean()) for part in rows]


@pytest.mark.parametrize("seed", range(25))
def test_boxes_stay_on_their_cells_however_a_field_is_shown(seed):
    random = np.random.default_rng(seed)
    window = views.view(picture((90, 80, 24), (230, 160, 20)), 192, random.uniform(-0.6, 0.8), random)
    assert all(share > 0.1 for share in nucleus_share(window))
    outside = window.pixels.copy()
    for x0, y0, x1, y1 in np.concatenate([window.boxes, window.ignored]).astype(int):
        outside[max(0, y0 - 2) : y1 + 3, max(0, x0 - 2) : x1 + 3] = 255
    assert (outside[..., 1] < 110).mean() < 0.02


def test_a_whole_field_is_shown_as_serving_shows_it():
    field = picture((90, 80, 24))
    window = views.whole(field, 192)
    assert np.array_equal(window.pixels, network_picture(thumbnail(field.pixels, 192), 192))
    assert window.boxes[0] == pytest.approx(np.float32([60, 50, 120, 110]) * 0.6, abs=0.01)


def test_a_cell_of_which_hardly_anything_is_seen_may_be_found_or_not():
    field = picture((2, 120, 40))
    field.boxes[:] = (-90, 80, 10, 160)
    window = views.whole(field, 192)
    assert len(window.boxes) == 0
    assert len(window.ignored) == 1


def test_fields_put_together_keep_their_cells():
    tiles = [views.whole(picture((160, 120, 30)), 96) for _ in range(4)]
    window = windows.together(tiles)
    assert window.pixels.shape == (192, 192, 3)
    assert len(window.boxes) == 4
    assert all(share > 0.3 for share in nucleus_share(window))


def test_laboratories_are_drawn_evenly():
    fields = [picture(laboratory="a")] * 3 + [picture(laboratory="b")]
    assert windows.shares(fields).tolist() == pytest.approx([1 / 6, 1 / 6, 1 / 6, 1 / 2])


def test_what_is_no_smear_holds_no_cell():
    window = windows.no_smear(192, np.random.default_rng(3))
    assert window.pixels.shape == (192, 192, 3)
    assert windows.asked(window)[..., HEAT].max() == 0


def test_a_drawn_box_without_a_nucleus_is_dropped():
    image = drawing([(90, 80, 24)])
    small = thumbnail(image, examples.LONGEST)
    assert examples.nuclear_share(Box(60, 50, 120, 110), small.stain, small.scale) > 0.4
    assert examples.nuclear_share(Box(200, 150, 240, 190), small.stain, small.scale) < examples.LEAST_NUCLEUS


def prepared(root, rows, held_out=()):
    """A data folder with a picture for each (source, group)."""
    records = [
        Record(f"{n}.jpg", hashlib.sha256(b"%d" % n).hexdigest(), None, source)
        for n, (source, _group) in enumerate(rows)
    ]
    return Prepared(root, root, records, [group for _source, group in rows], Split((), (), held_out, ()))


@pytest.mark.parametrize("test", TESTS)
def test_no_cell_of_a_test_set_is_learned_from(tmp_path, test):
    rows = [("bccd", n) for n in range(40)] + [("txl-train", 3), ("pbc", 50), (test, 3), ("kaggle-train", 60)]
    ready = prepared(tmp_path, rows, held_out=(41,))
    training, validation = examples.usable(ready)
    seen = {int(record.path.removesuffix(".jpg")) for record in [*training, *validation]}
    assert seen == set(range(40)) - {3}


def test_copies_of_one_field_stay_on_one_side(tmp_path):
    rows = [("bccd", n % 50) for n in range(50)] + [("txl-train", n) for n in range(50)]
    training, validation = examples.usable(prepared(tmp_path, rows))
    groups = [
        {int(record.path.removesuffix(".jpg")) % 50 for record in part} for part in (training, validation)
    ]
    assert not groups[0] & groups[1]
    assert 1 <= len(groups[1]) <= 15


@pytest.mark.data
def test_cells_of_real_pictures_lie_in_their_boxes(data):
    paths = ["bccd/images/BloodImage_00001.jpg"]
    boxes = examples.voc_boxes(data / "bccd/annotations/BloodImage_00001.xml")
    (field,) = examples.load(data, [Record(paths[0], "", None, "bccd", boxes)], processes=1)
    assert field.drawn
    assert max(field.pixels.shape) == examples.LONGEST
    assert read_image(data / paths[0]).shape[1] * 0.5 == field.pixels.shape[1]
    assert (field.kinds == 0).sum() == len(boxes)


def test_a_tiny_training_learns_stops_and_goes_on(tmp_path):
    keras = pytest.importorskip("keras")
    from mlcore.engine.detector import train  # noqa: PLC0415 -- TensorFlow may be missing

    donor = keras.applications.MobileNetV2(input_shape=(96, 96, 3), include_top=False, weights=None)
    start = tmp_path / "start.weights.h5"
    donor.save_weights(start)
    fields = [picture((90, 80, 30)), picture((200, 120, 34)), picture((120, 150, 28))]
    judged = windows.judged(fields, 96, seed=1)
    said = []

    def fit(epochs):
        settings = train.DetectorSettings(size=96, batch=4, steps=6, epochs=epochs, rate=1e-2)
        return train.fit(fields, judged, settings, str(start), workdir=tmp_path, say=said.append)

    fit(1)
    # A process that is killed while it writes an epoch leaves half of its weights.
    (tmp_path / "epoch-002.weights.h5").write_bytes(b"half")
    network = fit(2)
    # Epochs that take long are told of on their way, too.
    told = [one for one in map(json.loads, said) if "epoch" in one]
    assert [(one["epoch"], one["of"]) for one in told] == [(1, 1), (2, 2)]
    assert told[-1]["loss"] < told[0]["loss"]
    before = len(said)
    again = fit(2)
    assert len(said) == before
    assert np.array_equal(network.get_weights()[-1], again.get_weights()[-1])


def looked(kind, drawn, *cells):
    found = [Found(box, score, False) for box, score in cells]
    return figures.Looked(kind, drawn, found, [cell for cell in found if cell.score >= 0.5])


def test_figures_count_found_missed_and_extra():
    here, there = Box(0, 0, 40, 40), Box(100, 0, 140, 40)
    told = figures.report(
        [
            looked("360x363", [here], (here, 0.9)),
            looked("575x575", [here, there], (here, 0.8), (Box(60, 60, 90, 90), 0.7), (there, 0.3)),
        ],
        threshold=0.5,
    )
    both = told["sets"]["360x363 and 575x575"]
    assert (both["pictures"], both["leukocytes"]) == (2, 3)
    assert (both["found"], both["missed"], both["extra"]) == (2, 1, 1)
    assert both["recall"] == both["precision"] == both["f1"]["value"] == pytest.approx(2 / 3)
    assert both["f1"]["low"] <= 2 / 3 <= both["f1"]["high"]
    assert told["sets"]["360x363"]["f1"]["value"] == 1
    points = {score: (recall, precision) for score, recall, precision in told["curve"]}
    assert points[0.25] == (1.0, 0.75)
    assert points[0.85] == (pytest.approx(1 / 3), 1.0)


def test_a_cell_found_twice_is_found_once():
    here = Box(0, 0, 40, 40)
    one = looked("640x480", [here], (here, 0.9), (Box(2, 0, 42, 40), 0.8))
    assert one.counts() == (1, 0, 1)
    assert one.counts_at(0.85) == (1, 0, 0)


def test_the_least_of_nearly_equal_scores_is_chosen():
    counts = {0.2: (999, 1, 30), 0.25: (997, 3, 6), 0.3: (996, 4, 2)}
    score, f1 = figures.best_score(lambda least: counts.get(least, (500, 500, 0)))
    assert score == pytest.approx(0.25)
    assert f1 == pytest.approx(2 * 997 / (2 * 997 + 9))
