"""From a drawing to images: pose, colours, background, clutter, occlusion, blur, exposure and noise.

Everything but the shapes is drawn from the same distributions for every class, so that colour, place and background
tell nothing about it.
"""

import math

import numpy as np
import numpy.typing as npt

from transferlab.drawing import shapes
from transferlab.drawing.pen import CHUNK, COLOURS, FAR, IMAGE_SIZE, Drawing, Pen, uniform
from transferlab.drawing.shapes import Grid

POSITION = 0.32
"""Largest shift of the object's centre, in half image widths."""
SCALE = (0.6, 0.98)
"""Size of the object against the image."""
ROTATION_RADIANS = 0.5
SHEAR = 0.2
ASPECT = 0.12
"""Largest relative stretch of width against height."""
FADE = 0.25
"""Largest share of the background that shows through the object."""
CLUTTER_SHAPES = 2
OCCLUDING_BARS = 2
OCCLUSION_CHANCE = 0.3
BLUR_PIXELS = 0.7
"""Largest standard deviation of the blur."""
NOISE = 0.06
"""Largest standard deviation of the pixel noise; 1 is the range from black to white."""

_HALF = IMAGE_SIZE / 2
_AXIS = ((np.arange(IMAGE_SIZE, dtype=np.float32) + 0.5) / _HALF - 1.0).astype(np.float32)


