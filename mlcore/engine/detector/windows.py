"""What the locator trains on: fields in all sizes, several put together, empty ones, and no smears at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageDraw

from mlcore.engine.contracts import Image
from mlcore.engine.detector.examples import Field
from mlcore.engine.detector.targets import Numbers, targets
from mlcore.engine.detector.views import Window, view, whole
from mlcore.engine.locate import network_picture
from mlcore.engine.stain import Thumbnail

# How often a picture is no smear, four or nine fields together, or an empty part of a field.
NO_SMEAR, FOUR, NINE, EMPTY = 0.04, 0.14, 0.07, 0.08
# How many parts of a field are tried to find one with few cells.
TRIES = 8
# How many random windows of the validation fields are judged for each that is shown as a whole.
WINDOWS_EACH = 2


def shares(fields: Sequence[Field]) -> NDArray[np.float64]:
    """Return the chance of drawing each field: laboratories evenly, then the fields of each."""
    names, numbers = np.unique([field.laboratory for field in fields], return_inverse=True)
    counts = np.bincount(numbers)
    result: NDArray[np.float64] = 1.0 / len(names) / counts[numbers]
    return result


def batches(fields: Sequence[Field], size: int, count: int, seed: int) -> Iterator[tuple[Image, Numbers]]:
    """Yield endless batches of ``count`` pictures (n, size, size, 3) uint8 and their targets."""
    random = np.random.default_rng(seed)
    share = shares(fields)
    while True:
        made = [draw(fields, share, size, random) for _ in range(count)]
        yield np.stack([window.pixels for window in made]), np.stack([asked(window) for window in made])


def judged(fields: Sequence[Field], size: int, seed: int) -> list[Window]:
    """Return what validation looks at: every drawn field as a whole, and random windows of all of them."""
    drawn = [field for field in fields if field.drawn]
    random = np.random.default_rng(seed)
    share = shares(drawn)
    windows = [whole(field, size) for field in drawn]
    return windows + [draw(drawn, share, size, random) for _ in range(WINDOWS_EACH * len(drawn))]


def asked(window: Window) -> Numbers:
    """Return the targets of a window."""
    size = len(window.pixels)
    return targets(window.boxes, window.kinds, window.ignored, size, platelets_known=window.platelets_known)


def draw(
    fields: Sequence[Field], share: NDArray[np.float64], size: int, random: np.random.Generator
) -> Window:
    """Return one window of a random kind."""
    kind = random.random()
    if kind < NO_SMEAR:
        return no_smear(size, random)
    tiles = 2 if kind < NO_SMEAR + FOUR else 3 if kind < NO_SMEAR + FOUR + NINE else 1
    chosen = [fields[row] for row in random.choice(len(fields), size=tiles * tiles, p=share)]
    if tiles > 1:
        return together([view(field, size // tiles, 0.0, random) for field in chosen])
    if random.random() < EMPTY:
        tries = (view(chosen[0], size, random.uniform(0.4, 0.9), random) for _ in range(TRIES))
        return min(tries, key=lambda window: len(window.boxes) + len(window.ignored))
    return view(chosen[0], size, float(np.clip(random.normal(0.1, 0.35), -0.7, 0.9)), random)


def together(windows: Sequence[Window]) -> Window:
    """Put four or nine windows of one size into one picture."""
    tiles, side = round(len(windows) ** 0.5), len(windows[0].pixels)
    pictures = [window.pixels for window in windows]
    rows = [np.concatenate(pictures[row * tiles :][:tiles], axis=1) for row in range(tiles)]
    corners = [
        np.asarray([column, row, column, row], dtype=np.float32) * side
        for row in range(tiles)
        for column in range(tiles)
    ]
    boxes = np.concatenate([w.boxes + corner for w, corner in zip(windows, corners, strict=True)])
    ignored = np.concatenate([w.ignored + corner for w, corner in zip(windows, corners, strict=True)])
    kinds = np.concatenate([window.kinds for window in windows])
    known = all(window.platelets_known for window in windows)
    return Window(np.concatenate(rows), boxes, kinds, ignored, known)


def no_smear(size: int, random: np.random.Generator) -> Window:
    """Return a picture without any cell: a flat colour or a gradient, with noise and drawn shapes."""
    ends = random.uniform(40, 255, (2, 3))
    ramp = np.linspace(0, 1, size)[:, None, None] * np.ones((1, size, 1)) * random.integers(2)
    pixels = ends[0] + (ends[1] - ends[0]) * ramp + random.normal(0, random.uniform(0, 40), (size, size, 3))
    picture = PillowImage.fromarray(pixels.clip(0, 255).astype(np.uint8))
    pen = ImageDraw.Draw(picture)
    for _ in range(random.integers(12)):
        x, y, width, height = (random.uniform(0, size, 4) * (1, 1, 0.6, 0.6)).tolist()
        shape = pen.rectangle if random.random() < 0.5 else pen.line
        shape([x, y, x + width, y + height], fill=tuple(random.integers(0, 256, 3).tolist()))
    neutral = network_picture(Thumbnail(np.asarray(picture), 1.0), size)
    none = np.zeros((0, 4), dtype=np.float32)
    return Window(neutral, none, np.zeros(0, dtype=np.int64), none, platelets_known=True)
