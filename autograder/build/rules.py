"""What an instructor notebook must look like, so that nbgrader takes out of it what it should."""

import re
from collections import Counter
from collections.abc import Iterator

from nbformat import NotebookNode

from autograder.build.guard import GUARD
from autograder.build.markers import MARKERS, REGIONS, is_answer, is_judged, is_nearly_a_marker

_GRADE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def broken_rules(notebook: NotebookNode) -> list[str]:
    """Find what is wrong with an instructor notebook.

    Args:
        notebook: As made by `autograder.build.notebooks.notebook_from_text`.

    Returns:
        One sentence a finding, each naming the cell; empty when all is well.
    """
    found = []
    for cell in notebook.cells:
        checks = (_misspelt_markers(cell), _unbalanced_markers(cell), _misplaced_regions(cell), _guard(cell))
        found += [f"cell {cell.id}: {sentence}" for sentences in checks for sentence in sentences]
    names = Counter(cell.metadata.nbgrader.get("grade_id") for cell in notebook.cells if "nbgrader" in cell.metadata)
    for name, times in names.items():
        if times > 1:
            found.append(f"{times} cells have the grade_id {name!r}; give each its own")
        if not _GRADE_ID.fullmatch(str(name)):
            found.append(f"the grade_id {name!r} must be 1 to 64 letters, digits, '-' or '_': it is also the cell's id")
    return found


def _misspelt_markers(cell: NotebookNode) -> Iterator[str]:
    for number, line in enumerate(cell.source.split("\n"), start=1):
        if line.strip() not in MARKERS and is_nearly_a_marker(line):
            yield f"line {number} looks like a marker but is not written as one: {line.strip()!r}"


def _unbalanced_markers(cell: NotebookNode) -> Iterator[str]:
    inside = ""
    for line in map(str.strip, cell.source.split("\n")):
        if line not in MARKERS:
            continue
        _, edge, region = line.split(" ", maxsplit=2)
        if (edge == "BEGIN" and inside) or (edge == "END" and region != inside):
            yield f"'{line}' stands inside {inside!r}" if inside else f"'{line}' has no beginning"
            return
        inside = region if edge == "BEGIN" else ""
    if inside:
        yield f"'### BEGIN {inside}' has no end"


def _misplaced_regions(cell: NotebookNode) -> Iterator[str]:
    homes = {"SOLUTION": is_answer(cell), "HIDDEN TESTS": is_judged(cell), "MARK SCHEME": cell.cell_type == "markdown"}
    for region in REGIONS:
        if f"### BEGIN {region}" in cell.source and not homes[region]:
            yield f"'### BEGIN {region}' is not allowed in this kind of cell; look at its nbgrader metadata"


def _guard(cell: NotebookNode) -> Iterator[str]:
    if not is_judged(cell):
        return
    if not cell.metadata.nbgrader.get("locked"):
        yield "a judged cell must be locked"
    if not (cell.source == GUARD or cell.source.endswith("\n" + GUARD)):
        yield "a judged cell must end with the guard of autograder/build/guard.py, word for word"
    if cell.source.count("### BEGIN HIDDEN TESTS") > 1:
        yield "a judged cell hides nothing but the guard; hidden checks stand on the check pages"
