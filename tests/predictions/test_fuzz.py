"""Whatever bytes arrive, the answer is a stored picture or a refusal, never another error."""

import io

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from predictions.decoding.decode import decode
from predictions.decoding.refused import Refused
from predictions.errors import UploadRefused
from predictions.pipeline.check import check
from tests.predictions import hostile, tiffs

BASES = [hostile.jpeg(), hostile.png(), hostile.with_exif(6), hostile.with_text(), hostile.deep_png()]
BASES += [
    hostile.encoded(hostile.picture(mode="P"), "PNG"),
    hostile.encoded(hostile.picture(), "JPEG", progressive=True),
    *(tiffs.tiled(), tiffs.with_names(), tiffs.written("P"), tiffs.tiff(strips=4, order=">")),
    *(tiffs.written(compression="tiff_lzw"), tiffs.written(compression="tiff_adobe_deflate")),
]
MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*")

damage = st.lists(
    st.tuples(
        st.floats(0, 1), st.sampled_from(["replace", "insert", "drop"]), st.binary(min_size=1, max_size=8)
    ),
    min_size=1,
    max_size=6,
)


def damaged(content, changes):
    content = bytearray(content)
    for place, kind, patch in changes:
        # Headers matter most, so most damage is done there: at the beginning, of a TIFF at the end.
        at = int(place**3 * len(content))
        at = len(content) - at if content[:2] in (b"II", b"MM") else at
        if kind == "replace":
            content[at : at + len(patch)] = patch
        elif kind == "insert":
            content[at:at] = patch
        else:
            del content[at : at + len(patch) * 4]
    return bytes(content)


def take(content):
    try:
        check(content)
        cleaned = decode(content, max_pixels=24_000_000)
    except (UploadRefused, Refused):
        return
    again = hostile.Image.open(io.BytesIO(cleaned.content))
    again.load()
    assert again.size == (cleaned.width, cleaned.height)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(base=st.sampled_from(BASES), changes=damage)
def test_damaged_pictures(base, changes):
    take(damaged(base, changes))


@settings(max_examples=200, deadline=None)
@given(magic=st.sampled_from(MAGIC), rest=st.binary(max_size=300))
def test_any_bytes_after_a_picture_begins(magic, rest):
    take(magic + rest)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(content):
    take(content)
