"""Drawn chunks that stay in memory, where somebody asks for it: a process that forks others draws for all of them."""

import contextlib
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

Chunk = tuple[str, str, str, int, int]
"""Source, split, class, seed, number of the chunk: what its images depend on."""

MAX_CHUNKS = 400
"""About 60 MB."""

_chunks: dict[Chunk, npt.NDArray[np.uint8]] = {}
_is_keeping = False


def find(chunk: Chunk, draw: Callable[[], npt.NDArray[np.uint8]]) -> npt.NDArray[np.uint8]:
    """Return the images of a chunk, kept or drawn now.

    Args:
        chunk: Which.
        draw: Draws it.

    Returns:
        Images (n, height, width, 3), uint8; not to be written.
    """
    found = _chunks.get(chunk)
    if found is None:
        found = draw()
        if _is_keeping and len(_chunks) < MAX_CHUNKS:
            found.flags.writeable = False
            _chunks[chunk] = found
    return found


@contextlib.contextmanager
def keeping() -> Iterator[None]:
    """Keep what is drawn meanwhile."""
    global _is_keeping  # noqa: PLW0603 (one memory a process)
    _is_keeping = True
    try:
        yield
    finally:
        _is_keeping = False
