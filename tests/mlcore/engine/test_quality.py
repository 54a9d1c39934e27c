"""What spoils a reading is said, and what makes it worthless stops the answer."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from mlcore.engine.contracts import Box
from mlcore.engine.focus import edge_width
from mlcore.engine.images import read_image
from mlcore.engine.impostors import drawings, noise, photographs
from mlcore.engine.picture import picture_statistics
from mlcore.engine.quality import UNUSABLE, quality_flags, scale_flags
from mlcore.engine.stain import thumbnail
from mlcore.engine.strangers import degraded
from tests.mlcore.engine.drawing import field


def flags_at(image, longest):
    small = thumbnail(image, longest)
    return quality_flags(image, small, picture_statistics(image, small))


def flags(image):
    return flags_at(image, 192)


def lit(image, gain):
    return np.clip(image * np.asarray(gain), 0, 255).astype(np.uint8)


def soft(image, deviation):
    return np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(deviation)))


def test_a_good_field_has_no_flags(smear):
    assert flags(smear) == ()


@pytest.mark.parametrize(
    ("gain", "code"),
    [
        (0.2, "too_dark"),
        (0.4, "underexposed"),
        (1.15, "overexposed"),
        (1.7, "washed_out"),
        ((1, 0.6, 0.4), "colour_cast"),
    ],
)
def test_light_is_judged(smear, gain, code):
    assert flags(lit(smear, gain)) == (code,)


def test_light_and_stain_that_laboratories_vary_in_pass(smear):
    for gain in (0.6, 0.8, 1.05, (1, 0.9, 0.8), (0.8, 0.9, 1)):
        assert flags(lit(smear, gain)) == ()


@pytest.mark.parametrize("zoom", [1, 2, 4])
@pytest.mark.parametrize("size", [144, 192])
def test_blur_is_judged_against_the_cell_whatever_the_scale(smear, zoom, size):
    # The larger nucleus is 48 pixels wide and its cell 60.
    image = np.asarray(Image.fromarray(smear).resize((320 * zoom, 240 * zoom), Image.Resampling.BICUBIC))
    sharp, unreadable = image, soft(image, 0.1 * 60 * zoom)
    assert "blurred" not in flags_at(sharp, size)
    assert "blurred" in flags_at(unreadable, size)


def test_a_paler_stain_is_no_blur(smear):
    pale = (255 - (255 - smear.astype(float)) * 0.6).astype(np.uint8)
    assert edge_width(pale, thumbnail(pale, 192)) == pytest.approx(
        edge_width(smear, thumbnail(smear, 192)), rel=0.25
    )


def test_without_nuclei_nothing_is_said_about_focus_but_that_they_are_missing():
    red_cells = field([])
    assert edge_width(red_cells, thumbnail(red_cells, 192)) is None
    assert flags(red_cells) == ("faint_stain",)


def test_nuclei_of_an_odd_hue_are_said(smear):
    red, green, blue = (smear[..., channel] for channel in range(3))
    assert "stain_cast" in flags(np.stack([red, green, np.minimum(blue, green + 20)], axis=-1))


@pytest.mark.parametrize("colour", [(128, 128, 128), (40, 200, 60), (255, 255, 255), (0, 0, 0)])
def test_a_plain_picture_is_no_smear(colour):
    assert "not_a_smear" in flags(np.full((240, 320, 3), colour, np.uint8))


@pytest.mark.parametrize("pictures", [drawings, noise, photographs])
def test_drawings_noise_and_photographs_are_mostly_no_smear(pictures):
    found = [any(code in UNUSABLE for code in flags(image)) for _source, image in pictures(60, seed=5)]
    assert np.mean(found) > 0.7


def test_a_tiny_picture_is_said(smear):
    assert "too_small" in flags(smear[70:90, 80:100])


def test_the_scale_of_cells_is_said(smear):
    assert scale_flags([], smear) == ()
    assert scale_flags([Box(0, 0, 12, 12), Box(40, 40, 50, 52)], smear) == ("cells_too_small",)
    assert scale_flags([Box(0, 0, 60, 60), Box(40, 40, 50, 52)], smear) == ()
    assert scale_flags([Box(0, 0, 320, 238)], smear) == ("cells_too_large",)


def test_a_worthless_picture_gets_no_answer(predictor, smear):
    read = predictor.predict(lit(smear, 0.2), single=True)
    assert all(cell.abstained and "too dark" in cell.reason for cell in read.cells)


@pytest.mark.data
@pytest.mark.parametrize("folder", ["kaggle-bccd/TRAIN", "bccd/images", "pbc", "txl-pbc/images/train"])
def test_real_pictures_are_almost_never_flagged(data, folder):
    paths = sorted((data / folder).rglob("*.jp*g")) + sorted((data / folder).rglob("*.png"))
    found = [flags(read_image(path)) for path in paths[:: max(1, len(paths) // 120)]]
    assert np.mean([bool(codes) for codes in found]) < 0.02


@pytest.mark.data
@pytest.mark.parametrize(
    ("kind", "code"), [("blurred", "blurred"), ("underexposed", "too_dark"), ("overexposed", "washed_out")]
)
def test_real_pictures_made_unreadable_are_refused(data, kind, code):
    found = [flags(image) for _source, image in degraded(data, kind, 60, seed=3)]
    assert np.mean([bool({code, "not_a_smear"} & set(codes)) for codes in found]) > 0.9
