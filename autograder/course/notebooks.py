"""Student notebooks: from whatever bytes were handed in to a notebook that can be run and judged.

`read_notebook` keeps what grading needs (cell types, texts, nbgrader ids, attached pictures) and drops the rest, so
nothing odd in a submission travels further. `prepare` then lays it over the instructor's notebook.
"""

import copy
import json
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_notebook

from autograder.course.exercise import (
    Exercise,
    grade_id_of,
    is_answer,
    is_judged,
    is_written,
    without_hidden_region,
)

MAX_NOTEBOOK_MIB = 50
MAX_CELLS = 2_000
_AGAIN = "open it in Jupyter, save it, and hand it in again"


class UnusableNotebook(Exception):
    """A file that cannot be graded; the message is one sentence for the student."""


@dataclass(frozen=True)
class Prepared:
    """A submission laid over the instructor's notebook."""

    notebook: NotebookNode
    """Student's answers and extra cells, instructor's locked and graded cells; no outputs."""
    judged: Mapping[str, int]
    """Grade id to position in `notebook.cells`, for every judged cell of the exercise, in notebook order."""
    notes: tuple[str, ...]
    """Sentences about what had to be put right."""


def read_notebook_file(path: Path) -> bytes:
    """Read a submitted file without following links or loading one that is far too large.

    Args:
        path: The file.

    Returns:
        Its bytes.

    Raises:
        UnusableNotebook: It is missing, no regular file, too large or may not be read.
    """
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            raise UnusableNotebook(f"{path.name} is a link, folder or device, not a file; hand in the notebook itself.")
        _refuse_size(status.st_size)
        return path.read_bytes()
    except FileNotFoundError as error:
        raise UnusableNotebook(f"There is no file {path}; check the name.") from error
    except OSError as error:
        raise UnusableNotebook(f"{path} cannot be read ({error.strerror}); check its permissions.") from error


def read_notebook(data: bytes) -> NotebookNode:
    """Read a submitted notebook of any nbformat, keeping only what grading needs.

    Args:
        data: The file as it was handed in.

    Returns:
        A notebook of nbformat 4 whose cells have a type, a text, empty outputs and at most `nbgrader` metadata.

    Raises:
        UnusableNotebook: The bytes are no notebook; the message says why and what to do.
    """
    content = _load(data)
    version = content.get("nbformat", 4)
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise UnusableNotebook(f"The notebook names no known format version (nbformat {version!r:.40}); {_AGAIN}.")
    if version > 4:
        raise UnusableNotebook(
            f"The notebook is written in nbformat {version}; save it as nbformat 4, the newest known."
        )
    cells = _upgraded_cells(data) if version < 4 else content.get("cells")
    if not isinstance(cells, list):
        raise UnusableNotebook(f"The file is JSON but no Jupyter notebook (it has no list of cells); {_AGAIN}.")
    if len(cells) > MAX_CELLS:
        raise UnusableNotebook(f"The notebook has {len(cells):,} cells, but {MAX_CELLS:,} are allowed; delete some.")
    clean = [_clean_cell(cell, number) for number, cell in enumerate(cells) if isinstance(cell, Mapping)]
    return _notebook(clean)


def prepare(student: NotebookNode, exercise: Exercise) -> Prepared:
    """Lay a student's notebook over the instructor's.

    Locked and graded cells become the instructor's again, whatever was done to them; deleted ones are put back behind
    their nearest predecessor, judged cells moved out of order return there. Answers and extra cells stay in place.

    Args:
        student: What `read_notebook` returned.
        exercise: The exercise the notebook belongs to.

    Returns:
        The notebook to run, the places of its judged cells, and notes on what was put right. Preparing the result again
        changes nothing.
    """
    notes: list[str] = []
    cells = _matched(student, exercise, notes)
    _put_back_missing(cells, exercise, notes)
    _put_judged_in_order(cells, exercise, notes)
    for number, cell in enumerate(cells):
        source_cell = exercise.cells.get(grade_id_of(cell) or "")
        cell["id"] = source_cell.get("id", f"graded-{number}") if source_cell else f"student-{number}"
    positions = _positions(cells)
    judged = {grade_id: positions[grade_id] for grade_id in exercise.judged}
    notebook = _notebook(cells)
    kernelspec = exercise.notebook.metadata.get("kernelspec")
    if kernelspec:
        notebook.metadata["kernelspec"] = copy.deepcopy(kernelspec)
    return Prepared(notebook=notebook, judged=judged, notes=tuple(notes))


