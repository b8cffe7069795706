"""Golden submissions: each one says only how it differs from the reference solution.

A folder `tests/submissions/<exercise>/<name>/` holds

    submission.py     py:percent text. A cell named by a grade_id replaces the reference's cell of that id; what is not
                      named stays as the reference has it. Further words in a cell's line:
                          # %% check_figure delete=true               the cell is not handed in
                          # %% figure tags=["skip-execution"]         tags, as Jupyter keeps them
                          # %% select_classes nbgrader={"grade": false, ...}
                          # %% [markdown] check_figure                another type of cell
                          # %% after="setup"                          a cell of the student's own, behind that one
                      A cell without text keeps the reference's text.
    expected.toml     why = "one line"
                      points = 31.5                                   what the judge should give
                      start = "release"                               optional: unanswered instead of reference answers
                      chance = ["name_of_check"]                      optional: checks that pass or fail by chance
                      [checks]
                      name_of_check = "FAIL"                          outcome of every check that does not pass
    files/            handed in beside the notebook (optional)

A folder `tests/submissions/<exercise>/` also holds

    plan.toml         stages = ["check_split", ...]                   judged cells at which the run of a wrong one may end
                      exhausting = ["hostile_fork_bomb", ...]         graded with --golden=all only: tests/attacks has the like
                      reaching = ["wrong_random_weights", ...]        graded in any case, for checks behind what they change
                      whole = ["wrong_last_epoch", ...]              run to the end in any case: loses nothing more there
                      [visible]                                       what is tried of the checks that students see
                      before = ["setup", "toy_backbone"]              cells to run first
                      functions = ["select_classes", ...]             answers that have visible checks: cell and check_<cell>
                      right = ["reference", ...]                      submissions that pass them
                      [visible.said.select_classes]
                      wrong_labels_by_value = "compare with"          part of the sentence that a wrong one gets
"""

import functools
import hashlib
import re
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

import jupytext
import nbformat
from nbformat import NotebookNode

from autograder.build.notebooks import to_bytes

SUBMISSIONS = Path(__file__).parent
_REGION_OF_HIDDEN = re.compile(r"^### BEGIN HIDDEN TESTS.*?^### END HIDDEN TESTS\n?", re.MULTILINE | re.DOTALL)
_REGION_OF_ANSWER = re.compile(r"^( *)### BEGIN SOLUTION\n.*?^ *### END SOLUTION$", re.MULTILINE | re.DOTALL)
_MARKER = re.compile(r"^ *### (?:BEGIN|END) SOLUTION\n?", re.MULTILINE)
_STUB = {
    "code": 'raise NotImplementedError("Write your answer here, then delete this line.")',
    "markdown": "*Write your answer here.*",
}


class Expected(NamedTuple):
    """What the judge should find in one submission."""

    why: str
    """One line: what the submission stands for."""
    points: float
    """Points of all judged cells together."""
    checks: dict[str, str]
    """Outcome by name of check, for every check that does not pass."""
    chance: tuple[str, ...]
    """Checks of which nothing is expected: it depends on what the training happens to do."""
    start: str
    """What the cells that are not named hold: `reference` answers, or the stubs of the `release`."""


class Plan(NamedTuple):
    """What is tried with the golden submissions of one exercise."""

    stages: tuple[str, ...]
    """Judged cells at which a run may end: a wrong submission that changes nothing behind one is run to there only."""
    exhausting: tuple[str, ...]
    """Hostile submissions that take long, and of whose kind tests/attacks has one."""
    reaching: tuple[str, ...]
    """Wrong submissions that are graded in any case."""
    whole: tuple[str, ...]
    """Wrong submissions that are graded in any case, from their first cell to their last."""
    before: tuple[str, ...]
    """Cells to run before any answer is tried."""
    functions: tuple[str, ...]
    """Answers that have visible checks."""
    right: tuple[str, ...]
    """Submissions that pass all visible checks."""
    said: dict[str, dict[str, str]]
    """Part of the sentence by function and wrong submission."""


def exercise_names() -> list[str]:
    """List the exercises that have golden submissions, by name."""
    return sorted(path.parent.name for path in SUBMISSIONS.glob("*/plan.toml"))


