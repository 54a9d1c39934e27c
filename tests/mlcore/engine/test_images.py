"""Pictures are decoded completely or refused in words."""

import io

import numpy as np
import pytest
from PIL import Image

from mlcore.engine.errors import UnreadableImageError
from mlcore.engine.images import read_image


def _bytes(picture, form="PNG", **options):
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA", "LA", "CMYK", "1", "I;16"])
def test_every_mode_becomes_rgb(mode):
    source = (
        Image.new(mode, (40, 30)) if mode == "I;16" else Image.new("RGB", (40, 30), "white").convert(mode)
    )
    image = read_image(_bytes(source, "JPEG" if mode == "CMYK" else "PNG"))
    assert image.shape == (30, 40, 3)
    assert image.dtype == np.uint8


def test_orientation_is_applied():
    exif = Image.Exif()
    exif[0x0112] = 6
    assert read_image(_bytes(Image.new("RGB", (40, 30)), "JPEG", exif=exif)).shape == (40, 30, 3)


def test_transparent_is_white():
    assert read_image(_bytes(Image.new("RGBA", (4, 4), (0, 0, 0, 0)))).min() == 255


@pytest.mark.parametrize(
    "junk", [b"", b"hello", b"<svg/>", b"%PDF-1.7", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"]
)
def test_anything_else_is_refused(junk):
    with pytest.raises(UnreadableImageError):
        read_image(junk)


@pytest.mark.parametrize("form", ["GIF", "BMP", "TIFF", "WEBP"])
def test_other_formats_are_refused(form):
    with pytest.raises(UnreadableImageError, match="not a JPEG or PNG"):
        read_image(_bytes(Image.new("RGB", (9, 9)), form))


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_cut_off_picture_is_refused(form):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (90, 90, 3), np.uint8))
    whole = _bytes(noise, form)
    with pytest.raises(UnreadableImageError, match="damaged or cut off"):
        read_image(whole[: len(whole) // 2])


def test_too_many_pixels_are_refused_before_decoding():
    with pytest.raises(UnreadableImageError, match="megapixels"):
        read_image(_bytes(Image.new("1", (12000, 12000))))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(UnreadableImageError, match="does not exist"):
        read_image(tmp_path / "nothing.png")
