"""How often is a copy of a picture known by its look, and how often are two different pictures taken for one?

Different: every picture of PBC (single cells of eight classes, centred, one microscope), and every field of
BCCD less those that are known to overlap, each against all the others. Copies: some pictures of both, changed
as data sets change them. Real ones: Kaggle's turned, mirrored, sheared fields against the BCCD fields that
they were made of. It fails where a different picture passes for a copy.
Usage: HEMATOVISION_DATA=... .venv/bin/python bench/looks.py [--copies 100]
"""

import argparse
import io
import random
import time
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageEnhance

from mlcore.engine.images import read_image
from mlcore.engine.looks import SAME_OUTLINE, SAME_RINGS, copied, likeness, look
from mlcore.engine.manifest import data_root, pictures
from mlcore.engine.overlaps import overlapping
from mlcore.engine.siblings import outline, siblings
from mlcore.engine.statistics import exact, upper_bound

DICE = random.Random(4)
Picture = Image.Image


def jpeg(picture: Picture, quality: int) -> Picture:
    """Return a picture saved as a JPEG and read again."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def trimmed(picture: Picture, most: float) -> Picture:
    """Return a picture of which each side has lost up to a share ``most``."""
    left, top, right, low = (DICE.uniform(0, most) for _side in range(4))
    width, height = picture.size
    return picture.crop(
        (int(left * width), int(top * height), int((1 - right) * width), int((1 - low) * height))
    )


def lit(picture: Picture) -> Picture:
    """Return a picture under another lamp."""
    brighter = ImageEnhance.Brightness(picture).enhance(DICE.uniform(0.85, 1.15))
    return ImageEnhance.Contrast(brighter).enhance(DICE.uniform(0.85, 1.15))


def turned(picture: Picture) -> Picture:
    """Return a picture turned by any angle, mirrored or not, with black corners, saved at quality 80."""
    mirrored = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if DICE.random() < 0.5 else picture
    return jpeg(mirrored.rotate(DICE.uniform(0, 360), Image.Resampling.BILINEAR), 80)


CHANGES: dict[str, Callable[[Picture], Picture]] = {
    "saved at quality 60": lambda picture: jpeg(picture, 60),
    "half the size": lambda picture: picture.resize((picture.width // 2, picture.height // 2)),
    "squeezed to a square of 224": lambda picture: picture.resize((224, 224)),
    "squeezed to 320x240": lambda picture: picture.resize((320, 240)),
    "mirrored": lambda picture: picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "turned by a quarter": lambda picture: picture.transpose(Image.Transpose.ROTATE_90),
    "another lamp": lit,
    "grey": lambda picture: picture.convert("L").convert("RGB"),
    "turned by any angle": turned,
    "trimmed by up to 4 %": lambda picture: trimmed(picture, 0.04),
    "trimmed by up to 8 %": lambda picture: trimmed(picture, 0.08),
}  # fmt: skip


def looks_of(files: Sequence) -> list[str]:
    """Return the look of each file."""
    return [look(read_image(file)) for file in files]


def different(name: str, looks: Sequence[str]) -> int:
    """Print how alike the most alike of different pictures are; return how many would pass for copies."""
    began = time.perf_counter()
    outlines, rings = likeness(looks, looks, but_itself=True)
    seconds = time.perf_counter() - began
    wrong = int(((outlines >= SAME_OUTLINE) | (rings >= SAME_RINGS)).sum())
    few = [f"{value:.3f}" for value in (*np.sort(outlines)[-3:], *np.sort(rings)[-3:])]
    print(f"{name}: {wrong} of {len(looks)} pictures taken for a copy of one of the others "
          f"(at most {upper_bound(wrong, len(looks)):.2%} with 95 % confidence); most alike: outlines "
          f"{', '.join(few[:3])}, rings {', '.join(few[3:])}; {seconds:.1f} s")  # fmt: skip
    return wrong


def copies(name: str, files: Sequence, looks: Sequence[str]) -> None:
    """Print how many copies of ``files`` are found among ``looks``, by change."""
    for told, change in CHANGES.items():
        changed = [look(np.asarray(change(Image.fromarray(read_image(file))))) for file in files]
        found = int(copied(changed, looks).sum())
        low, high = exact(found, len(files))
        print(f"{name}, {told}: {found} of {len(files)} found ({low:.0%} to {high:.0%})", flush=True)


def apart(files: Sequence) -> list:
    """Return the fields less every later one of a pair that overlaps or is a copy."""
    outlines = np.stack([outline(read_image(file)) for file in files])
    gone = {second for _first, second in (*siblings(outlines), *overlapping(outlines))}
    return [file for place, file in enumerate(files) if place not in gone]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=int, default=100)
    count = parser.parse_args().copies
    root = data_root()
    if root is None:
        raise SystemExit("The image sets are not here; docs/data.md says how to fetch them.")
    cells = [file for folder in sorted((root / "pbc").iterdir()) for file in pictures(folder)]
    fields = pictures(root / "bccd" / "images")
    began = time.perf_counter()
    known = {"PBC": looks_of(cells), "BCCD": looks_of(fields)}
    print(f"{1000 * (time.perf_counter() - began) / (len(cells) + len(fields)):.1f} ms a look")
    kept = set(apart(fields))
    wrong = different("PBC", known["PBC"])
    wrong += different("BCCD", [one for file, one in zip(fields, known["BCCD"], strict=True) if file in kept])
    for name, files in (("PBC", cells), ("BCCD", fields)):
        copies(name, DICE.sample(files, min(count, len(files))), known[name])
    kaggle = [file for folder in sorted((root / "kaggle-bccd/TRAIN").iterdir()) for file in pictures(folder)]
    real = looks_of(DICE.sample(kaggle, 3 * count))
    print(
        f"Kaggle TRAIN against BCCD's fields: {int(copied(real, known['BCCD']).sum())} of {len(real)} found"
    )
    raise SystemExit(wrong > 0)


if __name__ == "__main__":
    main()
