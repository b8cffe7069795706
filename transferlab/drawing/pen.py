"""What a drawing is made with: coordinates that follow the object, random proportions, parts laid over each other."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from transferlab.drawing.shapes import Grid

Mask = npt.NDArray[np.bool_]

IMAGE_SIZE = 32
"""Height and width of every image, in pixels."""

CHUNK = 50
"""Images drawn together. Random numbers are drawn chunk by chunk, so another size would be other images."""

COLOURS = 6
"""Colours a drawing may choose from; neighbours in the list contrast in lightness."""

FAR = 9.0
"""A distance nothing in the picture reaches: where a part is left out."""


@dataclass
class Pen:
    """Collects the parts of one chunk of drawings of one class.

    The object's own coordinates run from -1 to 1, x to the right and y upwards; a drawing should about fill them.
    Position, size, rotation, shear and colours are the renderer's business: a drawing says shapes only.
    """

    x: Grid
    """Coordinates to the right, (count, 32, 32)."""
    y: Grid
    """Coordinates upwards, (count, 32, 32)."""
    random: np.random.Generator
    """Source of all proportions."""
    parts: list[tuple[Grid, int]] = field(default_factory=list)
    """Distance and colour number of each part, the hindmost first."""

    def vary(self, low: float, high: float) -> Grid:
        """One uniform draw for each image, (count, 1, 1)."""
        return uniform(self.random, low, high, (len(self.x), 1, 1))

    def maybe(self, chance: float) -> Mask:
        """True for about this share of the images, (count, 1, 1)."""
        return self.vary(0.0, 1.0) < chance

    def part(self, distance: Grid, colour: int, where: Mask | None = None) -> None:
        """Lay a part over those before it.

        Args:
            distance: Signed distance in object coordinates, (count, 32, 32).
            colour: Which of the image's colours, 0 to COLOURS - 1.
            where: The images that have this part, (count, 1, 1); all by default.
        """
        if where is not None:
            distance = np.where(where, distance, np.float32(FAR))
        self.parts.append((distance, colour))


Drawing = Callable[[Pen], None]


def uniform(random: np.random.Generator, low: float, high: float, shape: tuple[int, ...]) -> Grid:
    """Float32 draws from [low, high)."""
    draws = random.random(shape, dtype=np.float32)
    draws *= high - low
    draws += low
    return draws
