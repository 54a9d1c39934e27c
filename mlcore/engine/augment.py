"""What a cell may look like elsewhere: other stain, lamp, camera, focus, place and neighbours.

Works on whole batches inside TensorFlow's graph. Colours are changed as optical density, since that is
where stain adds up (Beer-Lambert). How strongly is chosen by leaving one laboratory out, see ``unseen``.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import tensorflow as tf

# TensorFlow has no usable types; tensors are Any here.
Tensor = Any

# Camera values of glass, above which nothing absorbs.
GLASS = 240.0


@dataclass(frozen=True, slots=True)
class Strengths:
    """How far each change goes: standard deviations, of logarithms for factors.

    ``zoom`` is the logarithm of the largest change of scale, ``dye`` the amount of all stain, ``channel``
    the colours of the dye, ``mixing`` how one colour leaks into another, ``gamma`` the camera's curve,
    ``cast`` the lamp, ``noise`` the most sensor noise in levels. Wider ones, fading of colours and an even
    amount of dye were tried; each read some other laboratory worse, see ``docs/ablation.jsonl``.
    """

    zoom: float = 0.27
    dye: float = 0.3
    channel: float = 0.2
    mixing: float = 0.1
    gamma: float = 0.15
    cast: float = 0.05
    noise: float = 5.0

    def scaled(self, factor: float) -> Strengths:
        """Return the changes ``factor`` times as far."""
        return Strengths(**{name: factor * value for name, value in asdict(self).items()})


def augment(pixels: Tensor, size: int, background: float, strengths: Strengths) -> Tensor:
    """Return a (n, size, size, 3) float batch in -1..1 from roomy ``uint8`` crops (n, side, side, 3)."""
    moved = _move(tf.cast(pixels, tf.float32), size, background, strengths.zoom)
    stained = light(restain(soften(moved, size), strengths), strengths)
    covered = _cover(stained, size, background)
    return tf.clip_by_value(covered, 0.0, 255.0) / 127.5 - 1.0


def _move(pixels: Tensor, size: int, background: float, zoom: float) -> Tensor:
    """Any rotation, mirror and scale, some shear and shift; outside becomes background."""
    count, side = tf.shape(pixels)[0], pixels.shape[1]
    angle = tf.random.uniform([count], 0, 2 * math.pi)
    scale = tf.exp(tf.random.uniform([count], -zoom, zoom))
    stretch = tf.exp(tf.random.normal([count], 0.0, 0.06))
    mirror = tf.sign(tf.random.uniform([count]) - 0.5)
    shear = tf.random.normal([count], 0.0, 0.06)
    cosine, sine = tf.cos(angle), tf.sin(angle)
    a, b = scale * stretch * cosine * mirror, scale * (shear * cosine - sine)
    c, d = scale * stretch * sine * mirror, scale * (shear * sine + cosine)
    shift = tf.random.normal([2, count], 0.0, 0.05 * size)
    half_in, half_out = side / 2, size / 2
    x = half_in - a * half_out - b * half_out + shift[0]
    y = half_in - c * half_out - d * half_out + shift[1]
    zero = tf.zeros_like(a)
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=pixels,
        transforms=tf.stack([a, b, x, c, d, y, zero, zero], axis=1),
        output_shape=[size, size],
        fill_value=background,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )


def soften(pixels: Tensor, size: int) -> Tensor:
    """A third of each batch loses resolution, and another part passes through a poor JPEG."""
    count = tf.shape(pixels)[0]
    third, eighth = count // 3, tf.maximum(count // 8, 1)
    small = tf.cast(size * tf.random.uniform([], 0.25, 0.8), tf.int32)
    coarse = tf.image.resize(tf.image.resize(pixels[:third], [small, small], antialias=True), [size, size])

    def squeeze(picture: Tensor) -> Tensor:
        whole = tf.cast(tf.clip_by_value(picture, 0, 255), tf.uint8)
        return tf.cast(tf.image.random_jpeg_quality(whole, 35, 90), tf.float32)

    squeezed = tf.map_fn(squeeze, pixels[third : third + eighth])
    squeezed = tf.ensure_shape(squeezed, [None, size, size, 3])
    return tf.concat([coarse, squeezed, pixels[third + eighth :]], axis=0)


def restain(pixels: Tensor, strengths: Strengths) -> Tensor:
    """Scale and mix the three channels' densities (stronger, weaker, redder, bluer dye), bend the curve.

    The camera's gamma is a factor on the density, so it costs nothing here.
    """
    count = tf.shape(pixels)[0]
    density = -tf.math.log(tf.clip_by_value(pixels, 4.0, 255.0) / GLASS)
    strength = tf.exp(tf.random.normal([count, 1, 1], 0.0, strengths.dye))
    channel = tf.exp(tf.random.normal([count, 1, 3], 0.0, strengths.channel))
    gamma = tf.exp(tf.random.normal([count, 1, 1], 0.0, strengths.gamma))
    mixing = tf.eye(3)[None] + tf.random.normal([count, 3, 3], 0.0, strengths.mixing)
    mixed = tf.einsum("nhwc,ncd->nhwd", density, mixing * strength * channel * gamma)
    return GLASS * tf.exp(-mixed)


def light(pixels: Tensor, strengths: Strengths) -> Tensor:
    """A cast of each channel, and sensor noise: one pattern for a batch, of another strength in each cell."""
    count = tf.shape(pixels)[0]
    cast = tf.exp(tf.random.normal([count, 1, 1, 3], 0.0, strengths.cast))
    noise = tf.random.normal(tf.shape(pixels)[1:], 0.0, 1.0)
    return pixels * cast + noise[None] * tf.random.uniform([count, 1, 1, 1], 0.0, strengths.noise)


def _cover(pixels: Tensor, size: int, background: float) -> Tensor:
    """A quarter of the cells loses a side, as at the edge of a field."""
    count = tf.shape(pixels)[0]
    angle = tf.random.uniform([count, 1, 1], 0, 2 * math.pi)
    axis = tf.linspace(-1.0, 1.0, size)
    along = axis[None, None, :] * tf.cos(angle) + axis[None, :, None] * tf.sin(angle)
    chosen = tf.random.uniform([count, 1, 1]) < 0.25
    hidden = (along > tf.random.uniform([count, 1, 1], 0.2, 0.9)) & chosen
    fill = background + tf.random.normal([count, 1, 1, 1], 0.0, 6.0)
    return tf.where(hidden[..., None], fill, pixels)
