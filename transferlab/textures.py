"""Striped textures: a source that lies far from drawings and photographs, to show that not any pretraining will do."""

import numpy as np

from transferlab.images import ImageSet

KINDS = tuple(f"{width} {way}" for width in ("wide", "narrow") for way in ("upright", "rising", "level", "falling"))
"""Two widths in four directions: all that tells the kinds apart."""


def striped_textures(count: int, seed: int) -> ImageSet:
    """Draw noisy stripes in random colours.

    Args:
        count: How many images.
        seed: Which ones.

    Returns:
        Images as float32 of shape `(count, 32, 32, 3)` from 0 to 255, their kinds, and the names of the eight kinds.
    """
    draw = np.random.default_rng(seed)
    kinds = draw.integers(0, len(KINDS), count)
    down, right = np.mgrid[:32, :32] / 32
    angle = (kinds % 4 * np.pi / 4 + draw.normal(0, 0.08, count))[:, None, None]
    stripes = np.where(kinds < 4, 3, 7)[:, None, None] * (right * np.cos(angle) + down * np.sin(angle))
    wave = (np.sin(2 * np.pi * (stripes + draw.uniform(0, 1, (count, 1, 1)))) + 1)[..., None] / 2
    one, other = draw.uniform(0, 255, (2, count, 1, 1, 3))
    noisy = one + (other - one) * wave + draw.normal(0, 25, (count, 32, 32, 3))
    return ImageSet(np.clip(noisy, 0, 255).astype("float32"), kinds, KINDS)
