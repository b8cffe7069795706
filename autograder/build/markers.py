"""The markers that tell nbgrader what students must not get, and how to read the regions between them."""

import difflib
import re
from collections.abc import Iterator

from nbformat import NotebookNode

REGIONS = ("SOLUTION", "HIDDEN TESTS", "MARK SCHEME")
MARKERS = frozenset(f"### {edge} {region}" for region in REGIONS for edge in ("BEGIN", "END"))
"""The one way each marker is written here. nbgrader itself takes any line that contains the words, and nothing else."""

_LETTERS_OF_MARKERS = tuple(re.sub("[^A-Z]", "", marker) for marker in sorted(MARKERS))
_ALIKE = 0.8


def is_nearly_a_marker(line: str) -> bool:
    """Tell whether a line is a marker, or was perhaps meant as one.

    nbgrader passes over a marker with a slip of the pen in silence, and the answer is released.

    Args:
        line: One line of a cell.

    Returns:
        True for markers in any case, with any number of signs around them, and with a letter or two wrong.
    """
    letters = re.sub("[^A-Z]", "", line.upper())
    if any(marker in letters for marker in _LETTERS_OF_MARKERS):
        return True
    return any(difflib.SequenceMatcher(None, letters, marker).ratio() >= _ALIKE for marker in _LETTERS_OF_MARKERS)


def regions(source: str, name: str) -> Iterator[list[str]]:
    """Yield the lines between the markers of one kind, region by region, without the markers.

    Args:
        source: Source of a cell; its markers are balanced (see `autograder.build.rules`).
        name: One of `REGIONS`.

    Yields:
        The lines of one region.
    """
    lines: list[str] | None = None
    for line in source.split("\n"):
        if line.strip() == f"### BEGIN {name}":
            lines = []
        elif line.strip() == f"### END {name}" and lines is not None:
            yield lines
            lines = None
        elif lines is not None:
            lines.append(line)


def is_judged(cell: NotebookNode) -> bool:
    """Tell whether a cell is graded by the judge (a grade cell that students do not write in)."""
    role = cell.metadata.get("nbgrader", {})
    return bool(role.get("grade")) and not role.get("solution")


def is_answer(cell: NotebookNode) -> bool:
    """Tell whether students write their answer into this cell."""
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))