def render_chunk(drawing: Drawing, random: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Draw one chunk of images of one class.

    Args:
        drawing: Lays the parts of the object.
        random: Source of everything random in these images.

    Returns:
        Images (CHUNK, 32, 32, 3), uint8.
    """
    light = uniform(random, 0, 1, (CHUNK,)) < 0.5
    picture = _background(random, light)
    for _ in range(CLUTTER_SHAPES):
        _paint(picture, _clutter(random), _any_colour(random))
    _draw_object(picture, drawing, random, light)
    for _ in range(OCCLUDING_BARS):
        _paint(picture, _bar(random), _any_colour(random))
    picture = _blur(picture, random)
    return _expose(picture, random)


def _draw_object(
    picture: Grid, drawing: Drawing, random: np.random.Generator, light_background: npt.NDArray[np.bool_]
) -> None:
    x, y, pixels = _object_coordinates(random)
    colours = _object_colours(random, light_background)
    outline_half = uniform(random, 0.05, 0.1, (CHUNK, 1, 1)) * (uniform(random, 0, 1, (CHUNK, 1, 1)) < 0.6)
    outline_value = np.where(light_background[:, None, None], 0.08, 0.92).astype(np.float32)
    stripes = _waves(x, y, random, 2.0, 4.0)
    stripes *= uniform(random, 0.06, 0.2, (CHUNK, 1, 1)) * (uniform(random, 0, 1, (CHUNK, 1, 1)) < 0.3)
    opacity = 1.0 - uniform(random, 0, FADE, (CHUNK, 1, 1))

    pen = Pen(x, y, random)
    drawing(pen)
    drawn = np.empty_like(picture)
    drawn[:] = outline_value
    silhouette = np.full_like(x, FAR)
    for distance, colour in pen.parts:
        np.minimum(silhouette, distance, out=silhouette)
        _paint(drawn, _coverage(distance, pixels), colours[colour])
    drawn += stripes
    silhouette -= outline_half
    coverage = _coverage(silhouette, pixels)
    coverage *= opacity
    _paint(picture, coverage, drawn)


def _object_coordinates(random: np.random.Generator) -> tuple[Grid, Grid, Grid]:
    """Coordinates in the object's own frame, and how many pixels one of its units is, (CHUNK, 1, 1)."""
    centre_x, centre_y = uniform(random, -POSITION, POSITION, (2, CHUNK)).astype(np.float64)
    scale = uniform(random, *SCALE, (CHUNK,)).astype(np.float64)
    angle = uniform(random, -ROTATION_RADIANS, ROTATION_RADIANS, (CHUNK,)).astype(np.float64)
    shear = uniform(random, -SHEAR, SHEAR, (CHUNK,)).astype(np.float64)
    aspect = 1.0 + uniform(random, -ASPECT, ASPECT, (CHUNK,)).astype(np.float64)
    flip = np.where(uniform(random, 0, 1, (CHUNK,)) < 0.5, -1.0, 1.0)
    # float64 until the last step: were a cosine to differ in its last bit between machines, rounding would hide it
    cosine, sine = np.cos(angle) / scale, np.sin(angle) / scale
    stretch = flip * aspect
    x = _affine(stretch * (cosine + shear * -sine), stretch * (sine + shear * cosine), centre_x, centre_y)
    y = _affine(-sine, cosine, centre_x, centre_y)
    return x, y, (scale * _HALF).astype(np.float32)[:, None, None]


def _affine(
    per_x: npt.NDArray[np.float64],
    per_y: npt.NDArray[np.float64],
    centre_x: npt.NDArray[np.float64],
    centre_y: npt.NDArray[np.float64],
) -> Grid:
    offset = (per_x * centre_x + per_y * centre_y).astype(np.float32)
    across = _AXIS * per_x.astype(np.float32)[:, None] - offset[:, None]
    down = -_AXIS * per_y.astype(np.float32)[:, None]
    joined: Grid = across[:, None, :] + down[:, :, None]
    return joined


def _background(random: np.random.Generator, light: npt.NDArray[np.bool_]) -> Grid:
    """Two related colours, mixed by a gradient, soft blotches and stripes."""
    x, y = np.broadcast_to(_AXIS, (CHUNK, 1, IMAGE_SIZE)), np.broadcast_to(-_AXIS[:, None], (CHUNK, IMAGE_SIZE, 1))
    mix = _waves(x, y, random, 1.0, 3.5)
    mix *= uniform(random, 0.1, 0.45, (CHUNK, 1, 1)) * (uniform(random, 0, 1, (CHUNK, 1, 1)) < 0.4)
    turn_x, turn_y = _direction(random)
    mix += x * (turn_x * 0.5) + y * (turn_y * 0.5) + 0.5
    mix += _blotches(random) * uniform(random, 0.1, 0.7, (CHUNK, 1, 1))
    low, high = np.where(light, 0.6, 0.08), np.where(light, 1.0, 0.5)
    values = low + (high - low) * uniform(random, 0, 1, (2, CHUNK))
    colours = _rgb(uniform(random, 0, 1, (2, CHUNK)), uniform(random, 0.05, 0.6, (2, CHUNK)), values.astype(np.float32))
    picture: Grid = (colours[1] - colours[0]) * mix
    picture += colours[0]
    return picture


def _blotches(random: np.random.Generator) -> Grid:
    """A 5 x 5 grid of random levels in [-0.5, 0.5), blown up bilinearly."""
    levels = uniform(random, -0.5, 0.5, (CHUNK, 5, 5))
    place = np.arange(IMAGE_SIZE, dtype=np.float32) * (4.0 / (IMAGE_SIZE - 1))
    hats = np.maximum(1.0 - np.abs(place - np.arange(5, dtype=np.float32)[:, None]), 0.0)
    rows = np.zeros((CHUNK, IMAGE_SIZE, 5), np.float32)
    blown_up = np.zeros((CHUNK, IMAGE_SIZE, IMAGE_SIZE), np.float32)
    for k, hat in enumerate(hats):
        rows += levels[:, k, None, :] * hat[:, None]
    for k, hat in enumerate(hats):
        blown_up += rows[:, :, k, None] * hat
    return blown_up


def _clutter(random: np.random.Generator) -> Grid:
    """A small disc, box or bar anywhere, filled or hollow, as coverage."""
    half_width, half_height = uniform(random, 0.06, 0.32, (2, CHUNK, 1, 1))
    roundness = uniform(random, 0, 1, (CHUNK, 1, 1))
    turn_x, turn_y = _direction(random)
    centre_x, centre_y = uniform(random, -1, 1, (2, CHUNK, 1, 1))
    x, y = _AXIS - centre_x, -_AXIS[:, None] - centre_y
    along, across = x * turn_x + y * turn_y, y * turn_x - x * turn_y
    rounding = np.minimum(half_width, half_height) * roundness
    distance = shapes.rounded_box(along, across, 0.0, 0.0, half_width, half_height, rounding)
    hollow = uniform(random, 0, 1, (CHUNK, 1, 1)) < 0.35
    distance = np.where(hollow, np.abs(distance) - 0.05, distance)
    return _coverage(distance, _HALF)


def _bar(random: np.random.Generator) -> Grid:
    """A straight bar across the picture that hides part of the object, as coverage; most images have none."""
    there = uniform(random, 0, 1, (CHUNK, 1, 1)) < OCCLUSION_CHANCE
    half_width = np.where(there, uniform(random, 0.06, 0.12, (CHUNK, 1, 1)), np.float32(-FAR))
    turn_x, turn_y = _direction(random)
    offset = uniform(random, -0.8, 0.8, (CHUNK, 1, 1))
    distance = np.abs(_AXIS * turn_x - _AXIS[:, None] * turn_y - offset)
    distance -= half_width
    return _coverage(distance, _HALF)


def _blur(picture: Grid, random: np.random.Generator) -> Grid:
    """Three taps in each direction whose variance is that of the drawn blur."""
    sigma = uniform(random, 0, BLUR_PIXELS, (CHUNK, 1, 1))
    side = sigma * sigma / 2
    for axis in (2, 3):
        front: list[slice] = [slice(None)] * 4
        back: list[slice] = [slice(None)] * 4
        front[axis], back[axis] = slice(None, -1), slice(1, None)
        step = picture[tuple(back)] - picture[tuple(front)]
        step *= side
        picture[tuple(front)] += step
        picture[tuple(back)] -= step
    return picture


def _expose(picture: Grid, random: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Tint, brightness, noise, and 256 levels."""
    picture *= uniform(random, 0.9, 1.1, (3, CHUNK, 1, 1))
    picture += uniform(random, -0.08, 0.08, (CHUNK, 1, 1))
    # the difference of two uniform draws looks like a bell, and no logarithm is asked for
    noise = random.random(picture.shape, dtype=np.float32)
    noise -= random.random(picture.shape, dtype=np.float32)
    noise *= uniform(random, 0, NOISE * math.sqrt(6), (CHUNK, 1, 1))
    picture += noise
    picture *= 255.0
    picture += 0.5
    np.clip(picture, 0.0, 255.0, out=picture)
    return np.ascontiguousarray(picture.astype(np.uint8).transpose(1, 2, 3, 0))


def _object_colours(random: np.random.Generator, light_background: npt.NDArray[np.bool_]) -> Grid:
    """COLOURS colours an image, (COLOURS, 3, CHUNK, 1, 1); even and odd ones differ in lightness."""
    hue = uniform(random, 0, 1, (COLOURS, CHUNK))
    saturation = uniform(random, 0.35, 1.0, (COLOURS, CHUNK))
    dark, bright = uniform(random, 0.2, 0.5, (COLOURS, CHUNK)), uniform(random, 0.75, 1.0, (COLOURS, CHUNK))
    body_dark = uniform(random, 0, 1, (CHUNK,)) < np.where(light_background, 0.65, 0.15)
    odd = (np.arange(COLOURS) % 2 == 1)[:, None]
    return _rgb(hue, saturation, np.where(odd ^ body_dark, dark, bright))


def _any_colour(random: np.random.Generator) -> Grid:
    return _rgb(*uniform(random, 0, 1, (3, CHUNK)))


def _rgb(hue: Grid, saturation: Grid, value: Grid) -> Grid:
    """Hue, saturation and value `(..., CHUNK)` in [0, 1] to colours `(..., 3, CHUNK, 1, 1)`."""
    sixth = np.stack([(hue * 6.0 + turn) % 6.0 for turn in (5.0, 3.0, 1.0)], axis=-2)
    lack = np.clip(np.minimum(sixth, 4.0 - sixth), 0.0, 1.0)
    colour: Grid = (value[..., None, :] * (1.0 - saturation[..., None, :] * lack)).astype(np.float32)
    return colour[..., None, None]


def _direction(random: np.random.Generator) -> tuple[Grid, Grid]:
    """A random unit vector for each image, (CHUNK, 1, 1) each."""
    angle = uniform(random, 0, 2 * math.pi, (CHUNK, 1, 1)).astype(np.float64)
    return np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)


def _waves(x: Grid, y: Grid, random: np.random.Generator, lowest: float, highest: float) -> Grid:
    """Straight triangular waves in [-0.5, 0.5]; the frequency is in waves a unit."""
    turn_x, turn_y = _direction(random)
    frequency = uniform(random, lowest, highest, (CHUNK, 1, 1))
    phase = x * (turn_x * frequency) + y * (turn_y * frequency)
    phase += uniform(random, 0, 1, (CHUNK, 1, 1))
    phase -= np.floor(phase)
    phase -= 0.5
    np.abs(phase, out=phase)
    phase *= 2.0
    phase -= 0.5
    return phase


def _coverage(distance: Grid, pixels: Grid | float) -> Grid:
    """How much of each pixel lies inside: 1 deep inside, 0 outside, a ramp one pixel wide between."""
    covered = distance * -pixels
    covered += 0.5
    return np.clip(covered, 0.0, 1.0, out=covered)


def _paint(picture: Grid, coverage: Grid, colour: Grid) -> None:
    """Blend a colour (or another picture) over the picture, in place."""
    change = colour - picture
    change *= coverage
    picture += change