def _refuse_size(size_bytes: int) -> None:
    if size_bytes > MAX_NOTEBOOK_MIB * 2**20:
        raise UnusableNotebook(
            f"The notebook is {size_bytes / 2**20:.0f} MiB, more than the {MAX_NOTEBOOK_MIB} MiB allowed; "
            "clear its outputs and hand it in again."
        )


def _load(data: bytes) -> dict[str, Any]:
    _refuse_size(len(data))
    if not data.strip():
        raise UnusableNotebook("The notebook file is empty; save the notebook in Jupyter and hand it in again.")
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UnusableNotebook(f"The file is not UTF-8 text, so it is no notebook; {_AGAIN}.") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise UnusableNotebook(f"The file is not valid JSON ({where}), so it is no notebook; {_AGAIN}.") from error
    except (RecursionError, ValueError) as error:
        raise UnusableNotebook(f"The file is nested too deeply, or holds absurd numbers; {_AGAIN}.") from error
    if not isinstance(content, dict):
        raise UnusableNotebook(f"The file is JSON but no Jupyter notebook (it has no list of cells); {_AGAIN}.")
    return content


def _upgraded_cells(data: bytes) -> Any:
    try:
        return nbformat.reads(data.decode("utf-8-sig"), as_version=4).get("cells")
    except (Exception, RecursionError) as error:
        # nbformat's converters raise whatever the malformed content makes them raise.
        raise UnusableNotebook(f"The notebook's old format could not be converted; {_AGAIN}.") from error


def _clean_cell(cell: Mapping[str, Any], number: int) -> NotebookNode:
    kind = cell.get("cell_type")
    clean = NotebookNode(
        id=f"student-{number}",
        cell_type=kind if kind in ("code", "markdown", "raw") else "raw",
        metadata=NotebookNode(),
        source=_text(cell.get("source", "")),
    )
    grade_id = grade_id_of(cell)
    if grade_id is not None:
        flags = cell["metadata"]["nbgrader"]
        clean.metadata["nbgrader"] = NotebookNode(
            grade_id=grade_id, **{flag: flags.get(flag) is True for flag in ("grade", "solution", "locked", "task")}
        )
    if clean.cell_type == "code":
        clean.update(outputs=[], execution_count=None)
    else:
        _copy_attachments(cell, clean)
    return clean


def _text(source: Any) -> str:
    lines = source if isinstance(source, list) else [source]
    text = "".join(line for line in lines if isinstance(line, str))
    # JSON may hold half a surrogate pair, which no file and no kernel message can carry.
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _copy_attachments(cell: Mapping[str, Any], clean: NotebookNode) -> None:
    attachments = cell.get("attachments")
    if not isinstance(attachments, Mapping):
        return
    kept: dict[str, dict[str, str]] = {}
    for name, bundle in attachments.items():
        if isinstance(bundle, Mapping):
            texts = {mime: data for mime, data in bundle.items() if isinstance(data, str) and mime.startswith("image/")}
            kept[_text(name)] = {_text(mime): _text(data) for mime, data in texts.items()}
    if kept:
        clean["attachments"] = nbformat.from_dict(kept)


def _matched(student: NotebookNode, exercise: Exercise, notes: list[str]) -> list[NotebookNode]:
    seen: set[str] = set()
    cells = []
    for cell in student.cells:
        grade_id = grade_id_of(cell)
        source_cell = exercise.cells.get(grade_id or "")
        if grade_id in seen and source_cell is not None:
            notes.append(f"The cell '{grade_id}' was there twice; the first one counts.")
            source_cell = None
        if source_cell is None or grade_id is None:
            cells.append(_as_extra(cell))
            continue
        seen.add(grade_id)
        if cell.cell_type != source_cell.cell_type:
            notes.append(f"The type of cell '{grade_id}' had been changed to {cell.cell_type}; it was put back.")
        elif not is_answer(source_cell) and not _same_text(cell.source, source_cell.source):
            notes.append(f"The locked cell '{grade_id}' had been changed; it was put back as it was released.")
        cells.append(_answered(source_cell, cell) if is_answer(source_cell) else _restored(source_cell))
    return cells


