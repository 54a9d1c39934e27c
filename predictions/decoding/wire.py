"""What the portal and its decoder send each other through a pipe: facts as JSON, and bytes behind them."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import IO, Any, Final

HEAD: Final = struct.Struct(">LQ")
# A word and some numbers; whoever sends more is not the other side that is meant.
MOST_FACTS: Final = 4096
# The status with which a decoder ends that was refused memory.
OUT_OF_MEMORY: Final = 3


def send(stream: IO[bytes], facts: Mapping[str, Any], content: bytes = b"") -> None:
    """Write one message.

    Raises:
        OSError: nobody reads any more.
    """
    told = json.dumps(facts).encode()
    stream.write(HEAD.pack(len(told), len(content)))
    stream.write(told)
    stream.write(content)
    stream.flush()


def receive(stream: IO[bytes], *, most: int) -> tuple[dict[str, Any], bytes]:
    """Read one message with at most ``most`` bytes behind its facts.

    Raises:
        EOFError: the other side has ended.
        ValueError: it is no such message.
    """
    told, size = HEAD.unpack(_exactly(stream, HEAD.size))
    if told > MOST_FACTS or size > most:
        raise ValueError("A message is longer than any that is expected.")
    facts = json.loads(_exactly(stream, told))
    if not isinstance(facts, dict):
        raise ValueError("A message begins with something else than facts.")  # noqa: TRY004 -- from outside
    return facts, _exactly(stream, size)


def _exactly(stream: IO[bytes], size: int) -> bytes:
    content = stream.read(size)
    if len(content) != size:
        raise EOFError
    return content
