"""A smear drawn with circles: enough for what the engine measures, and known to the pixel."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

GLASS, RED_CELL, NUCLEUS = (235, 228, 230), (214, 160, 160), (95, 45, 140)


def field(nuclei, size=(320, 240), seed=1, glass=GLASS):
    """Return a field (height, width, 3) with a nucleus of radius r at each (x, y, r), red cells around."""
    random = np.random.default_rng(seed)
    picture = Image.new("RGB", size, glass)
    pen = ImageDraw.Draw(picture)
    for _ in range(size[0] * size[1] // 4000):
        x, y = random.uniform(0, size[0]), random.uniform(0, size[1])
        pen.ellipse((x - 17, y - 17, x + 17, y + 17), fill=RED_CELL)
    for x, y, r in nuclei:
        pen.ellipse((x - 1.25 * r, y - 1.25 * r, x + 1.25 * r, y + 1.25 * r), fill=(205, 190, 220))
        pen.ellipse((x - r, y - r, x + r, y + r), fill=NUCLEUS)
        # A notch makes the nucleus one of a kind, so that turned copies can be told apart.
        turn = random.uniform(0, 360)
        pen.pieslice((x - r, y - r, x + r, y + r), turn, turn + random.uniform(25, 110), fill=(205, 190, 220))
    return np.asarray(picture.filter(ImageFilter.GaussianBlur(1)))


def save(image, path, **options):
    """Write ``image`` as a picture file and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path, **options)
    return path
