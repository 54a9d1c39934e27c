"""What a model has seen is known by pixels, whatever file brings them; where no bundle tells, a list does."""

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from mlcore.engine import seen as lists
from mlcore.engine.bundle import SHIPPED_BUNDLE, read_bundle
from mlcore.engine.cli import main
from mlcore.engine.contracts import ModelIdentity
from mlcore.engine.errors import BundleError
from mlcore.engine.images import pixels_hash, read_image
from mlcore.engine.looks import look
from mlcore.engine.seen import Seen, list_file, read_seen, seen_by
from mlcore.engine.tidy import keep
from tests.mlcore.engine.test_importing import png

UNKNOWN = ModelIdentity("0.1.0", "ab" * 32)
# Colours at half the resolution, where decoders differ if they do.
JPEG = (
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxO"
    "UlNSMj5aYVpQYEpRUk//2wBDAQ4ODhMREyYVFSZPNS01T09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09P"
    "T09PT09PT0//wAARCAAdACUDASIAAhEBAxEB/8QAGAABAAMBAAAAAAAAAAAAAAAABgAEBQL/xAAfEAABBAIDAQEAAAAAAAAAAAAB"
    "AAIDBAUREhMhQVH/xAAZAQEAAgMAAAAAAAAAAAAAAAAEAQYAAwX/xAAhEQABBAEEAwEAAAAAAAAAAAABAAIDBDEFERIhExQyU//a"
    "AAwDAQACEQMRAD8ATWMpC5hAcEfyFpjt6KNPuTMG3OOlxFeNl/WD6lyaXXMgkD8JNe43fkEgxd6OGxtx+rZyOThsQcWOBOkGv1rF"
    "eHsGwqWOyMndxkeSFl6nDalbO13yptyNuni7oJMQ4nxRcR3I+I2op823SMNArfopaw75IyGhZ9PCS0rPbJvW0/ijaX+hV87ExlMk"
    "D3Sqk1l8ThGDlG0qESdFHMlZisVeloG9aRuHDyiYuG9bVuu4uukE+bSWGJvAeJbJHVhxacrpXqza8RLVgNx8oH1RJODfxRbPZcqe"
    "bT98r//Z"
)
DECODED = "96a8e541adb889f80415ab8de66e7c467fda0dee5563b23adb8ed106a788c969"


def test_the_decoder_still_gives_the_pixels_that_the_lists_were_made_of():
    # Where this fails, a JPEG is decoded otherwise than before: make mlcore/seen anew.
    assert pixels_hash(read_image(base64.b64decode(JPEG))) == DECODED


def test_a_turned_jpeg_shares_its_hash_with_the_upright_png_that_is_stored(tmp_path):
    turned = Image.Exif()
    turned[0x0112], turned[0x010E] = 6, "turned"
    out = io.BytesIO()
    Image.open(io.BytesIO(png(1, side=40))).crop((0, 0, 40, 24)).save(out, "JPEG", exif=turned)
    kept = keep(out.getvalue(), tmp_path)
    stored = read_image(tmp_path / kept.file)
    assert (kept.file[-4:], stored.shape) == (".png", (40, 24, 3))
    assert kept.pixels == pixels_hash(stored) == pixels_hash(read_image(out.getvalue()))


def test_the_hash_tells_pixels_and_their_arrangement_apart():
    picture = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    other = picture.copy()
    other[3, 5, 2] += 1
    assert len({pixels_hash(one) for one in (picture, other, picture.reshape(6, 4, 3))}) == 3


def test_a_list_is_read_as_it_was_written_and_a_damaged_one_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(lists, "LISTS", tmp_path)
    hashes = [pixels_hash(read_image(png(number))) for number in range(5)]
    looks = [look(read_image(png(number))) for number in range(2)]
    told = Seen().and_of(hashes[:3], looks)
    list_file(UNKNOWN).write_bytes(told.as_list())
    assert read_seen(None, UNKNOWN) == told
    assert told.among(hashes) == set(hashes[:3])
    assert read_seen(told.as_bytes(), UNKNOWN) == told
    assert told.among_as_copies({"x": looks[0]}) == {looks[0]}
    list_file(UNKNOWN).write_bytes(told.as_list()[:-20])
    with pytest.raises(BundleError, match="damaged"):
        read_seen(None, UNKNOWN)


def test_what_tells_no_pixels_tells_nothing():
    assert read_seen(None, UNKNOWN).untold == ("0.1.0",)
    assert read_seen(json.dumps({"pictures": ["ab"], "untold": []}).encode(), UNKNOWN).untold == ("0.1.0",)
    hashes = read_seen(json.dumps({"pixels": ["ab"], "untold": []}).encode(), UNKNOWN)
    assert (hashes.untold, hashes.unlooked, hashes.among_as_copies({"cd": "AAAA"})) == ((), ("0.1.0",), None)
    with pytest.raises(BundleError):
        read_seen(b'{"pixels": 3}', UNKNOWN)


def test_the_shipped_model_tells_at_least_what_its_manifest_counts():
    bundle = read_bundle(SHIPPED_BUNDLE)
    told, data = seen_by(bundle), bundle.manifest["data"]
    assert (told.untold, told.unlooked) == ((), ())
    assert len(told.looks) > 2_000
    assert len(told.pixels) > data["training"]["pictures"] + data["validation"]["pictures"]


def test_no_list_is_made_of_other_pictures_than_the_bundle_names(tmp_path, capsys):
    for label in ("neutrophil", "lymphocyte"):
        (tmp_path / "data" / "pbc" / label).mkdir(parents=True)
        for number in range(12):
            name = tmp_path / "data" / "pbc" / label / f"{number}.png"
            name.write_bytes(png(number + 100 * (label == "neutrophil")))
    out = tmp_path / "list.npz"
    options = ("--data", str(tmp_path / "data"), "--work", str(tmp_path / "work"), "--out", str(out))
    assert main(["seen", *options]) == 2
    assert "not those that the bundle names" in capsys.readouterr().err
    assert not out.exists()