def _same_text(submitted: str, original: str) -> bool:
    return without_hidden_region(submitted).split() == without_hidden_region(original).split()


def _as_extra(cell: NotebookNode) -> NotebookNode:
    extra = copy.deepcopy(cell)
    extra.metadata = NotebookNode()
    return extra


def _restored(source_cell: NotebookNode) -> NotebookNode:
    cell = copy.deepcopy(source_cell)
    cell.metadata = NotebookNode(nbgrader=cell.metadata["nbgrader"])
    if cell.cell_type == "code":
        cell.update(outputs=[], execution_count=None)
    return cell


def _answered(source_cell: NotebookNode, student_cell: NotebookNode) -> NotebookNode:
    cell = _restored(source_cell)
    cell.source = student_cell.source
    cell.pop("attachments", None)
    if cell.cell_type != "code" and "attachments" in student_cell:
        cell["attachments"] = copy.deepcopy(student_cell.attachments)
    return cell


def _positions(cells: list[NotebookNode]) -> dict[str, int]:
    named = ((grade_id_of(cell), number) for number, cell in enumerate(cells))
    return {grade_id: number for grade_id, number in named if grade_id is not None}


def _put_back_missing(cells: list[NotebookNode], exercise: Exercise, notes: list[str]) -> None:
    predecessor: str | None = None
    for grade_id, source_cell in exercise.cells.items():
        positions = _positions(cells)
        if grade_id not in positions:
            if is_answer(source_cell) and not is_written(source_cell):
                continue
            place = 0 if predecessor is None else positions[predecessor] + 1
            cell = _restored(source_cell)
            if is_written(source_cell) and is_answer(source_cell):
                # The instructor's text is the model answer; what was deleted counts as unanswered.
                cell.source = ""
            cells.insert(place, cell)
            if is_judged(source_cell) or is_written(source_cell):
                notes.append(f"The graded cell '{grade_id}' had been deleted; it was put back.")
        predecessor = grade_id


def _put_judged_in_order(cells: list[NotebookNode], exercise: Exercise, notes: list[str]) -> None:
    anchors = _anchors(exercise)
    judged = list(exercise.judged)
    for grade_id in judged:
        if _positions(cells)[grade_id] < _last_position(cells, anchors[grade_id]):
            _move_behind(cells, grade_id, anchors[grade_id], notes)
    for grade_id, successor in reversed(list(pairwise(judged))):
        positions = _positions(cells)
        if positions[grade_id] > positions[successor]:
            _move_behind(cells, grade_id, anchors[grade_id], notes)


def _anchors(exercise: Exercise) -> dict[str, list[str]]:
    """The cells a judged cell has to come after: those since the judged cell before it, and that one."""
    anchors: dict[str, list[str]] = {}
    group: list[str] = []
    for grade_id in exercise.cells:
        if grade_id in exercise.judged:
            anchors[grade_id] = group
            group = []
        group = [*group, grade_id]
    return anchors


def _last_position(cells: list[NotebookNode], grade_ids: list[str]) -> int:
    positions = _positions(cells)
    return max((positions[grade_id] for grade_id in grade_ids if grade_id in positions), default=-1)


def _move_behind(cells: list[NotebookNode], grade_id: str, anchors: list[str], notes: list[str]) -> None:
    cell = cells.pop(_positions(cells)[grade_id])
    cells.insert(_last_position(cells, anchors) + 1, cell)
    notes.append(f"The graded cell '{grade_id}' had been moved; it was put back behind the cells it belongs to.")


def _notebook(cells: list[NotebookNode]) -> NotebookNode:
    notebook: NotebookNode = new_notebook(cells=cells, metadata=NotebookNode(language_info=NotebookNode(name="python")))
    return notebook
