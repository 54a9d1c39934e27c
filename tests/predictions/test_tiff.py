"""A TIFF is read as the same picture in another format would be, and nothing but its picture is decoded."""

import io
import resource

import numpy as np
import pytest
from PIL import Image, ImageOps

from predictions.errors import UploadRefused
from predictions.pipeline.bare import bare
from predictions.selectors import latest_reading
from predictions.services.analyse import analyse_field
from predictions.synthetic.field import draw_field
from tests.predictions import hostile, tiffs
from tests.predictions.plain_model import loaded

ACCEPTED = dict(tiffs.accepted())
# What a decoder has to know of a picture; the rest is none of its business.
NEEDED = {256, 257, 258, 259, 262, 273, 277, 278, 279, 284, 317, 320, 322, 323, 324, 325, 338}


@pytest.mark.parametrize("name", ACCEPTED)
def test_the_decoder_is_told_what_it_takes_and_nothing_else(name):
    plain = bare(ACCEPTED[name])
    assert set(dict(Image.open(io.BytesIO(plain.content)).tag_v2)) <= NEEDED
    assert len(plain.content) <= len(ACCEPTED[name]) + 100
    assert plain.orientation == (6 if name == "names.tif" else 1)


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(set(ACCEPTED) - {"deflate-bomb.tif", "see-through.tif"}))
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


@pytest.mark.django_db
def test_deflate_that_unfolds_beyond_its_picture_is_cut_off(submit):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    image = submit(ACCEPTED["deflate-bomb.tif"]).field.image
    # What it claims takes 23 KB, what it unfolds to 48 MB.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000
    assert not np.asarray(Image.open(image.path)).any()


def test_strips_that_name_the_same_bytes_do_not_multiply_them():
    content = tiffs.tiff(4_000, 4_000, body=bytes(8_000_000), strips=4_000, COMPRESSION=[8],
                         OFFSETS=[8] * 4_000, BYTES=[8_000_000] * 4_000)  # fmt: skip
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UploadRefused):
        bare(content)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000
