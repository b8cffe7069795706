"""Golden submissions: each one says only how it differs from the reference solution.

A folder `tests/submissions/<exercise>/<name>/` holds

    submission.py    py:percent text. A cell named by a grade_id replaces the reference's cell of that id; what is not
                     named stays as the reference has it. Further words in a cell's line:
                         # %% check_figure delete=true           the cell is not handed in
                         # %% figure tags=["skip-execution"]     tags, as Jupyter keeps them
                         # %% standardize nbgrader={"grade": false, ...}
                         # %% [markdown] check_figure            another type of cell
                         # %% after="setup"                      a cell of the student's own, behind that one
                         # %% first                              the same, on top of the notebook
                     A cell without text keeps the reference's text.
    expected.toml    why = "one line"
                     start = "release"                           optional: unanswered instead of reference answers
                     chance = ["name_of_check"]                  optional: checks that pass or fail by chance
                     [checks]
                     name_of_check = "FAIL"                      outcome of every check that does not pass
    files/           handed in beside the notebook (optional)

A submission that is the reference with one thing written otherwise is an entry of `slips.toml` beside these folders
instead: see `slips.py`. Its place is `tests/submissions/<exercise>/<name>` all the same, with nothing there.

`reference` and `blank` need no folder: the instructor's own answers, which pass every check, and the release, which
passes none.

A folder `tests/submissions/<exercise>/` may also hold

    plan.toml        stages = ["check_standardize", ...]         judged cells at which the run of a wrong one may end
                     exhausting = ["hostile_fork_bomb", ...]     only with --golden=all: tests/attacks has the like
                     reaching = ["wrong_random_weights", ...]    graded in any case, for checks behind what they change
                     whole = ["wrong_last_epoch", ...]           run to the end in any case: loses nothing more there
                     [visible]                                   what is tried of the checks that students see
                     before = ["setup"]          cells to run first
                     functions = ["standardize", ...]         answers with visible checks: cell and check_<cell>
                     right = ["reference", ...]                  submissions that pass them
                     [visible.said.standardize]
                     wrong_sample_deviation = "compare with"      part of the sentence that a wrong one gets
"""

import functools
import hashlib
import re
import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple

import jupytext
import nbformat
from nbformat import NotebookNode

from autograder.authoring.pages import checks_of, pages_of
from autograder.authoring.slips import FILE_NAME, Slip, SlipError, read_slips
from autograder.build.data_source import checks_folder
from autograder.build.notebooks import to_bytes
from autograder.course.exercise import page_of, pages_from
from autograder.judge.checking import CheckSettings
from autograder.judge.wording import no_such

_REGION_OF_HIDDEN = re.compile(r"^### BEGIN HIDDEN TESTS.*?^### END HIDDEN TESTS\n?", re.MULTILINE | re.DOTALL)
_REGION_OF_ANSWER = re.compile(r"^( *)### BEGIN SOLUTION\n.*?^ *### END SOLUTION$", re.MULTILINE | re.DOTALL)
_MARKER = re.compile(r"^ *### (?:BEGIN|END) SOLUTION\n?", re.MULTILINE)
_STUB = {
    "code": 'raise NotImplementedError("Write your answer here, then delete this line.")',
    "markdown": "*Write your answer here.*",
}

_ALWAYS = {
    "reference": ("the instructor's own answers", "reference"),
    "blank": ("what the release holds: nothing is answered", "release"),
}
"""Submissions that need no folder: why they are there, and what they begin with."""


class Expected(NamedTuple):
    """What the judge should find in one submission."""

    why: str
    """One line: what the submission stands for."""
    points: float
    """What the judge should give: those of all checks that are not named here."""
    checks: dict[str, str]
    """Outcome by name of check, for every check that does not pass."""
    chance: tuple[str, ...]
    """Checks of which nothing is expected: it depends on what the training happens to do."""
    start: str
    """What the cells that are not named hold: `reference` answers, or the stubs of the `release`."""
    says: str = ""
    """Part of the message of the first of these checks, where it is known."""


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


def exercise_names(submissions: Path) -> list[str]:
    """List the exercises that have golden submissions, by name.

    Args:
        submissions: The folder of all of them.
    """
    return sorted({path.parent.name for name in ("plan.toml", FILE_NAME) for path in submissions.glob(f"*/{name}")})


def read_plan(exercise: Path) -> Plan:
    """Read `plan.toml`; without one, every right submission is tried, and nothing of the checks that students see.

    Args:
        exercise: The folder of an exercise's submissions.
    """
    path = exercise / "plan.toml"
    found = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    right = [place.name for place in submission_places(exercise) if place.name.startswith(("reference", "right_"))]
    visible = found.get("visible", {"before": (), "functions": (), "right": right, "said": {}})
    lists = {name: tuple(found.get(name, ())) for name in ("stages", "exhausting", "reaching", "whole")}
    tried = {name: tuple(visible[name]) for name in ("before", "functions", "right")}
    return Plan(**lists, **tried, said=visible["said"])


def submission_places(exercise: Path) -> list[Path]:
    """List the golden submissions of one exercise, by name: folders, slips, and the two that are always there.

    Args:
        exercise: The folder of an exercise's submissions.

    Raises:
        SlipError: A slip has the name of a folder.
    """
    folders = {path.parent for path in exercise.glob("*/submission.py")}
    slips = {exercise / name for name in slips_of(exercise)}
    if both := folders & slips:
        names = ", ".join(sorted(place.name for place in both))
        raise SlipError(f"{exercise.name} has {names} both as a folder and in {FILE_NAME}; delete one")
    return sorted(folders | slips | {exercise / name for name in _ALWAYS})


