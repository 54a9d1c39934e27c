"""The command line as a laboratory's script meets it."""

import json
import subprocess
import sys

import pytest

from mlcore.engine.contracts import LABELS
from tests.mlcore.engine.drawing import field, save


def engine(*arguments, stdin=None):
    return subprocess.run(
        [sys.executable, "-m", "mlcore.engine", *map(str, arguments)],
        capture_output=True,
        text=True,
        input=stdin,
        check=False,
    )


@pytest.fixture
def pictures(tmp_path):
    first = save(field([(90, 80, 24), (230, 160, 20)]), tmp_path / "first.png")
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    return first, broken, save(field([(150, 120, 25)]), tmp_path / "zweites Präparat.jpg", quality=95)


def test_one_line_for_each_file_and_the_unreadable_one_stops_nothing(pictures, bundle):
    done = engine("classify", *pictures, "--json", "-")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert [line["file"] for line in lines] == [str(path) for path in pictures]
    assert [len(line.get("cells", [])) for line in lines] == [2, 0, 1]
    assert lines[1]["error"]
    assert all(line["model"]["sha256"] == bundle.identity.sha256 for line in lines)
    cell = lines[0]["cells"][0]
    assert set(cell) == {"box", "label", "confidence", "probabilities", "abstained", "reason"}
    assert set(cell["probabilities"]) <= set(LABELS)
    assert cell["confidence"] >= lines[0]["cells"][1]["confidence"]


def test_files_from_a_list_and_single(pictures, tmp_path):
    listed = tmp_path / "list.txt"
    listed.write_text(f"{pictures[0]}\n\n{pictures[2]}\n")
    done = engine("classify", "--files-from", listed, "--single", "--json", tmp_path / "out.jsonl")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [len(line["cells"]) for line in lines] == [1, 1]


def test_a_list_on_standard_input(pictures):
    done = engine("classify", "--files-from", "-", stdin=f"{pictures[0]}\n")
    assert json.loads(done.stdout)["file"] == str(pictures[0])


def test_nothing_to_do_is_said():
    done = engine("classify")
    assert done.returncode == 2
    assert "at least one picture" in done.stderr


def test_a_missing_bundle_is_one_sentence(pictures, tmp_path):
    done = engine("classify", pictures[0], "--bundle", tmp_path)
    assert done.returncode == 2
    assert "lacks manifest.json" in done.stderr
    assert "Traceback" not in done.stderr


def test_evaluate_writes_figures_and_a_picture(tmp_path):
    for number in range(2):
        save(field([(160, 120, 24)], seed=number), tmp_path / "lab" / "monocyte" / f"{number}.png")
    done = engine(
        "evaluate", tmp_path / "lab", "--json", tmp_path / "out.json", "--picture", tmp_path / "c.png"
    )
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "out.json").read_text())
    assert told["pictures"] == 2
    assert {"accuracy", "per_class", "confusion", "calibration"} <= set(told)
    assert (tmp_path / "c.png").exists()


def test_training_without_data_is_one_sentence(tmp_path):
    done = engine("train", "--data", tmp_path, "--out", tmp_path / "b", "--work", tmp_path / "w")
    assert done.returncode == 2
    assert "No pictures" in done.stderr
