"""Copies of one original are found, kept on one side, and a split that breaks this is refused."""

from dataclasses import replace
from functools import cache
from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from mlcore.engine.dataset import near_duplicates, split, turned_sets
from mlcore.engine.errors import DataError
from mlcore.engine.fingerprint import fingerprint
from mlcore.engine.images import read_image
from mlcore.engine.manifest import Record, bccd_originals, class_folders, scan
from mlcore.engine.originals import group_by_originals
from mlcore.engine.prepared import describe, prepare
from tests.mlcore.engine.drawing import field, save


def _copies(image, count, seed):
    """Turned, mirrored and slightly sheared copies with black corners, as the Kaggle folders hold them."""
    random = np.random.default_rng(seed)
    small = Image.fromarray(image).resize((320, 240))
    for _ in range(count):
        turned = small.rotate(random.uniform(-20, 20), Image.Resampling.BILINEAR)
        if random.random() < 0.5:
            turned = turned.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        shear = random.uniform(-0.08, 0.08)
        yield np.asarray(turned.transform(turned.size, Image.Transform.AFFINE, (1, shear, 0, 0, 1, 0)))


def _records(count, source="laboratory", label="monocyte"):
    return [Record(f"{source}/{n}.png", f"{source}{n:04}", label, source) for n in range(count)]


@cache
def _seen(path):
    """The size and the fingerprint of a picture; several tests ask for those of the same ones."""
    image = read_image(path)
    return image.shape[:2], fingerprint(image)


def _prints(data, records):
    return np.stack([_seen(data / record.path)[1] for record in records])


@pytest.fixture(scope="module")
def numbered(data):
    """The group of each BCCD field from the 200th on, by its number."""
    records = [r for r in bccd_originals(data / "bccd", data) if int(r.path[-9:-4]) >= 200]
    groups = near_duplicates(records, _prints(data, records))
    return dict(zip((r.path[-9:-4] for r in records), groups, strict=True))


@pytest.mark.data
def test_turned_copies_of_real_fields_find_their_originals(data):
    originals = list(bccd_originals(data / "bccd", data))[::12]
    fields = [read_image(data / record.path) for record in originals]
    records, prints, truth = (
        list(originals),
        [fingerprint(image) for image in fields],
        list(range(len(fields))),
    )
    for number, image in enumerate(fields):
        for copy in _copies(image, 5, number):
            records.append(Record(f"copy{len(records)}", str(len(records)), None, "kaggle-train"))
            prints.append(fingerprint(copy))
            truth.append(number)
    # The pictures tell which set holds turned copies, whatever it is called.
    sets = [record.source for record in records]
    assert turned_sets(np.stack(prints), sets).tolist() == [one == "kaggle-train" for one in sets]
    groups = near_duplicates(records, np.stack(prints))
    own = [groups[row] == groups[truth[row]] for row in range(len(fields), len(records))]
    assert np.mean(own) > 0.9
    assert len({groups[number] for number in range(len(fields))}) == len(fields)


@pytest.mark.data
def test_every_plain_kaggle_original_is_found_among_the_bccd_fields(data):
    simple = list(class_folders(data / "kaggle-bccd" / "TEST_SIMPLE", "kaggle-simple", data))
    originals = list(bccd_originals(data / "bccd", data))
    records = [*originals, *simple]
    groups = near_duplicates(records, _prints(data, records))
    label_of = {groups[row]: record.label for row, record in enumerate(originals) if record.label}
    found = [label_of.get(groups[len(originals) + n]) == record.label for n, record in enumerate(simple)]
    assert sum(found) >= 69


@pytest.mark.data
def test_equal_fields_under_two_names_are_one_group(data):
    records = [record for record in scan(data) if record.source.startswith(("bccd", "txl"))]
    renamed = [replace(record, sha256=str(row)) for row, record in enumerate(records)]
    hashes = [record.sha256 for record in records]
    twins = [(hashes.index(h), row) for row, h in enumerate(hashes) if hashes.index(h) != row][:20]
    rows = sorted({row for pair in twins for row in pair})
    prints = _prints(data, [records[row] for row in rows])
    groups = dict(zip(rows, near_duplicates([renamed[row] for row in rows], prints), strict=True))
    assert all(groups[a] == groups[b] for a, b in twins)


@pytest.mark.data
def test_every_field_that_txl_took_from_bccd_finds_it(data):
    records = [record for record in scan(data) if record.source.startswith(("bccd", "txl"))]
    groups = near_duplicates(records, _prints(data, records))
    from_bccd = {group for record, group in zip(records, groups, strict=True) if record.source == "bccd"}
    taken = [_seen(data / record.path)[0] in {(416, 416), (480, 640)} for record in records]
    joined = [group in from_bccd for group in groups]
    txl = [row for row, record in enumerate(records) if record.source.startswith("txl")]
    assert {(taken[row], joined[row]) for row in txl} == {(True, True), (False, False)}
    assert sum(taken[row] for row in txl) == 150


