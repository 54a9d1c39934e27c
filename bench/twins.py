"""How often is a cell in two overlapping photographs found to be one, and how often are two taken for one?

Usage: HEMATOVISION_DATA=... .venv/bin/python bench/twins.py
Twins: two windows at different places are cut out of each real field; the second is turned by up to 2
degrees, moved by a part of a pixel, up to 10 % different in brightness and contrast, blurred a little and
stored as a JPEG of another quality. Others: all pairs of cells of different BCCD fields, one laboratory's
smears under one microscope, less the pairs of fields that are known to overlap.
The limit is chosen on every second field and pair of fields; what it does is told of the other half.
"""

import io
import itertools
import random
import statistics
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from mlcore.engine.bundle import SHIPPED_BUNDLE
from mlcore.engine.contracts import Box
from mlcore.engine.images import read_image
from mlcore.engine.manifest import data_root, pictures
from mlcore.engine.overlaps import overlapping
from mlcore.engine.runtime import LitePredictor, load_predictor
from mlcore.engine.siblings import outline, siblings
from mlcore.engine.statistics import exact
from mlcore.engine.surroundings import Grey, agreements, surroundings
from mlcore.engine.twins import SAME_CELL, Seen, find_twins

MARGIN = 6
TURN = 2.0
# At least this much of the smaller box lies in the other where both show one cell.
ONE_CELL = 0.5
# These overlap at a corner, less than the check of the training data looks for; seen by eye among the pairs
# that agreed best.
OVERLAP_TOO = (("044", "045"), ("207", "279"), ("364", "409"))
Window = tuple[bytes, np.ndarray]


def seen(predictor: LitePredictor, content: bytes, name: str) -> list[Seen]:
    """Return the cells of a picture that would be compared: all but platelets."""
    cells = predictor.predict(read_image(content)).cells
    return [
        Seen(name, cell.box, np.asarray(cell.features, np.float16).astype(np.float32))
        for cell in cells
        if cell.abstained or cell.label != "platelet"
    ]


def encoded(picture: Image.Image, quality: int) -> bytes:
    """Return a picture as a JPEG."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def windows(picture: Image.Image, dice: random.Random) -> tuple[Window, Window]:
    """Return two windows of a picture, each with the (2, 3) map from its pixels to the picture's."""
    share = dice.uniform(0.5, 0.8)
    width, height = int(picture.width * share), int(picture.height * max(share, 0.7))
    places = [
        (
            dice.randint(MARGIN, max(MARGIN, picture.width - width - MARGIN)),
            dice.randint(MARGIN, max(MARGIN, picture.height - height - MARGIN)),
        )
        for _window in range(2)
    ]
    (left, top), second = places
    plain = encoded(picture.crop((left, top, left + width, top + height)), 92)
    return (plain, np.array([[1, 0, left], [0, 1, top]])), altered(picture, second, (width, height), dice)


def altered(
    picture: Image.Image, place: tuple[int, int], size: tuple[int, int], dice: random.Random
) -> Window:
    """Return a window as another photograph would show it."""
    (left, top), (width, height) = place, size
    angle = np.radians(dice.uniform(-TURN, TURN))
    cos, sin = np.cos(angle), np.sin(angle)
    x, y = left + width / 2 + dice.uniform(-1, 1), top + height / 2 + dice.uniform(-1, 1)
    way = np.array(
        [
            [cos, -sin, x - cos * width / 2 + sin * height / 2],
            [sin, cos, y - sin * width / 2 - cos * height / 2],
        ]
    )
    turned = picture.transform(
        (width, height), Image.Transform.AFFINE, tuple(way.ravel()), Image.Resampling.BICUBIC
    )
    lit = ImageEnhance.Brightness(turned).enhance(dice.uniform(0.9, 1.1))
    shown = ImageEnhance.Contrast(lit).enhance(dice.uniform(0.9, 1.1))
    blurred = shown.filter(ImageFilter.GaussianBlur(dice.uniform(0, 1)))
    return encoded(blurred, dice.randint(60, 90)), way


def is_one(first: Box, second: Box, one: np.ndarray, two: np.ndarray, size: tuple[int, int]) -> bool:
    """Tell whether two boxes of two windows lie on one another, as far as the second window shows it."""
    corners = np.array([[first.x0, first.y0, 1], [first.x1, first.y1, 1]]) @ one.T
    back = np.linalg.inv(np.vstack([two, [0, 0, 1]]))[:2]
    moved = np.hstack([corners, [[1], [1]]]) @ back.T
    (x0, y0), (x1, y1) = np.clip(moved, 0, size)
    across = min(x1, second.x1) - max(x0, second.x0)
    down = min(y1, second.y1) - max(y0, second.y0)
    least = min((x1 - x0) * (y1 - y0), second.width * second.height)
    return least > 0 and across > 0 and down > 0 and across * down / least > ONE_CELL