@functools.cache
def slips_of(exercise: Path) -> dict[str, Slip]:
    """Return the slips of one exercise, by name.

    Args:
        exercise: The folder of an exercise's submissions.
    """
    return read_slips(exercise)


def slip_at(place: Path) -> Slip | None:
    """Return the slip that stands for a place; None where a folder does, or it is always there.

    Args:
        place: Of one golden submission.

    Raises:
        SlipError: There is neither.
    """
    if (place / "submission.py").is_file() or place.name in _ALWAYS:
        return None
    if place.name not in slips_of(place.parent):
        names = [found.name for found in submission_places(place.parent)]
        raise SlipError(f"{place.parent.name}: {no_such('submission', place.name, names)}")
    return slips_of(place.parent)[place.name]


def read_expected(place: Path) -> Expected:
    """Read `expected.toml`, or what a slip says.

    Args:
        place: Of one golden submission.

    Raises:
        SlipError: The slip names a check that its exercise does not have.
    """
    slip = slip_at(place)
    if slip is not None:
        return _expected_of(slip, place.parent)
    if place.name in _ALWAYS and not (place / "submission.py").is_file():
        return _always(place)
    found = tomllib.loads((place / "expected.toml").read_text(encoding="utf-8"))
    checks, chance = found.get("checks", {}), tuple(found.get("chance", ()))
    points = _points_without(place.name, place.parent, [*checks, *chance], checks)
    return Expected(found["why"], points, checks, chance, found.get("start", "reference"))


@functools.cache
def _settings_of(exercise: Path) -> dict[str, CheckSettings]:
    """What the checks say of the exercise whose submissions lie in `<course>/tests/submissions/<exercise>`."""
    own = page_of(exercise.name, checks_folder(exercise.absolute().parents[2]))
    return checks_of(pages_from(own) if own.exists() else pages_of(exercise.name))


def _points_without(name: str, exercise: Path, named: Collection[str], lost: Collection[str]) -> float:
    """Points of all checks but those that are lost; each one that is named has to exist."""
    settings = _settings_of(exercise)
    for check in named:
        if check not in settings:
            raise SlipError(f"submission {name} of {exercise.name}: {no_such('check', check, settings)}")
    return sum(found.points for check, found in settings.items() if check not in lost)


def _always(place: Path) -> Expected:
    why, start = _ALWAYS[place.name]
    checks = dict.fromkeys(_settings_of(place.parent), "FAIL") if start == "release" else {}
    return Expected(why, _points_without(place.name, place.parent, checks, checks), checks, (), start)


def _expected_of(slip: Slip, exercise: Path) -> Expected:
    points = _points_without(slip.name, exercise, [*slip.checks, *slip.chance], slip.checks)
    why = slip.why or slip.name.partition("_")[2].replace("_", " ")
    return Expected(why, points, dict.fromkeys(slip.checks, "FAIL"), slip.chance, "reference", slip.says)


def build_submission(place: Path, source_notebook: bytes) -> tuple[bytes, dict[str, bytes]]:
    """Make the notebook a student would hand in.

    Args:
        place: Of one golden submission.
        source_notebook: The instructor notebook of its exercise.

    Returns:
        The notebook, and the files beside it by name.

    Raises:
        ValueError: It names a cell the exercise does not have.
        SlipError: There is no such submission, or the slip does not apply to the reference.
    """
    slip = slip_at(place)
    if slip is not None:
        return to_bytes(_with_slip(_as_handed_in(source_notebook, "reference"), slip)), {}
    if place.name in _ALWAYS and not (place / "submission.py").is_file():
        return to_bytes(_as_handed_in(source_notebook, _ALWAYS[place.name][1])), {}
    start = read_expected(place).start if (place / "expected.toml").exists() else "reference"
    notebook = _as_handed_in(source_notebook, start)
    for change in jupytext.read(place / "submission.py", fmt="py:percent").cells:
        _apply(notebook, change, place.name)
    beside = place / "files"
    files = {str(path.relative_to(beside)): path.read_bytes() for path in sorted(beside.rglob("*")) if path.is_file()}
    return to_bytes(notebook), files


def _with_slip(notebook: NotebookNode, slip: Slip) -> NotebookNode:
    marks = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in notebook.cells}
    answers = {name: cell.source for name, cell in marks.items() if name and cell.metadata.nbgrader.get("solution")}
    for name, text in slip.apply(answers).items():
        marks[name].source = text
    return notebook


@functools.cache
def _parsed(source_notebook: bytes) -> NotebookNode:
    notebook: NotebookNode = nbformat.reads(source_notebook.decode(), as_version=4)
    return notebook


def _as_handed_in(source_notebook: bytes, start: str) -> NotebookNode:
    notebook: NotebookNode = nbformat.from_dict(_parsed(source_notebook))
    notebook.cells = [nbformat.from_dict(cell) for cell in notebook.cells]
    for cell in notebook.cells:
        cell.source = _REGION_OF_HIDDEN.sub("", cell.source).rstrip()
        if start == "release":
            stub = _STUB.get(cell.cell_type, "")
            cell.source = _REGION_OF_ANSWER.sub(rf"\g<1>{stub}", cell.source)
        cell.source = _MARKER.sub("", cell.source).rstrip()
    return notebook


def _apply(notebook: NotebookNode, change: NotebookNode, name: str) -> None:
    words = dict(change.metadata)
    grade_id, behind = words.get("title"), words.get("after")
    named = grade_id or behind
    if grade_id == "first":
        notebook.cells.insert(0, _cell(notebook, change.cell_type, change.source, {}))
        return
    if named is None:
        return  # the docstring on top
    place = _place(notebook, named, name)
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
