"""What the synthetic smears are drawn on: light through plasma, and dye that takes some of it away."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Map = NDArray[np.float32]
Colour = tuple[int, int, int]

PLASMA: Final[Colour] = (253, 235, 214)
TURN: Final = 2 * float(np.pi)


class Canvas:
    """A piece of the slide, and the dice.

    ``light`` is what comes through, floats in 0..1 of shape (height, width, 3): a view of the whole slide.
    """

    def __init__(self, dice: np.random.Generator, light: Map, left: int = 0, top: int = 0) -> None:
        self.dice, self.light, self.left, self.top = dice, light, left, top
        self.height, self.width = light.shape[:2]

    @classmethod
    def empty(cls, seed: int, width: int, height: int) -> Canvas:
        """Return a whole slide with nothing but plasma on it."""
        light = np.full((height, width, 3), _tone(PLASMA), np.float32)
        return cls(np.random.default_rng(seed), light)

    def around(self, x: float, y: float, reach: float) -> Canvas:
        """Return the piece within ``reach`` of a point of the slide; drawing on it draws on the slide."""
        left, top = max(0, int(x - reach)), max(0, int(y - reach))
        piece = self.light[top : max(top, int(y + reach)), left : max(left, int(x + reach))]
        return Canvas(self.dice, piece, left, top)

    def distance(self, x: float, y: float) -> tuple[Map, Map]:
        """Return how far each pixel lies from a point of the whole slide, to the right and down."""
        down, across = np.mgrid[: self.height, : self.width].astype(np.float32)
        return across + np.float32(self.left - x), down + np.float32(self.top - y)

    def blob(self, x: float, y: float, radius: float, *, wobble: float = 0.05, soft: float = 1.2) -> Map:
        """Return a mask (height, width) of a roundish shape with an uneven edge ``soft`` pixels wide."""
        across, down = self.distance(x, y)
        angle = np.arctan2(down, across)
        edge = np.full_like(angle, radius)
        for wave in range(2, 6):
            swing = radius * wobble / wave * self.dice.normal()
            edge += swing * np.cos(wave * angle + self.dice.uniform(0, TURN))
        return np.asarray(np.clip((edge - np.hypot(across, down)) / soft + 0.5, 0, 1), np.float32)

    def grain(self, size: float) -> Map:
        """Return smooth noise of zero mean and unit spread, with spots about ``size`` pixels wide."""
        noise = ndimage.gaussian_filter(self.dice.standard_normal((self.height, self.width)), size)
        return np.asarray(noise / max(float(noise.std()), 1e-6), np.float32)

    def stain(self, mask: Map, colour: Colour, strength: Map | float = 1.0) -> None:
        """Let light through ``mask`` only as dye of ``colour`` does; ``strength`` is its amount."""
        passes = _tone(colour) / _tone(PLASMA)
        self.light *= passes ** np.clip(mask * strength, 0, 2)[..., None]

    def paint(self, mask: Map, colour: Colour) -> None:
        """Cover what lies below, as a thick leukocyte does."""
        cover = np.clip(mask, 0, 1)[..., None]
        self.light += (_tone(colour) - self.light) * cover


def _tone(colour: Colour) -> Map:
    """Return a colour of 0..255 as light of 0..1."""
    return np.array(colour, np.float32) / np.float32(255)
