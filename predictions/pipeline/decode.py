"""Have a file decoded, by a process that may be ended without harm, within bounds of time and memory.

A decoder reads what strangers made, in C; whatever it runs into ends its own process and no other. Each
process of the portal has one, started with its first file and kept. Pictures that lie in the image folder
were encoded anew by it, from pixels alone; thumbnails, crops and the inference worker decode them where they
are.
"""

from __future__ import annotations

import atexit
import hashlib
import logging
import math
import threading
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from predictions.decoding.clean import Picture
from predictions.decoding.process import Decoder, Ended, Limits
from predictions.decoding.refused import Refused
from predictions.errors import DecoderAway
from predictions.refusals import refused
from predictions.types import Cleaned

logger = logging.getLogger(__name__)

# What a decoder's memory has been torn into by then is given back with the process.
FILES_EACH: Final = 1000


class _Desk:
    """Where the threads of a process queue for its decoder; whoever waits has not begun to take time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._decoder: Decoder | None = None

    def ask(self, content: bytes, limits: Limits) -> Picture:
        with self._lock:
            return self._ready(limits).ask(content)

    def close(self) -> None:
        """End the decoder; the next file gets another."""
        if self._decoder is not None:
            self._decoder.close()
        self._decoder = None

    def _ready(self, limits: Limits) -> Decoder:
        one = self._decoder
        if one is None or not one.alive or one.limits != limits or one.answered >= FILES_EACH:
            self.close()
            self._decoder = one = Decoder(limits)
        return one


_desk = _Desk()
atexit.register(_desk.close)


def decode(original: bytes) -> Cleaned:
    """Return what is stored of a file that begins as one should.

    Raises:
        UploadRefused: it is damaged, not of a kind that is taken, or takes more than
            ``settings.DECODE_MAX_SECONDS`` or ``settings.DECODE_MAX_BYTES`` of memory.
        DecoderAway: no decoder can be started; the same file may be sent again.
    """
    limits = Limits(settings.DECODE_MAX_BYTES, settings.DECODE_MAX_SECONDS, settings.UPLOAD_MAX_PIXELS)
    try:
        picture = _desk.ask(original, limits)
    except Refused as refusal:
        raise refused(refusal.code, **refusal.numbers) from None
    except Ended as ended:
        logger.warning("The decoder ended in the middle of a file of %d bytes: %s", len(original), ended)
        raise refused(ended.code, seconds=math.ceil(limits.seconds)) from None
    except OSError as problem:
        logger.exception("No decoder can be started")
        told = _("The portal cannot read images at the moment. Nothing was stored; try again in a minute.")
        raise DecoderAway(told) from problem
    return Cleaned(
        content=picture.content,
        sha256=hashlib.sha256(picture.content).hexdigest(),
        original_sha256=hashlib.sha256(original).hexdigest(),
        media_type=picture.media_type,
        width=picture.width,
        height=picture.height,
    )
