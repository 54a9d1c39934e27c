"""Frozen data sets joined for a training: what one of them judges by is trained on by none."""

import hashlib

import pytest

from mlcore.engine.chosen import joined, prepare_frozen, shared_out
from mlcore.engine.errors import DataError
from mlcore.engine.frozen import (
    MANIFEST,
    PICTURES,
    FrozenHeader,
    FrozenPicture,
    picture_file,
    write_frozen,
)


def cell(name, split, group, label="neutrophil"):
    sha256 = hashlib.sha256(name.encode()).hexdigest()
    return FrozenPicture(sha256, picture_file(sha256), label, "here", group, split)


@pytest.fixture
def freeze(tmp_path):
    def freeze(cells, name="own", number=1):
        for one in cells:
            path = tmp_path / PICTURES / one.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        header = FrozenHeader(name, number, "MIT", "here")
        return tmp_path / write_frozen(tmp_path, header, cells) / MANIFEST

    return freeze


def prepared(tmp_path, *manifests):
    return prepare_frozen(manifests, tmp_path / PICTURES, tmp_path / "work", tmp_path / "cache")


def test_a_group_that_any_chosen_version_judges_by_is_dropped_and_counted(tmp_path, freeze, capsys):
    old = freeze([cell("a", "training", "1"), cell("b", "training", "1"), cell("c", "training", "2")])
    new = freeze([cell("a", "test", "x"), cell("d", "validation", "y"), cell("e", "training", "z")], number=2)
    data = prepared(tmp_path, old, new)
    named = {
        part: {data.records[row].sha256 for row in getattr(data.parts, part)}
        for part in ("training", "validation", "held_out", "dropped")
    }
    wanted = {"training": "ce", "validation": "d", "held_out": "a", "dropped": "b"}
    assert named == {
        part: {cell(name, "test", "").sha256 for name in names} for part, names in wanted.items()
    }
    assert "1 dropped" in capsys.readouterr().out
    assert [(one["name"], one["version"], one["sha256"]) for one in data.datasets] == [
        ("own", 1, old.parent.name),
        ("own", 2, new.parent.name),
    ]


def test_cells_of_two_classes_are_left_out(tmp_path, freeze, capsys):
    old = freeze([cell("a", "training", "1"), cell("b", "validation", "2"), cell("c", "training", "3")])
    new = freeze([cell("a", "training", "1", "lymphocyte")], number=2)
    data = prepared(tmp_path, old, new)
    assert len(data.records) == 2
    assert "1 cells with different classes" in capsys.readouterr().out


def test_a_set_without_validation_or_pictures_is_refused(tmp_path, freeze):
    with pytest.raises(DataError, match="validation"):
        prepared(tmp_path, freeze([cell("a", "training", "1")]))
    manifest = freeze([cell("b", "training", "1"), cell("c", "validation", "2")])
    (tmp_path / PICTURES / cell("b", "", "").file).unlink()
    with pytest.raises(DataError, match="missing"):
        prepared(tmp_path, manifest)


def test_rows_are_joined_through_each_other():
    assert len(set(joined([{1}, {1, 2}, {2, 3}, {4}]))) == 2
    parts = shared_out([{"training"}, {"test"}, {"training"}], joined([{1}, {1}, {2}]))
    assert (parts.training, parts.held_out, parts.dropped) == ((2,), (1,), (0,))