def window_pairs(
    predictor: LitePredictor, files: Sequence[Path], found: list[float]
) -> Iterator[tuple[int, bool, float]]:
    """Yield for each pair of cells of two windows of a field: the field, whether they are one, the score."""
    dice = random.Random(5)
    for number, file in enumerate(files):
        with Image.open(file) as opened:
            contents = windows(opened.convert("RGB"), dice)
        greys = {str(at): Grey(Image.open(io.BytesIO(content)).convert("L"), 1.0)
                 for at, (content, _way) in enumerate(contents)}  # fmt: skip
        first, second = (seen(predictor, content, str(at)) for at, (content, _way) in enumerate(contents))
        began = time.perf_counter()
        find_twins(second, first, greys.__getitem__)
        found.append(1000 * (time.perf_counter() - began))
        side = statistics.median([one.side for one in (*first, *second)] or [1])
        for a, b in itertools.product(first, second):
            around = [surroundings(greys[one.picture], one.box, side) for one in (a, b)]
            one = is_one(a.box, b.box, contents[0][1], contents[1][1], greys["1"].picture.size)
            yield number, one, float(agreements(around[0], around[1:])[0])


def field_pairs(predictor: LitePredictor, files: Sequence[Path]) -> Iterator[tuple[int, float, str]]:
    """Yield for each pair of cells of fields that do not overlap: a number, the score, the fields."""
    outlines = np.stack([outline(read_image(file)) for file in files])
    related = {frozenset(pair) for pair in (*overlapping(outlines), *siblings(outlines))}
    places = {file.stem[-3:]: at for at, file in enumerate(files)}
    related |= {frozenset(places[name] for name in pair) for pair in OVERLAP_TOO}
    print(f"{len(related)} pairs of fields overlap or are copies, and are left out.")
    cells = [
        (at, one) for at, file in enumerate(files) for one in seen(predictor, file.read_bytes(), str(at))
    ]
    side = statistics.median(one.side for _at, one in cells)
    greys = [Grey(Image.open(file).convert("L"), 1.0) for file in files]
    around = [surroundings(greys[at], one.box, side) for at, one in cells]
    for row, (at, _cell) in enumerate(cells):
        others = [
            place
            for place in range(row)
            if cells[place][0] != at and frozenset((at, cells[place][0])) not in related
        ]
        for start in range(0, len(others), 64):
            some = others[start : start + 64]
            for place, score in zip(some, agreements(around[row], [around[p] for p in some]), strict=True):
                yield at + cells[place][0], float(score), f"{files[at].stem} {files[cells[place][0]].stem}"


def told(name: str, right: int, total: int) -> None:
    """Print a share with its exact 95 % interval."""
    low, high = exact(right, total) if total else (0.0, 1.0)
    print(f"{name}: {right} of {total}, {right / max(1, total):.3%} ({low:.3%} to {high:.3%})")


def main() -> None:
    """Measure and print."""
    root = data_root()
    if root is None:
        raise SystemExit("The image sets are not here; docs/data.md says how to fetch them.")
    predictor = load_predictor(SHIPPED_BUNDLE)
    bccd = pictures(root / "bccd" / "images")
    others = list(field_pairs(predictor, bccd))
    times: list[float] = []
    large = [file for split in ("train", "val") for file in pictures(root / "txl-pbc" / "images" / split)
             if Image.open(file).size == (575, 575)]  # fmt: skip
    sets = {"BCCD": list(window_pairs(predictor, bccd, times)),
            "TXL-PBC, 575x575": list(window_pairs(predictor, large, times))}  # fmt: skip
    chosen = [score for number, score, _names in others if number % 2 == 0]
    chosen += [
        score for pairs in sets.values() for number, one, score in pairs if number % 2 == 0 and not one
    ]
    print(f"Highest score of different cells in the half for choosing: {max(chosen):.3f}; limit {SAME_CELL}.")
    held = sorted(((score, names) for number, score, names in others if number % 2), reverse=True)
    print("Most alike of the other half:", held[:5])
    told("Different cells taken for one", sum(score >= SAME_CELL for score, _names in held), len(held))
    for name, pairs in sets.items():
        mine = [(one, score >= SAME_CELL) for number, one, score in pairs if number % 2]
        told(f"{name}: one cell found", sum(hit for one, hit in mine if one), sum(one for one, _hit in mine))
        wrong = [hit for one, hit in mine if not one]
        told(f"{name}: different cells within an overlap taken for one", sum(wrong), len(wrong))
    print(f"Comparing one field with one other: {statistics.median(times):.1f} ms (median)")


if __name__ == "__main__":
    main()
