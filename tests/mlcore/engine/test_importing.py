"""ZIP files and folders become frozen versions; what is wrong with one is said, and nothing of it stays."""

import io
import json
import struct
import zipfile

import numpy as np
import pytest
from PIL import Image

from mlcore.engine.archive import Limits, unpack
from mlcore.engine.errors import DataError
from mlcore.engine.fingerprint import RINGS, WIDTH
from mlcore.engine.frozen import TEST, TRAINING, read_frozen
from mlcore.engine.images import read_image
from mlcore.engine.importing import copies_note, import_version
from mlcore.engine.intake import check_groups
from mlcore.engine.parts import Candidate, frozen_pictures, turned_copies
from mlcore.engine.tidy import tidied
from tests.predictions import hostile


def png(seed, side=48, blocks=6, **saved):
    pixels = np.random.default_rng(seed).integers(0, 255, (blocks, blocks, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).resize((side, side)).save(out, saved.pop("format", "PNG"), **saved)
    return out.getvalue()


def packed(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def good(first=0, count=8):
    labels = ("neutrophil", "Mast cell")
    return [(f"set/{label}/{n}.png", png(100 * k + n)) for k, label in enumerate(labels)
            for n in range(first, first + count)]  # fmt: skip


def link():
    info = zipfile.ZipInfo("neutrophil/link.png")
    info.external_attr = 0o120777 << 16
    return info


@pytest.fixture
def freeze(tmp_path):
    """Import a ZIP of these members into one store; returns the result and the version."""

    def freeze(members, number=1, **order):
        work = tmp_path / f"work{number}"
        work.mkdir()
        header = {"name": "Ours", "version": number, "license": "MIT", "source": "here"}
        data = packed(work / "data.zip", members)
        told = {"store": str(tmp_path / "store"), "origin": "zip", "data": str(data), "header": header}
        (work / "order.json").write_text(json.dumps({**told, "laboratory": "here", **order}))
        import_version(work / "order.json")
        result = json.loads((work / "result.json").read_text())
        return result, read_frozen(tmp_path / "store" / result["sha256"] / "manifest.jsonl")

    return freeze


def stored(tmp_path):
    return sorted(path.name for path in (tmp_path / "store" / "pictures").glob("*/*"))


def test_a_zip_becomes_a_version_with_its_pictures_and_every_class_on_each_side(freeze, tmp_path):
    result, frozen = freeze(good())
    assert result["counts"]["classes"] == {
        label: {"training": 5, "validation": 1, "test": 2} for label in ("neutrophil", "mast_cell")
    }
    assert "mast_cell" in result["problems"][0]
    assert stored(tmp_path) == sorted(picture.file.split("/")[1] for picture in frozen.pictures)


def test_what_was_tested_or_validated_by_stays_there_and_nothing_trained_on_is_tested_by(freeze):
    first, one = freeze(good())
    _result, two = freeze(good(count=30), number=2, earlier=[first["sha256"]])
    before = {picture.sha256: picture.split for picture in one.pictures}
    after = {picture.sha256: picture.split for picture in two.pictures}
    assert {sha256: after[sha256] for sha256 in before} == before
    assert sum(side == "test" for side in after.values()) == 12


def test_a_copy_of_a_tested_picture_is_tested_by_too(freeze):
    first, one = freeze(good())
    tested = {picture.sha256 for picture in one.part("test")}
    turned = []
    for name, content in good():
        out = io.BytesIO()
        Image.open(io.BytesIO(content)).rotate(90).save(out, "PNG")
        turned.append((name.replace(".png", "t.png"), out.getvalue()))
    result, two = freeze(good() + turned, number=2, earlier=[first["sha256"]])
    assert result["counts"]["near_duplicates"] == 16
    assert len(two.part("test")) == 2 * len(tested)


def test_an_excluded_cell_is_left_out(freeze):
    first, one = freeze(good())
    gone = one.pictures[0].key
    result, two = freeze(good(), number=2, earlier=[first["sha256"]], excluded=[gone])
    assert gone not in {picture.key for picture in two.pictures}
    assert any("excluded" in note for note in result["problems"])


def bomb():
    return [("neutrophil/a.png", b"\0" * 30_000_000), ("monocyte/b.png", png(1))]


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (bomb(), "unpacks to more than 100 times"),
        ([("../../etc/cron.d/x.png", png(1))], "leads out of"),
        ([("neutrophil\\..\\..\\x.png", png(1))], "leads out of"),
        ([("/etc/x.png", png(1))], "leads out of"),
        ([("C:/x.png", png(1))], "leads out of"),
        ([(link(), b"/etc/passwd")], "is a link"),
        ([("neutrophil/inner.zip", b"PK")], "archive within"),
        ([("neutrophil/readme.html", b"<p>")], "no JPEG or PNG"),
        ([("a.png", png(1))], "no class folder"),
        ([*good(), ("lymphocite/a.png", png(1)), ("lymphocite/b.png", png(2))], "Did you mean “lymphocyte”"),
        ([*good(), ("none/a.png", png(1))], "no name for a class"),
        ([("neutrophil/a.png", png(1))], "one picture only"),
        ([("neutrophil/a.png", png(1)), ("neutrophil/b.png", png(2))], "of one class"),
        ([*good(), ("monocyte/a.png", png(777))], "monocyte: there is one picture"),
        ([*good(), ("monocyte/a.png", png(777)), ("monocyte/b.png", png(777))], "show one original"),
        ([("neutrophil/a.png", png(1)), ("neutrophil/b.png", png(2)), ("monocyte/c.png", png(3)),
          ("monocyte/d.png", png(4))], "No class has 4"),
        ([*good(), ("monocyte/a.png", png(0)), ("monocyte/b.png", png(5))], "of another class"),
        ([*good(), ("monocyte/a.png", b"GIF89a"), ("monocyte/b.png", png(2))], "not a JPEG or PNG"),
        ([*good(), ("monocyte/a.png", png(9)[:-99]), ("monocyte/b.png", png(2))], "damaged or cut off"),
        ([(f"neutrophil/{n}.png", b"") for n in range(5001)], "5,001 files; 5,000 are allowed"),
        ([], "no JPEG or PNG picture in any"),
    ],
)  # fmt: skip
def test_each_bad_zip_has_its_own_message_and_leaves_nothing(freeze, tmp_path, members, message):
    with pytest.raises(DataError, match=message):
        freeze(members)
    assert stored(tmp_path) == []
    assert list((tmp_path / "store").glob("*/manifest.jsonl")) == []


