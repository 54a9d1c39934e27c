"""A TIFF is read as the same picture in another format would be, and nothing but its picture is decoded."""

import io
import resource
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from predictions.decoding.bare import bare
from predictions.decoding.decode import decode
from predictions.decoding.refused import Refused
from predictions.selectors import latest_reading
from predictions.services.analyse import analyse_field
from predictions.synthetic.field import draw_field
from tests.predictions import hostile, tiffs
from tests.predictions.plain_model import loaded

MOST = 24_000_000
ACCEPTED = dict(tiffs.accepted())
# What a decoder has to know of a picture; the rest is none of its business.
NEEDED = {256, 257, 258, 259, 262, 273, 277, 278, 279, 284, 317, 320, 322, 323, 324, 325, 338}


@pytest.mark.parametrize("name", ACCEPTED)
def test_the_decoder_is_told_what_it_takes_and_nothing_else(name):
    plain = bare(ACCEPTED[name], max_pixels=MOST)
    assert set(dict(Image.open(io.BytesIO(plain.content)).tag_v2)) <= NEEDED
    assert len(plain.content) <= len(ACCEPTED[name]) + 100
    assert plain.orientation == (6 if name == "names.tif" else 1)


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(set(ACCEPTED) - {"see-through.tif"}))
def test_each_pixel_is_kept(submit, name):
    image = submit(ACCEPTED[name], name).field.image
    assert image.media_type == "image/png"
    stored, whole = Image.open(image.path), Image.open(io.BytesIO(ACCEPTED[name]))
    whole.load()
    # Pillow turns a TIFF upright by itself, and takes the turn from its notes.
    shown = ImageOps.exif_transpose(whole).convert("RGB")
    assert np.array_equal(np.asarray(stored), np.asarray(shown))


@pytest.mark.django_db
@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate"])
def test_a_smear_as_tiff_has_the_cells_of_its_png(submit, compression):
    drawn = Image.fromarray(draw_field(7).image)
    png = submit(hostile.encoded(drawn, "PNG")).field
    tiff = submit(hostile.encoded(drawn, "TIFF", compression=compression), "smear.tif").field
    assert tiff.image == png.image
    assert tiff.original_sha256 != png.original_sha256
    assert np.array_equal(np.asarray(Image.open(tiff.image.path)), np.asarray(drawn))
    model = loaded()
    for field in (tiff, png):
        analyse_field(field.pk, load=lambda: model)
    (one,), (two,) = latest_reading(tiff)[1], latest_reading(png)[1]
    assert (one.box, one.label, one.probabilities) == (two.box, two.label, two.probabilities)


def test_deflate_that_unfolds_beyond_its_picture_is_not_unfolded():
    content = tiffs.tiff(body=tiffs.bomb(), COMPRESSION=[8])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Refused, match="unfolds"):
        decode(content, max_pixels=MOST)
    # What it claims takes 23 KB, what it unfolds to 48 MB.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


def test_a_last_strip_that_is_filled_up_is_taken():
    """Some programs write each strip as long as the first, though the picture ends within the last."""
    rows = tiffs.pixels(height=96).tobytes()
    strips = [zlib.compress(rows[at : at + 32 * 96 * 3]) for at in range(0, len(rows), 32 * 96 * 3)]
    places = [8 + sum(map(len, strips[:number])) for number in range(3)]
    content = tiffs.tiff(body=b"".join(strips), COMPRESSION=[8], ROWS=[32], OFFSETS=places,
                         BYTES=[len(one) for one in strips])  # fmt: skip
    stored = Image.open(io.BytesIO(decode(content, max_pixels=MOST).content))
    assert np.asarray(stored).tobytes() == rows[: 80 * 96 * 3]


def test_strips_that_name_the_same_bytes_do_not_multiply_them():
    content = tiffs.tiff(4_000, 4_000, body=bytes(8_000_000), strips=4_000, COMPRESSION=[8],
                         OFFSETS=[8] * 4_000, BYTES=[8_000_000] * 4_000)  # fmt: skip
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Refused):
        bare(content, max_pixels=MOST)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000
