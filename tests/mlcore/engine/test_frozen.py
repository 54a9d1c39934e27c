"""A frozen data set is read as it was written, is named by its hash, and tells when it was altered."""

import dataclasses
import hashlib
import json

import pytest

from mlcore.engine.contracts import Box
from mlcore.engine.errors import DataError
from mlcore.engine.frozen import FrozenHeader, FrozenPicture, picture_file, read_frozen, write_frozen

HEADER = FrozenHeader("Blood 2026", 3, "CC BY 4.0", "Our own, Zürich")


def picture(name, **changes):
    sha256 = hashlib.sha256(name.encode()).hexdigest()
    one = FrozenPicture(sha256, picture_file(sha256), "neutrophil", "pbc", f"g-{name}", "training")
    return dataclasses.replace(one, **changes)


def test_a_version_is_read_as_it_was_written(tmp_path):
    field = [picture("field", box=Box(x, 4, x + 9, 30), single=False) for x in (20, 3)]
    name = write_frozen(tmp_path, HEADER, [picture("b", split="test"), picture("a"), *field])
    frozen = read_frozen(tmp_path / name / "manifest.jsonl")
    assert frozen.header == HEADER
    assert set(frozen.pictures) == {picture("b", split="test"), picture("a"), *field}
    assert [one.sha256 for one in frozen.pictures] == sorted(one.sha256 for one in frozen.pictures)
    assert [one.key for one in frozen.part("test")] == [picture("b").sha256]
    assert len({one.key for one in frozen.pictures}) == 4


def test_the_name_is_the_hash_of_the_file_whatever_the_order(tmp_path):
    pictures = [picture(str(number)) for number in range(5)]
    name = write_frozen(tmp_path, HEADER, pictures)
    data = (tmp_path / name / "manifest.jsonl").read_bytes()
    assert hashlib.sha256(data).hexdigest() == name
    assert write_frozen(tmp_path, HEADER, pictures[::-1]) == name
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


def test_each_line_is_plain_json(tmp_path):
    name = write_frozen(tmp_path, HEADER, [picture("a", box=Box(1, 2, 3, 4))])
    header, line = map(json.loads, (tmp_path / name / "manifest.jsonl").read_text().splitlines())
    assert header == {"format": "hematovision-dataset-1", **dataclasses.asdict(HEADER)}
    assert line["box"] == [1, 2, 3, 4]
    assert line["file"] == f"{line['sha256'][:2]}/{line['sha256']}.png"


def test_an_altered_version_is_refused(tmp_path):
    name = write_frozen(tmp_path, HEADER, [picture("a"), picture("b", split="test")])
    manifest = tmp_path / name / "manifest.jsonl"
    manifest.write_text(manifest.read_text().replace('"test"', '"training"'))
    with pytest.raises(DataError, match="altered"):
        read_frozen(manifest)
    with pytest.raises(DataError, match="missing"):
        read_frozen(tmp_path / "ab" / "manifest.jsonl")


@pytest.mark.parametrize(
    ("pictures", "message"),
    [
        ([picture("a"), picture("a")], "twice"),
        ([picture("a", group="g"), picture("b", group="g", split="test")], "two sides"),
        ([picture("a", file="../../etc/passwd")], "is not where"),
        ([picture("a", label="none")], "no class"),
        ([picture("a", split="held")], "no part"),
        ([picture("a", box=Box(5, 5, 5, 9))], "no size"),
    ],
)
def test_what_may_not_be_frozen_is_refused_and_leaves_nothing(tmp_path, pictures, message):
    with pytest.raises(DataError, match=message):
        write_frozen(tmp_path, HEADER, pictures)
    assert list(tmp_path.iterdir()) == []


def test_a_manifest_of_another_format_is_refused(tmp_path):
    data = b'{"format":"other"}\n'
    folder = tmp_path / hashlib.sha256(data).hexdigest()
    folder.mkdir()
    (folder / "manifest.jsonl").write_bytes(data)
    with pytest.raises(DataError, match="another format"):
        read_frozen(folder / "manifest.jsonl")
