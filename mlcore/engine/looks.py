"""A small fingerprint by which a copy of a picture is known: saved again, scaled, mirrored or turned.

It has two parts, each kept in four bits a value. The outline is the whole picture squeezed to a square
without its coarse shading, as ``siblings`` compares fields: it finds what was squeezed or recoloured. The
rings are the densities around the middle of the dye less each ring's mean, which all round cells share: what
is left is where things lie around the cell, and turning it by any angle is a shift.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from mlcore.engine.contracts import Image
from mlcore.engine.siblings import COARSE_SHADING, outline, positions, without_shading
from mlcore.engine.siblings import SIDE as OUTLINE_SIDE
from mlcore.engine.stain import thumbnail

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

SIDE: Final = 20
RADII, ANGLES = 16, 32
WAVES: Final = ANGLES // 2 + 1
SQUARE: Final = SIDE * SIDE
BYTES: Final = (SQUARE + RADII * ANGLES) // 2
# Correlation, -1..1; bench/looks.py says what different pictures reach and what copies do.
SAME_OUTLINE: Final = 0.85
SAME_RINGS: Final = 0.87

# Pixels of the long side that rings are read from, how far they reach, and how wide the look for dye is.
_WORKING, _REACH, _MIDDLE = 160, (5.0, 57.0), 0.3
# A value of three standard deviations takes the last of the 16 steps.
_STEPS, _WIDEST = 8, 3.0
_BLOCK, _KNOWN_BLOCK, _PAIRS = 128, 4096, 4096
_ROUNDING: Final = 1e-4


def look(image: Image) -> str:
    """Return the look of a picture, 456 bytes in base64."""
    square = without_shading(outline(image).reshape(1, OUTLINE_SIDE, OUTLINE_SIDE), COARSE_SHADING)
    coarse = square.reshape(SIDE, OUTLINE_SIDE // SIDE, SIDE, OUTLINE_SIDE // SIDE).mean(axis=(1, 3))
    rings = _rings(image)
    both = np.concatenate(
        [_stepped(coarse.ravel()), _stepped((rings - rings.mean(1, keepdims=True)).ravel())]
    )
    return base64.b64encode((both[::2] << 4 | both[1::2]).tobytes()).decode()


def is_look(text: str) -> bool:
    """Say whether a text is a look."""
    try:
        return len(base64.b64decode(text, validate=True)) == BYTES
    except ValueError:
        return False


def packed(looks: Sequence[str]) -> Bytes:
    """Return looks as bytes, shape (n, 456)."""
    rows = np.frombuffer(b"".join(base64.b64decode(one) for one in looks), np.uint8)
    return rows.reshape(-1, BYTES)


def unpacked(rows: Bytes) -> list[str]:
    """Return the looks of which ``rows`` are the bytes."""
    return [base64.b64encode(row.tobytes()).decode() for row in rows]


def copied(tested: Sequence[str], seen: Sequence[str]) -> NDArray[np.bool_]:
    """Return which of ``tested`` are copies of one of ``seen``, shape (tested,)."""
    found = np.zeros(len(tested), dtype=np.bool_)
    if not tested or not seen:
        return found
    (squares, turns), (known, around) = _parts(tested), _parts(seen)
    for start in range(0, len(tested), _BLOCK):
        rows = slice(start, start + _BLOCK)
        for first in range(0, len(seen), _KNOWN_BLOCK):
            others = slice(first, first + _KNOWN_BLOCK)
            found[rows] |= (_outlines(squares[rows], known[others]) >= SAME_OUTLINE).any(axis=1)
            found[rows] |= _turned_copies(turns[rows], around[others])
    return found


def likeness(
    tested: Sequence[str], seen: Sequence[str], *, but_itself: bool = False
) -> tuple[Floats, Floats]:
    """Return how well the outline and the rings of each of ``tested`` agree with its best of ``seen``, -1..1.

    With ``but_itself`` both are one list, and no look is compared with itself.
    """
    (squares, turns), (known, around) = _parts(tested), _parts(seen)
    best: tuple[list[Floats], list[Floats]] = ([], [])
    for start in range(0, len(tested), _BLOCK):
        rows = slice(start, start + _BLOCK)
        for found, scores in zip(
            best, (_outlines(squares[rows], known), _turned(turns[rows], around)), strict=True
        ):
            if but_itself:
                own = np.arange(len(scores))
                scores[own, own + start] = -1
            found.append(scores.max(axis=1))
    return np.concatenate(best[0]), np.concatenate(best[1])


def _outlines(squares: Floats, known: Floats) -> Floats:
    """Return the agreement (n, m) of squares in the best of eight positions."""
    flat = known.reshape(len(known), -1).T
    found: Floats = np.max([one.reshape(len(one), -1) @ flat for one in positions(squares)], axis=0)
    return found


def _turned(turns: NDArray[np.complex64], around: NDArray[np.complex64]) -> Floats:
    """Return the agreement (n, m) of rings, given as waves, under the best turn, mirrored or not.

    The waves are put together by a matrix product, many times faster than a Fourier transform of each pair.
    """
    known = np.ascontiguousarray(around.transpose(2, 1, 0))
    sides = (turns.conj(), turns)
    together = fft.irfft(np.eye(WAVES, dtype=np.complex64), ANGLES, axis=1).T
    # What an imaginary part adds is that of the real one a quarter of a wave later.
    late = fft.irfft(1j * np.eye(WAVES, dtype=np.complex64), ANGLES, axis=1).T
    found = []
    for side in sides:
        waves = (np.ascontiguousarray(side.transpose(2, 0, 1)) @ known).reshape(WAVES, -1)
        turned = together @ np.ascontiguousarray(waves.real) + late @ np.ascontiguousarray(waves.imag)
        found.append(turned.max(axis=0).reshape(len(turns), -1))
    best: Floats = np.maximum(*found)
    return best


def _turned_copies(turns: NDArray[np.complex64], around: NDArray[np.complex64]) -> NDArray[np.bool_]:
    """Return which rows of ``turns`` agree with one of ``around`` as ``_turned`` says, shape (n,).

    No turn lets two agree better than the strengths of their waves do, so only the few that do are turned.
    """
    found = np.zeros(len(turns), dtype=np.bool_)
    first, second = np.nonzero(_strengths(turns) @ _strengths(around).T >= SAME_RINGS - _ROUNDING)
    for start in range(0, len(first), _PAIRS):
        rows, others = first[start : start + _PAIRS], second[start : start + _PAIRS]
        for side in (turns[rows].conj(), turns[rows]):
            best = fft.irfft((side * around[others]).sum(axis=1), ANGLES, axis=1).max(axis=1)
            found[rows[best >= SAME_RINGS]] = True
    return found


def _strengths(waves: NDArray[np.complex64]) -> Floats:
    """Return the strength of each wave so that products add up to agreement (Parseval), shape (n, 272)."""
    both = np.full(WAVES, 2.0, np.float32)
    # Neither the mean nor the fastest wave has a twin of negative frequency.
    both[[0, -1]] = 1.0
    strengths: Floats = np.abs(waves) * np.sqrt(both / ANGLES)
    return strengths.reshape(len(waves), -1)


def _parts(looks: Sequence[str]) -> tuple[Floats, NDArray[np.complex64]]:
    """Return the outlines (n, 20, 20) and the waves of the rings (n, 16, 17), each look of length 1."""
    rows = packed(looks)
    values = np.stack([rows >> 4, rows & 15], axis=2).reshape(len(rows), -1).astype(np.float32) - _STEPS
    squares, rings = _unit(values[:, :SQUARE]), values[:, SQUARE:].reshape(-1, RADII, ANGLES)
    rings = _unit((rings - rings.mean(axis=2, keepdims=True)).reshape(len(rows), -1))
    return squares.reshape(-1, SIDE, SIDE), fft.rfft(rings.reshape(-1, RADII, ANGLES), axis=2)


def _unit(rows: Floats) -> Floats:
    """Return rows of mean 0 and length 1; what is the same everywhere stays nothing."""
    flat = rows - rows.mean(axis=1, keepdims=True)
    found: Floats = flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)
    return found


def _stepped(values: Floats) -> Bytes:
    """Return values as one of 16 steps of their own spread, the middle one for nothing."""
    steps = np.rint((values - values.mean()) / (values.std() + 1e-6) / _WIDEST * _STEPS)
    return (np.clip(steps, -_STEPS, _STEPS - 1) + _STEPS).astype(np.uint8)


def _rings(image: Image) -> Floats:
    """Return the densities around the middle of the dye, shape (16, 32); outer rings count more."""
    density = _density(image)
    height, width = density.shape
    rows, columns = np.indices(density.shape)
    near = _MIDDLE * min(height, width)
    window = np.exp(-(((rows - height / 2) / near) ** 2) - ((columns - width / 2) / near) ** 2)
    dye = np.where(density > np.quantile(density, 0.8), density, 0) * window
    total = max(float(dye.sum()), 1e-6)
    y, x = float((dye * rows).sum()) / total, float((dye * columns).sum()) / total
    radii, angles = np.linspace(*_REACH, RADII), np.linspace(0, 2 * np.pi, ANGLES, endpoint=False)
    at = [y + radii[:, None] * np.sin(angles), x + radii[:, None] * np.cos(angles)]
    read = ndimage.map_coordinates(ndimage.uniform_filter(density, 5), at, order=1)
    found: Floats = (read * np.sqrt(radii)[:, None]).astype(np.float32)
    return found


def _density(image: Image) -> Floats:
    """Return the mean optical density of a small copy of the picture, nothing where there is no picture."""
    small = thumbnail(image, _WORKING)
    black = ndimage.binary_dilation(~small.lit, iterations=2)
    return np.where(black, np.float32(0), small.density.mean(axis=0, dtype=np.float32))
