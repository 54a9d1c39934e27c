"""What must be refused is made alike every time, holds no leukocyte, and is counted rightly."""

import json
from itertools import islice

import numpy as np
import pytest

from mlcore.engine import impostors, refusal, strangers
from mlcore.engine.contracts import Box, CellPrediction, FieldPrediction, ModelIdentity
from mlcore.engine.errors import DataError
from tests.mlcore.engine.drawing import NUCLEUS, field, save

# Of a field of 320x240: one leukocyte, three red cells (the first beside it) and two platelets.
LEUKOCYTE = (60, 60, 60, 60)
RED_CELLS = [(100, 60, 34, 34), (250, 60, 34, 34), (250, 180, 34, 34)]
PLATELETS = [(200, 200, 12, 12), (90, 90, 12, 12)]


def _line(kind, box):
    x, y, width, height = box
    return f"{kind} {x / 320} {y / 240} {width / 320} {height / 240}"


@pytest.fixture
def root(tmp_path):
    """A data folder with three annotated fields."""
    labels = tmp_path / "txl-pbc" / "labels" / "val"
    labels.mkdir(parents=True)
    boxes = [(0, LEUKOCYTE), *((1, box) for box in RED_CELLS), *((2, box) for box in PLATELETS)]
    for number in range(3):
        image = field([(60, 60, 24)], seed=number)
        save(image, tmp_path / "txl-pbc" / "images" / "val" / f"{number}.png")
        (labels / f"{number}.txt").write_text("\n".join(_line(kind, box) for kind, box in boxes))
    return tmp_path


@pytest.fixture(autouse=True)
def _few_pictures(monkeypatch):
    """Twelve pictures of a kind show what a hundred and twenty do."""
    monkeypatch.setattr(refusal, "PICTURES", 12)


class Answering:
    """Gives every picture the same cells: pairs of a label and a reason for abstaining."""

    identity = ModelIdentity("test", "0" * 64)
    labels = ("neutrophil", "platelet")

    def __init__(self, *cells):
        self.cells = tuple(
            CellPrediction(Box(0, 0, 9, 9), label, 0.9, {label: 0.9}, bool(reason), reason)
            for label, reason in cells
        )

    def predict(self, image, *, single=False):
        assert single
        assert image.dtype == np.uint8
        return FieldPrediction(image.shape[1], image.shape[0], self.identity, self.cells)


def _shows_nucleus(image):
    return (np.abs(image.astype(int) - NUCLEUS).sum(axis=2) < 60).any()


def test_pieces_of_a_field_hold_no_leukocyte(root):
    red_cells, platelets = list(strangers.red_cells(root, 9)), list(strangers.platelets(root, 9))
    assert len(red_cells) == 3
    assert 3 <= len(platelets) <= 6
    for source, image in (*red_cells, *platelets):
        assert source == "txl-val"
        assert not _shows_nucleus(image)


def test_no_more_pictures_than_wanted(root):
    for made in (
        strangers.red_cells(root, 2),
        strangers.platelets(root, 2),
        strangers.degraded(root, "blurred", 2),
    ):
        assert len(list(made)) == 2


@pytest.mark.parametrize(
    ("kind", "low", "high"), [("underexposed", 0, 80), ("overexposed", 240, 255), ("blurred", 150, 250)]
)
def test_degraded_fields_are_as_bright_as_their_kind_says(root, kind, low, high):
    for _source, image in strangers.degraded(root, kind, 3):
        assert image.shape == (240, 320, 3)
        assert low <= np.median(image) <= high


def test_a_black_border_stays_sharp_when_the_field_is_blurred(root):
    path = root / "txl-pbc" / "images" / "val" / "0.png"
    image = field([(60, 60, 24)]).copy()
    image[:, 300:] = 0
    save(image, path)
    _source, soft = next(strangers.degraded(root, "blurred", 1))
    assert soft[:, 300:].max() == 0
    assert soft[:, 290:300].min() > 100


def test_the_same_seed_makes_the_same_pictures(root):
    for make in (
        lambda: strangers.red_cells(root, 9),
        lambda: strangers.degraded(root, "overexposed", 9),
        lambda: impostors.drawings(12),
        lambda: impostors.noise(10),
        lambda: impostors.photographs(6),
    ):
        for (_a, one), (_b, other) in zip(make(), make(), strict=True):
            assert (one == other).all()


def test_every_kind_of_drawing_noise_and_photograph_comes_up():
    assert {source for source, _image in islice(impostors.drawings(60), 6)} == {
        "shapes", "text", "bars", "curves", "pie", "face"
    }  # fmt: skip
    assert len({source for source, _image in impostors.noise(5)}) == 5
    assert {source for source, _image in impostors.photographs(3)} == {"china", "flower", "portrait"}


def test_a_predictor_that_always_abstains_refuses_everything(root):
    told = refusal.refusal_figures(root, Answering(("neutrophil", "the model is only 41% sure, below 90%")))
    assert [row["kind"] for row in told["kinds"]] == list(refusal.KINDS)
    for row in told["kinds"]:
        assert row["refused"] == row["n"] == sum(row["sources"].values()) > 0
        assert row["reasons"] == {"not sure enough": row["n"]}
        assert row["bound"] == pytest.approx(1 - 0.05 ** (1 / row["n"]))
    assert json.loads(json.dumps(told)) == told


def test_finding_no_cell_is_a_refusal(root):
    assert all(row["share"] == 1 for row in refusal.refusal_figures(root, Answering())["kinds"])


def test_an_answer_is_none_and_is_told(root):
    for row in refusal.refusal_figures(root, Answering(("neutrophil", ""), ("monocyte", "dark")))["kinds"]:
        assert (row["refused"], row["share"], row["bound"]) == (0, 0, 1)
        assert row["named"] == {"neutrophil": row["n"]}


def test_only_a_platelet_may_be_called_a_platelet(root):
    rows = refusal.refusal_figures(root, Answering(("platelet", "")))["kinds"]
    assert {row["kind"] for row in rows if row["share"] == 1} == {"platelets"}


def test_a_folder_without_annotated_fields_is_said(tmp_path):
    with pytest.raises(DataError, match="annotated fields"):
        strangers.fields(tmp_path)


@pytest.mark.data
def test_real_pieces_come_from_many_fields(data):
    found = strangers.fields(data)
    assert sum(len(one.leukocytes) for one in found if one.source == "txl-val") == 106
    assert len(list(strangers.platelets(data, 40))) == 40
