"""A scanner's file is finished when its picture is there to the end, and not before."""

import io

import pytest
from hematovision_client.pictures import complete
from PIL import Image

from tests.predictions import hostile


def with_preview():
    """A photograph as cameras write it: its metadata hold a whole smaller JPEG, with an end of its own."""
    body = b"Exif\0\0" + hostile.jpeg(width=32, height=32)
    plain = hostile.jpeg()
    return plain[:2] + b"\xff\xe1" + (len(body) + 2).to_bytes(2) + body + plain[2:]


WHOLE = {
    "jpeg": hostile.jpeg(),
    "preview": with_preview(),
    "progressive": hostile.encoded(hostile.picture(), "JPEG", progressive=True),
    "restarts": hostile.encoded(hostile.picture(), "JPEG", restart_marker_blocks=4),
    "png": hostile.png(width=40, height=40),
}


@pytest.mark.parametrize("kind", WHOLE)
def test_every_beginning_of_a_picture_is_unfinished(kind):
    whole = WHOLE[kind]
    assert complete(whole)
    assert [n for n in range(len(whole)) if complete(whole[:n])] == []


@pytest.mark.parametrize("kind", WHOLE)
def test_what_hangs_behind_a_picture_does_not_matter(kind):
    assert complete(WHOLE[kind] + b"\0" * 700 + b"<scanner/>")


@pytest.mark.parametrize("kind", WHOLE)
def test_room_that_is_kept_and_not_yet_written_is_unfinished(kind):
    half = WHOLE[kind][: len(WHOLE[kind]) // 2]
    assert not complete(half.ljust(len(WHOLE[kind]), b"\0"))


def test_of_other_files_only_an_empty_one_is_unfinished():
    assert not complete(b"")
    assert complete(b"<html>")
    buffer = io.BytesIO()
    Image.new("RGB", (40, 40)).save(buffer, "TIFF")
    assert complete(buffer.getvalue())