@pytest.mark.data
@pytest.mark.parametrize(
    ("first", "second"), [("00204", "00277"), ("00224", "00264"), ("00230", "00257"), ("00386", "00391")]
)
def test_two_views_of_one_cell_are_one_group(numbered, first, second):
    assert numbered[first] == numbered[second] != numbered["00300"]


@pytest.mark.parametrize(
    "change",
    [
        lambda image: image[:, ::-1],
        np.rot90,
        lambda image: np.rot90(image, 3)[:, ::-1],
        lambda image: image[20:-10, 15:-25],
        lambda image: np.rot90(image[10:-20, 5:-30]),
        lambda image: (image * 0.7 + 40).astype(np.uint8),
        lambda image: np.asarray(Image.fromarray(image).resize((416, 416))),
    ],
    ids=["mirrored", "turned", "both", "trimmed", "trimmed and turned", "paler", "squeezed"],
)
def test_a_field_stored_otherwise_is_the_same_field(change):
    images = [field([(120, 100, 26), (260, 170, 20)], seed=seed) for seed in range(12)]
    images.append(np.ascontiguousarray(change(images[3])))
    records = _records(len(images))
    groups = near_duplicates(records, np.stack([fingerprint(image) for image in images]))
    assert [row for row, group in enumerate(groups) if group == groups[-1]] == [3, 12]
    assert len(set(groups)) == 12


def test_views_that_overlap_are_one_group_unless_they_are_cut_out_cells():
    smear = field([(150, 120, 26), (330, 200, 22), (500, 90, 20)], size=(640, 240))
    images = [smear[:, :320], smear[:, 160:480], smear[:, 320:]]
    prints = np.stack([fingerprint(np.ascontiguousarray(image)) for image in images])
    assert len(set(near_duplicates(_records(3), prints))) == 1
    assert len(set(near_duplicates(_records(3, "pbc"), prints))) == 3


def test_a_ninth_class_is_prepared_behind_the_known_ones(tmp_path):
    for number in range(24):
        label = ("Mast cell", "monocyte")[number % 2]
        save(field([(160, 120, 20)], seed=number), tmp_path / "lab" / label / f"{number}.png")
    data = prepare(tmp_path / "lab", tmp_path / "work")
    assert data.labels(data.parts.training) == ("monocyte", "mast_cell")


def test_copies_go_to_the_original_of_their_class(tmp_path):
    for number in range(4):
        image = field([(150 + 6 * number, 120, 20 + 3 * number)], seed=number)
        save(image, tmp_path / "originals" / "monocyte" / f"{number}.png")
        for turn, copy in enumerate(_copies(image, 4, number)):
            save(copy, tmp_path / "copies" / "monocyte" / f"{number}-{turn}.png")
    copies = tmp_path / "copies"
    records = list(class_folders(copies, "copies", copies))
    numbers = group_by_originals(copies, records, tmp_path / "originals")
    right = [
        str(number) == record.path[len("monocyte/")] for number, record in zip(numbers, records, strict=True)
    ]
    assert np.mean(right) >= 0.75


def test_parts_share_no_group_and_no_picture():
    records = [r for label in ("monocyte", "neutrophil") for r in _records(120, label=label)]
    records = [replace(record, sha256=f"{hash(row) % 97:03}{row}") for row, record in enumerate(records)]
    groups = [row // 3 for row in range(len(records))]
    parts = split(records, groups)
    seen = [{groups[row] for row in rows} for rows in (parts.training, parts.validation, parts.held_out)]
    assert all(not a & b for a, b in combinations(seen, 2))
    assert len(parts.training) + len(parts.validation) + len(parts.held_out) == 240
    assert 0.15 < len(parts.held_out) / 240 < 0.25


def test_pictures_beside_a_test_picture_are_dropped():
    records = [*_records(1, "kaggle-test"), *_records(30, "bccd")]
    parts = split(records, [0, 0, 0, *range(3, 31)])
    assert set(parts.dropped) | set(parts.validation) >= {1, 2} - set(parts.validation)
    assert not {1, 2} & set(parts.training)


def test_a_laboratory_s_own_folder_is_prepared(tmp_path):
    for number in range(12):
        for label, radius in (("monocyte", 26), ("lymphocyte", 17)):
            image = field([(160, 120, radius)], seed=100 * radius + number)
            save(image, tmp_path / "lab" / label / f"{number}.png")
    data = prepare(tmp_path / "lab", tmp_path / "work")
    assert data.labels(data.parts.training) == ("lymphocyte", "monocyte")
    assert describe(data, data.parts)["training"]["pictures"] == len(data.parts.training) > 0


def test_a_folder_without_pictures_is_refused(tmp_path):
    with pytest.raises(DataError, match="No pictures"):
        scan(tmp_path)
