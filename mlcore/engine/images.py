"""Reading picture files strictly, and giving training and serving one idea of "an image"."""

from __future__ import annotations

import hashlib
import io
import warnings
from pathlib import Path

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageOps, UnidentifiedImageError

from mlcore.engine.contracts import Box, Image
from mlcore.engine.errors import UnreadableImageError

MAX_PIXELS = 24_000_000
FORMATS = ("JPEG", "PNG")


def read_image(source: Path | bytes, *, max_pixels: int = MAX_PIXELS) -> Image:
    """Decode a JPEG or PNG completely, turned upright by its EXIF orientation.

    Returns a ``uint8`` array (height, width, 3) in RGB. Raises ``UnreadableImageError`` for anything
    else: other formats, truncated data, more than ``max_pixels`` pixels, or a file that cannot be opened.
    """
    try:
        with warnings.catch_warnings():
            # Pillow only warns about a picture just above its own limit; ours is enforced below.
            warnings.simplefilter("ignore", PillowImage.DecompressionBombWarning)
            handle = io.BytesIO(source) if isinstance(source, bytes) else source
            with PillowImage.open(handle, formats=FORMATS) as picture:
                if picture.width * picture.height > max_pixels:
                    limit = max_pixels // 1_000_000
                    raise UnreadableImageError(f"The picture has more than {limit} megapixels.")
                picture.load()
                upright = ImageOps.exif_transpose(picture)
                return np.array(_as_rgb(upright), dtype=np.uint8)
    except UnidentifiedImageError as error:
        raise UnreadableImageError("The file is not a JPEG or PNG picture.") from error
    except FileNotFoundError as error:
        raise UnreadableImageError("The file does not exist.") from error
    except (OSError, SyntaxError, ValueError, PillowImage.DecompressionBombError) as error:
        raise UnreadableImageError("The picture is damaged or cut off and cannot be decoded.") from error


def pixels_hash(image: Image) -> str:
    """Return what names a picture whatever file carries it: the SHA-256 over its size and its RGB bytes.

    ``image`` is as ``read_image`` returns it, upright. A JPEG and the PNG that it was written anew as share
    it; another decoder may round a JPEG's pixels otherwise, so the hashes hold for the one that is locked.
    """
    height, width, _channels = image.shape
    return hashlib.sha256(f"{width}x{height}\n".encode() + image.tobytes()).hexdigest()


def around(image: Image, box: Box) -> Image:
    """Return the picture around a box, three times as large as the box where there is so much."""
    height, width = image.shape[:2]
    return image[
        max(0, box.y0 - box.height) : min(height, box.y1 + box.height),
        max(0, box.x0 - box.width) : min(width, box.x1 + box.width),
    ]


def _as_rgb(picture: PillowImage.Image) -> PillowImage.Image:
    """Flatten transparency onto white, as viewers show it, and bring 16-bit grey to 8 bits."""
    if picture.mode.startswith("I"):
        wide = np.asarray(picture).astype(np.uint32) >> 8
        return PillowImage.fromarray(wide.astype(np.uint8)).convert("RGB")
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        rgba = picture.convert("RGBA")
        white = PillowImage.new("RGBA", rgba.size, (255, 255, 255, 255))
        return PillowImage.alpha_composite(white, rgba).convert("RGB")
    return picture.convert("RGB")
