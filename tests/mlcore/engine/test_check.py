"""A bad folder gives one list of everything that is wrong with it, before any work is done."""

import shutil

import pytest

from mlcore.engine.check import Weight, check_folder, check_groups, refuse_bad, report_problems
from mlcore.engine.errors import DataError
from mlcore.engine.manifest import Record, file_hash
from mlcore.engine.prepared import prepare
from tests.mlcore.engine.drawing import field, save


@pytest.fixture
def lab(tmp_path):
    """A sound folder of two classes with five pictures each."""
    for number in range(10):
        label = ("monocyte", "lymphocyte")[number % 2]
        save(field([(160, 120, 22)], seed=number), tmp_path / "lab" / label / f"{number}.png")
    return tmp_path / "lab"


def told(problems):
    return {(problem.path, problem.weight) for problem in problems}


def test_a_sound_folder_has_no_problem(lab):
    assert check_folder(lab) == []
    refuse_bad(lab, [])


def test_everything_wrong_is_named_at_once(lab):
    (lab / "basophil").mkdir()
    (lab / "neutrophill").mkdir()
    shutil.copy(lab / "monocyte" / "0.png", lab / "neutrophill" / "0.png")
    whole = (lab / "monocyte" / "2.png").read_bytes()
    (lab / "monocyte" / "2.png").write_bytes(whole[: len(whole) // 2])
    (lab / "lymphocyte" / "notes.jpg").write_text("no picture")
    save(field([(160, 120, 30)], seed=50), lab / "none" / "1.png")
    problems = check_folder(lab)
    assert told(problems) == {
        (path, Weight.STOPS)
        for path in (
            "basophil",
            "neutrophill",
            "none",
            "monocyte/0.png",
            "monocyte/2.png",
            "lymphocyte/notes.jpg",
        )
    }
    with pytest.raises(DataError) as refusal:
        refuse_bad(lab, problems)
    text = str(refusal.value)
    assert "\n" not in text
    for words in (
        "8 things",
        "basophil: holds no JPEG or PNG picture",
        "Did you mean “neutrophil”",
        "neutrophill/0.png, in the folder of another class",
        "monocyte/2.png: The picture is damaged or cut off",
        "holds one picture",
    ):
        assert words in text


def test_one_class_and_none_are_refused(tmp_path, lab):
    shutil.rmtree(lab / "monocyte")
    assert "one class only" in str(check_folder(lab)[0])
    (tmp_path / "empty").mkdir()
    assert "No pictures" in str(check_folder(tmp_path / "empty")[0])
    assert "no folder" in str(check_folder(tmp_path / "nowhere")[0])


def test_a_long_list_is_cut_and_counted(lab):
    for number in range(20):
        (lab / "monocyte" / f"x{number}.png").write_bytes(b"no picture")
    said = []
    problems = check_folder(lab)
    report_problems(problems, said.append)
    assert len(problems) == 20
    assert (len(said), said[-1]) == (13, "… and 8 more like these (stops the training).")
    with pytest.raises(DataError, match=r"20 things.*and 8 more"):
        refuse_bad(lab, problems)


def test_known_pictures_are_not_decoded_again(lab):
    broken = lab / "monocyte" / "0.png"
    broken.write_bytes(b"no picture")
    assert check_folder(lab, {file_hash(broken)}) == []


def test_hidden_folders_and_files_are_no_classes(lab):
    (lab / ".thumbnails").mkdir()
    (lab / "monocyte" / ".1.png").write_bytes(b"no picture")
    assert check_folder(lab) == []


def test_a_damaged_picture_of_a_public_set_is_left_out(tmp_path, lab):
    lab.rename(tmp_path / "pbc")
    (tmp_path / "pbc" / "monocyte" / "bad.jpg").write_bytes(b"no picture")
    shutil.copy(tmp_path / "pbc" / "monocyte" / "0.png", tmp_path / "pbc" / "lymphocyte" / "0.png")
    problems = check_folder(tmp_path)
    assert told(problems) == {
        ("pbc/monocyte/bad.jpg", Weight.LEFT_OUT),
        ("pbc/lymphocyte/0.png", Weight.NOTED),
    }
    refuse_bad(tmp_path, problems)
    data = prepare(tmp_path, tmp_path / "work")
    assert len(data.records) == 11
    assert "pbc/monocyte/bad.jpg" not in {record.path for record in data.records}


def test_what_the_public_sets_lack_is_named(tmp_path):
    save(field([(160, 120, 22)]), tmp_path / "bccd" / "images" / "BloodImage_00001.jpg")
    save(field([(160, 120, 22)], seed=2), tmp_path / "txl-pbc" / "images" / "val" / "a.jpg")
    assert {path for path, _ in told(check_folder(tmp_path))} == {
        "bccd/labels.csv",
        "txl-pbc/labels/val/a.txt",
    }


def test_a_training_does_not_begin_with_a_bad_folder(lab, tmp_path, capsys):
    (lab / "none").mkdir()
    (lab / "basophil").mkdir()
    with pytest.raises(DataError, match="3 things"):
        prepare(lab, tmp_path / "work")
    assert "basophil: holds no JPEG or PNG picture." in capsys.readouterr().out
    assert not (tmp_path / "work").exists()


def _records(labels):
    return [Record(f"{label}/{row}.png", str(row), label, "lab") for row, label in enumerate(labels)]


def test_one_cell_in_two_classes_is_noted_with_both_files(tmp_path):
    records = _records(["monocyte"] * 6 + ["lymphocyte"] * 6)
    problems = check_groups(tmp_path, records, [*range(6), 0, *range(7, 12)])
    assert [problem.weight for problem in problems] == [Weight.NOTED]
    assert "monocyte/0.png: shows the same as lymphocyte/6.png (group 0)" in str(problems[0])


@pytest.mark.parametrize(
    ("monocytes", "weight"), [(1, Weight.STOPS), (3, Weight.NOTED)], ids=["one original", "three"]
)
def test_too_few_originals_are_told(tmp_path, monocytes, weight):
    records = _records(["monocyte"] * 6 + ["lymphocyte"] * 6)
    groups = [row % monocytes for row in range(6)] + list(range(6, 12))
    (problem,) = check_groups(tmp_path, records, groups)
    assert (problem.path, problem.weight) == ("monocyte", weight)


def test_a_folder_without_a_picture_to_validate_on_is_refused(tmp_path):
    records = _records(["monocyte"] * 3 + ["lymphocyte"] * 3)
    assert {p.weight for p in check_groups(tmp_path, records, list(range(6)))} == {Weight.STOPS}
