"""Pictures of anything but blood: drawings and noise from a seeded generator, and tiles of photographs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont
from scipy import ndimage
from sklearn.datasets import load_sample_images

from mlcore.engine.contracts import Image
from mlcore.engine.images import read_image

SIZE = (320, 240)
WORDS = "Blood count: neutrophils 3.2, lymphocytes 1.8, monocytes 0.4 per nl; see overleaf. Signed, the ward."
Random = np.random.Generator
Pen = ImageDraw.ImageDraw
Colour = tuple[int, int, int]


def drawings(count: int, seed: int = 0) -> Iterator[tuple[str, Image]]:
    """Yield shapes, pages of text, bar charts, curves, pie charts and faces in turn, in random colours."""
    random = np.random.default_rng(seed)
    for number in range(count):
        paper: Colour = (255, 255, 255) if random.random() < 0.5 else _colour(random, 180)
        picture = PillowImage.new("RGB", SIZE, paper)
        draw = DRAWINGS[number % len(DRAWINGS)]
        draw(ImageDraw.Draw(picture), random)
        yield draw.__name__.strip("_"), np.asarray(picture)


def _colour(random: Random, least: int = 0) -> Colour:
    red, green, blue = (int(value) for value in random.integers(least, 256, 3))
    return red, green, blue


def _corners(random: Random, smallest: int = 15, largest: int = 130) -> tuple[int, int, int, int]:
    x, y = int(random.integers(-20, SIZE[0] - 20)), int(random.integers(-20, SIZE[1] - 20))
    width, height = (int(side) for side in random.integers(smallest, largest, 2))
    return x, y, x + width, y + height


def _shapes(pen: Pen, random: Random) -> None:
    for _ in range(int(random.integers(3, 15))):
        shape = (pen.ellipse, pen.rectangle, pen.line)[int(random.integers(3))]
        if shape == pen.line:
            pen.line(_corners(random), fill=_colour(random), width=int(random.integers(1, 12)))
        else:
            shape(_corners(random), fill=_colour(random))


def _text(pen: Pen, random: Random) -> None:
    size = int(random.integers(9, 30))
    font = ImageFont.load_default(size)
    ink = _colour(random) if random.random() < 0.5 else (0, 0, 0)
    for line in range(SIZE[1] // (size + 4)):
        pen.text((8, 4 + line * (size + 4)), WORDS[int(random.integers(30)) :], fill=ink, font=font)


def _bars(pen: Pen, random: Random) -> None:
    count = int(random.integers(3, 12))
    ink = _colour(random)
    for bar, tall in enumerate(random.integers(20, 200, count)):
        left = 30 + bar * 280 // count
        pen.rectangle((left, 220 - int(tall), left + 200 // count, 220), fill=ink)
    pen.line((25, 10, 25, 220, 315, 220), fill=(0, 0, 0), width=2)


def _curves(pen: Pen, random: Random) -> None:
    for _ in range(int(random.integers(1, 5))):
        heights = 120 + np.cumsum(random.normal(0, 8, 58))
        points = [(27 + 5 * step, float(height)) for step, height in enumerate(heights)]
        pen.line(points, fill=_colour(random), width=int(random.integers(1, 5)))
    pen.line((25, 10, 25, 220, 315, 220), fill=(0, 0, 0), width=2)


def _pie(pen: Pen, random: Random) -> None:
    corners = (*(int(value) for value in random.integers(10, 60, 2)), 260, 230)
    turns = np.cumsum(random.dirichlet(np.ones(int(random.integers(3, 7))))) * 360
    for start, stop in zip((0.0, *turns[:-1]), turns, strict=True):
        pen.pieslice(corners, float(start), float(stop), fill=_colour(random))


def _face(pen: Pen, random: Random) -> None:
    pen.ellipse((70, 30, 250, 210), fill=_colour(random, 100), outline=(0, 0, 0), width=3)
    for x in (125, 195):
        pen.ellipse((x - 12, 88, x + 12, 112), fill=_colour(random))
    pen.arc((110, 110, 210, 180), 20, 160, fill=(0, 0, 0), width=5)


DRAWINGS: tuple[Callable[[Pen, Random], None], ...] = (_shapes, _text, _bars, _curves, _pie, _face)


def photographs(count: int, seed: int = 0) -> Iterator[tuple[str, Image]]:
    """Yield tiles of a temple, a flower and a portrait, samples of scikit-learn and matplotlib."""
    random = np.random.default_rng(seed)
    samples = load_sample_images()
    whole = dict(zip(("china", "flower"), samples.images, strict=True))
    whole["portrait"] = read_image(Path(mpl.get_data_path()) / "sample_data" / "grace_hopper.jpg")
    names = list(whole)
    for number in range(count):
        image = whole[names[number % len(names)]]
        side = int(random.integers(120, 400))
        top, left = (int(random.integers(0, max(1, extent - side))) for extent in image.shape[:2])
        yield names[number % len(names)], np.ascontiguousarray(image[top : top + side, left : left + side])


def noise(count: int, seed: int = 0) -> Iterator[tuple[str, Image]]:
    """Yield uniform, normal, cloudy and speckled noise in turn, and plain colours."""
    random = np.random.default_rng(seed)
    shape = (SIZE[1], SIZE[0], 3)
    for number in range(count):
        plain = np.ones(shape) * random.uniform(0, 255, 3)
        speckled = np.where(random.uniform(size=(*shape[:2], 1)) < 0.1, random.choice([0.0, 255.0]), plain)
        kinds = {
            "uniform": random.uniform(0, 255, shape),
            "normal": random.normal(random.uniform(60, 200), random.uniform(10, 60), shape),
            "clouds": _clouds(random),
            "speckles": speckled,
            "plain colour": plain,
        }
        kind = list(kinds)[number % len(kinds)]
        yield kind, np.clip(kinds[kind], 0, 255).astype(np.uint8)


def _clouds(random: Random) -> NDArray[np.float64]:
    """Smooth noise of several scales in each channel, over a colour of its own."""
    total = np.zeros((SIZE[1], SIZE[0], 3))
    for cell in (8, 16, 32, 64):
        coarse = random.normal(0, cell, (SIZE[1] // cell + 2, SIZE[0] // cell + 2, 3))
        total += ndimage.zoom(coarse, (cell, cell, 1), order=1)[: SIZE[1], : SIZE[0]]
    return total + random.uniform(60, 200, 3)