def read_plan(exercise: str) -> Plan:
    """Read `plan.toml`."""
    found = tomllib.loads((SUBMISSIONS / exercise / "plan.toml").read_text(encoding="utf-8"))
    visible = found["visible"]
    parts = [found["stages"], found.get("exhausting", ()), found.get("reaching", ()), found.get("whole", ())]
    return Plan(*map(tuple, [*parts, *(visible[name] for name in ("before", "functions", "right"))]), visible["said"])


def submission_folders(exercise: str) -> list[Path]:
    """List the golden submissions of one exercise, by name."""
    return sorted(path.parent for path in (SUBMISSIONS / exercise).glob("*/submission.py"))


def read_expected(folder: Path) -> Expected:
    """Read `expected.toml`."""
    found = tomllib.loads((folder / "expected.toml").read_text(encoding="utf-8"))
    checks, chance = found.get("checks", {}), tuple(found.get("chance", ()))
    return Expected(found["why"], found["points"], checks, chance, found.get("start", "reference"))


def build_submission(folder: Path, source_notebook: bytes) -> tuple[bytes, dict[str, bytes]]:
    """Make the notebook a student would hand in.

    Args:
        folder: Of one golden submission.
        source_notebook: The instructor notebook of its exercise.

    Returns:
        The notebook, and the files beside it by name.

    Raises:
        ValueError: `submission.py` names a cell the exercise does not have.
    """
    start = read_expected(folder).start if (folder / "expected.toml").exists() else "reference"
    notebook = _as_handed_in(source_notebook, start)
    for change in jupytext.read(folder / "submission.py", fmt="py:percent").cells:
        _apply(notebook, change, folder.name)
    beside = folder / "files"
    files = {str(path.relative_to(beside)): path.read_bytes() for path in sorted(beside.rglob("*")) if path.is_file()}
    return to_bytes(notebook), files


@functools.cache
def _parsed(source_notebook: bytes) -> NotebookNode:
    return nbformat.reads(source_notebook.decode(), as_version=4)


def _as_handed_in(source_notebook: bytes, start: str) -> NotebookNode:
    notebook = nbformat.from_dict(_parsed(source_notebook))
    notebook.cells = [nbformat.from_dict(cell) for cell in notebook.cells]
    for cell in notebook.cells:
        cell.source = _REGION_OF_HIDDEN.sub("", cell.source).rstrip()
        if start == "release":
            stub = _STUB.get(cell.cell_type, "")
            cell.source = _REGION_OF_ANSWER.sub(lambda region, stub=stub: region[1] + stub, cell.source)
        cell.source = _MARKER.sub("", cell.source).rstrip()
    return notebook


def _apply(notebook: NotebookNode, change: NotebookNode, name: str) -> None:
    words = dict(change.metadata)
    grade_id, behind = words.get("title"), words.get("after")
    if grade_id is None and behind is None:
        return  # the docstring on top
    place = _place(notebook, grade_id or behind, name)
    if behind is not None:
        added = _cell(notebook, change.cell_type, change.source, {"tags": words["tags"]} if "tags" in words else {})
        notebook.cells.insert(place + 1, added)
    elif words.get("delete"):
        del notebook.cells[place]
    else:
        old = notebook.cells[place]
        metadata = dict(old.metadata) | {key: words[key] for key in ("tags", "nbgrader") if key in words}
        notebook.cells[place] = _cell(notebook, change.cell_type, change.source or old.source, metadata)


def _place(notebook: NotebookNode, grade_id: str, name: str) -> int:
    for place, cell in enumerate(notebook.cells):
        if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id:
            return place
    raise ValueError(f"submission {name} names the cell {grade_id!r}, which the exercise does not have; see source/")


def _cell(notebook: NotebookNode, cell_type: str, source: str, metadata: dict[str, Any]) -> NotebookNode:
    make = getattr(nbformat.v4, f"new_{cell_type}_cell")
    cell: NotebookNode = make(source=source, metadata=metadata)
    # made from the text, not drawn: the same submission is the same bytes every time
    cell.id = f"own-{len(notebook.cells)}-{hashlib.sha256(source.encode()).hexdigest()[:12]}"
    return cell
