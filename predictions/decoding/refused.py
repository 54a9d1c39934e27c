"""Why a file is not taken, as a word and the numbers that belong to it; the portal has the sentences."""

from __future__ import annotations

from typing import Final

SMALLEST_SIDE: Final = 32
LONGEST_SIDE: Final = 20_000


class Refused(Exception):  # noqa: N818 -- the name says what happened
    """A file is not taken. ``code`` and ``numbers`` are what ``predictions.refusals`` makes a sentence of."""

    def __init__(self, code: str, **numbers: int) -> None:
        super().__init__(code)
        self.code = code
        self.numbers = numbers


def damaged() -> Refused:
    """Return the refusal of a file that cannot be decoded."""
    return Refused("damaged")


def too_many_parts() -> Refused:
    """Return the refusal of a file that a decoder would be busy with for minutes."""
    return Refused("too_many_parts")


def too_many_pixels(max_pixels: int) -> Refused:
    """Return the refusal of a picture that would fill the memory."""
    return Refused("too_many_pixels", limit=max_pixels // 1_000_000, side=LONGEST_SIDE)


def check_size(width: int, height: int, max_pixels: int) -> None:
    """Judge a picture by the sides that its header tells, before memory is taken for it.

    Raises:
        Refused: it has more than ``max_pixels``, or a side is too long or too short.
    """
    if width * height > max_pixels or max(width, height) > LONGEST_SIDE:
        raise too_many_pixels(max_pixels)
    if min(width, height) < SMALLEST_SIDE:
        raise Refused("too_small", width=width, height=height, least=SMALLEST_SIDE)