def test_a_refusal_leaves_the_earlier_version_whole(freeze, tmp_path):
    freeze(good())
    before = stored(tmp_path)
    with pytest.raises(DataError):
        freeze([*good(first=20), ("none/a.png", png(1))], number=2)
    assert stored(tmp_path) == before


@pytest.mark.parametrize(
    "change", [lambda data: data[:-40], lambda data: b"", lambda data: data.replace(b"PK", b"KP")]
)
def test_a_damaged_zip_is_refused(tmp_path, change):
    data = packed(tmp_path / "whole.zip", good()).read_bytes()
    (tmp_path / "bad.zip").write_bytes(change(data))
    (tmp_path / "into").mkdir()
    with pytest.raises(DataError, match="damaged or cut off"):
        unpack(tmp_path / "bad.zip", tmp_path / "into", Limits())
    assert list((tmp_path / "into").iterdir()) == []


def test_an_encrypted_zip_is_refused(tmp_path):
    data = bytearray(packed(tmp_path / "whole.zip", good()).read_bytes())
    place = data.index(b"PK\1\2") + 8
    data[place : place + 2] = struct.pack("<H", 1)
    (tmp_path / "bad.zip").write_bytes(data)
    with pytest.raises(DataError, match="encrypted"):
        unpack(tmp_path / "bad.zip", tmp_path, Limits())


def test_real_bytes_are_counted_whatever_the_directory_says(tmp_path):
    (tmp_path / "into").mkdir()
    archive = packed(tmp_path / "whole.zip", good())
    with pytest.raises(DataError, match="holds more than 0 MB"):
        unpack(archive, tmp_path / "into", Limits(bytes=100))
    assert list((tmp_path / "into").iterdir()) == []


def test_pictures_lose_their_metadata_and_keep_their_pixels():
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "Patient 4711"
    for content in (
        png(1, format="JPEG", exif=exif),
        png(1, format="JPEG") + b"<script>",
        png(1) + b"PK\3\4",
    ):
        clean, suffix = tidied(content, read_image(content))
        assert suffix == ".png"
        assert not any(word in clean for word in (b"4711", b"script", b"PK\3\4"))
    endless = hostile.many_scans(scans=100, width=64, height=64)
    assert tidied(endless, read_image(endless))[1] == ".png"
    plain = png(1, format="JPEG")
    assert tidied(plain, read_image(plain)) == (plain, ".jpg")
    assert tidied(png(1), read_image(png(1))) == (png(1), ".png")


def candidates(label, names):
    return [Candidate(name * 64, f"{name}.png", label, "here") for name in names]


def test_turned_copies_are_told_by_their_rings_and_not_by_what_their_cut_edges_share():
    random = np.random.default_rng(3)
    cells = candidates("neutrophil", "01234567") + candidates("monocyte", "89abcdef")
    originals = random.normal(size=(4, RINGS))
    outline = random.normal(size=WIDTH - RINGS)
    rings = [originals[number // 4] + random.normal(scale=0.1, size=RINGS) for number in range(16)]
    prints = {
        cell.sha256: np.concatenate([own, outline]).astype(np.float32)
        for cell, own in zip(cells, rings, strict=True)
    }
    group = {one.sha256[0]: one.group for one in frozen_pictures(cells, [], prints, augmented=True)}
    assert [len({group[name] for name in four}) for four in ("0123", "4567", "89ab", "cdef")] == [1] * 4
    assert len(set(group.values())) == 4
    plain = frozen_pictures(cells, [], prints)
    assert len({one.group for one in plain}) == 1


def test_turned_copies_across_the_split_are_told_of():
    random = np.random.default_rng(5)
    cells = candidates("neutrophil", "01234567") + candidates("monocyte", "89abcdef")
    own = {cell.sha256: random.normal(size=WIDTH).astype(np.float32) for cell in cells}
    frozen = frozen_pictures(cells, [], own)
    tested = [one.sha256 for one in frozen if one.split == TEST]
    assert turned_copies(frozen, own) == (0, len(tested))
    # The first of them turns up among those for training, turned: its rings stay, its outline does not.
    copied = next(one.sha256 for one in frozen if one.split == TRAINING)
    turned = own | {copied: np.concatenate([own[tested[0]][:RINGS], own[copied][RINGS:]])}
    assert turned_copies(frozen, turned) == (1, len(tested))
    assert copies_note(1, 6) == []
    assert copies_note(2, 6)[0].startswith("2 of 6 test pictures look like turned or sheared copies")


def test_a_set_that_hangs_together_is_told_of():
    cells = candidates("neutrophil", "01234567") + candidates("monocyte", "89abcdef")
    alone = {cell.sha256: cell.sha256 for cell in cells}
    assert list(check_groups(cells, alone, strict=True)) == []
    together = alone | {name * 64: "one" for name in "0123489abc"}
    note = next(check_groups(cells, together, strict=True))
    assert note.startswith("10 of 16 cells hang together as one group")
