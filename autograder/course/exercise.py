"""One exercise: the instructor's notebook, its hidden check page, and which cells are graded how."""

import ast
import re
import symtable
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.course.errors import CourseError

# Ways to leave names that the code does not name: other files, dictionaries of names, functions that do it when called.
_UNTOLD = re.compile(
    r"\bimport[ \t(]*\*|\b(?:globals|vars|locals|exec|eval|setattr|get_ipython)\b|^[ \t]*global\b"
    r"|^[ \t]*%+(?:run|load|store|pylab)",
    re.MULTILINE,
)
_MAX_NAMED = 100_000
"""Characters of a student's cell; beyond, its names are not read."""
_WORD = re.compile(r"[^\W\d]\w*")
_MAGIC_LINE = re.compile(r"^([ \t]*)[%!].*$", re.MULTILINE)
CALIBRATION = "_calibration.py"
"""Right and wrong solutions of an exercise that the thresholds of its accuracy gates are measured with."""
_NOT_FOR_THE_JUDGE = frozenset({"__init__.py", CALIBRATION, "clauses.toml", "lesson.toml"})
_PARSING = threading.Lock()
_BEGIN, _END = "BEGIN HIDDEN TESTS", "END HIDDEN TESTS"


def grade_id_of(cell: Mapping[str, Any]) -> str | None:
    """Return the nbgrader id of a cell, or None for a cell nbgrader does not know.

    Args:
        cell: A notebook cell, possibly a student's; malformed metadata counts as none.

    Returns:
        The grade id, never empty.
    """
    nbgrader = _nbgrader_metadata(cell)
    grade_id = nbgrader.get("grade_id")
    marked = any(nbgrader.get(flag) is True for flag in ("grade", "solution", "locked", "task"))
    return grade_id if isinstance(grade_id, str) and grade_id and marked else None


def is_judged(cell: Mapping[str, Any]) -> bool:
    """Tell whether hidden checks decide the points of this cell (a code cell graded automatically).

    Args:
        cell: A cell of the instructor's notebook.
    """
    nbgrader = _nbgrader_metadata(cell)
    return cell.get("cell_type") == "code" and nbgrader.get("grade") is True and nbgrader.get("solution") is not True


def is_written(cell: Mapping[str, Any]) -> bool:
    """Tell whether a person grades this cell (an answer that carries points, or a task).

    Args:
        cell: A cell of the instructor's notebook.
    """
    nbgrader = _nbgrader_metadata(cell)
    answered = nbgrader.get("grade") is True and nbgrader.get("solution") is True
    return answered or nbgrader.get("task") is True


def is_answer(cell: Mapping[str, Any]) -> bool:
    """Tell whether the student writes in this cell.

    Args:
        cell: A cell of the instructor's notebook.
    """
    return _nbgrader_metadata(cell).get("solution") is True or is_written(cell)


def without_hidden_region(source: str) -> str:
    """Return a cell's text as it was released: without the lines between the hidden-test markers.

    Args:
        source: Text of a graded cell of the instructor's notebook.
    """
    kept, position = [], 0
    while (begin := source.find(_BEGIN, position)) >= 0 and (end := source.find(_END, begin + len(_BEGIN))) >= 0:
        # Found step by step and never looked at twice: it is called on students' texts, whatever they hold.
        kept.append(source[position : source.rfind("\n", position, begin) + 1 or position])
        line_end = source.find("\n", end)
        position = len(source) if line_end < 0 else line_end + 1
    return "".join([*kept, source[position:]]).rstrip()


def parsed(source: str) -> ast.Module:
    """Parse Python, one thread at a time: in Python 3.11 two of them mix up their counts, and one gets a SystemError.

    Args:
        source: The code.

    Raises:
        SyntaxError: It is no Python.
    """
    with _PARSING:
        return ast.parse(source)


def without_magic(source: str) -> str:
    """Return code in which IPython's own lines do nothing, so that the rest may be Python.

    Args:
        source: The code.
    """
    return _MAGIC_LINE.sub(r"\1pass", source)


def names_bound(source: str) -> set[str]:
    """Return the global names that a cell's code defines; none if it is no Python.

    Args:
        source: The code.
    """
    try:
        return _bound(source)
    except (SyntaxError, ValueError):
        return set()


def names_left(source: str) -> list[str] | None:
    """Return the global names that a cell may leave; None if that cannot be told from its code.

    Args:
        source: The code, perhaps a student's. If it is no Python, each of its words may be a name that was meant.
    """
    if len(source) > _MAX_NAMED or _UNTOLD.search(source):
        return None
    try:
        with _PARSING:
            return sorted(_bound(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return sorted(set(_WORD.findall(source)))


def _bound(source: str) -> set[str]:
    table = symtable.symtable(without_magic(source), "<cell>", "exec")
    return {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported()}


@dataclass(frozen=True)
class Exercise:
    """One notebook of the course and the page of checks that judges it."""

    name: str
    """The slug, e.g. `exercise_1_first`: notebook, check page and submissions carry it."""
    source: bytes
    """The instructor's notebook, solutions included."""
    page: Path
    """The folder of the hidden check pages; or the first page, where those beside it go on."""
    judged: Mapping[str, float]
    """Grade id to points, for the cells the checks decide, in notebook order."""
    written: Mapping[str, float]
    """Grade id to points, for the cells a person grades, in notebook order."""
    assignment: str = ""
    """The nbgrader assignment the notebook belongs to, e.g. `transfer_learning`."""
    left_out: tuple[str, ...] = ()
    """Grade ids that its pages judge and this one does not, because it is a part of the exercise."""

    @classmethod
    def from_source(cls, name: str, source: bytes, page: Path, assignment: str = "") -> "Exercise":
        """Read the graded cells off the instructor's notebook.

        Args:
            name: The slug.
            source: The instructor's notebook as bytes.
            page: The folder of the hidden check pages, or the first page.
            assignment: The nbgrader assignment the notebook belongs to.

        Returns:
            The exercise.

        Raises:
            CourseError: The notebook is no notebook, names a cell twice, or gives a graded cell no points.
        """
        judged: dict[str, float] = {}
        written: dict[str, float] = {}
        for cell in _parse(name, source).cells:
            grade_id = grade_id_of(cell)
            if grade_id is None or not (is_judged(cell) or is_written(cell)):
                continue
            if grade_id in judged or grade_id in written:
                raise CourseError(f"{name}.ipynb in source/ names two cells '{grade_id}'; give each its own grade_id.")
            (judged if is_judged(cell) else written)[grade_id] = _points(name, grade_id, cell)
        return cls(name=name, source=source, page=page, judged=judged, written=written, assignment=assignment)

    @cached_property
    def notebook(self) -> NotebookNode:
        """The instructor's notebook, parsed. Copy a cell before changing it."""
        return _parse(self.name, self.source)

    @cached_property
    def cells(self) -> dict[str, NotebookNode]:
        """The cells nbgrader knows, by grade id, in notebook order."""
        named = ((grade_id_of(cell), cell) for cell in self.notebook.cells)
        return {grade_id: cell for grade_id, cell in named if grade_id is not None}

    @cached_property
    def names(self) -> frozenset[str]:
        """What the notebook's code defines for the cells that follow: functions, variables, modules."""
        code = (cell.source for cell in self.notebook.cells if cell.cell_type == "code")
        return frozenset(name for source in code for name in names_bound(source))

    @property
    def folder(self) -> Path:
        """Where its check pages are."""
        return self.page if self.page.is_dir() else self.page.parent

    @property
    def pages(self) -> tuple[Path, ...]:
        """The hidden check pages; see `pages_from`."""
        return pages_from(self.page)

    @property
    def beside(self) -> tuple[Path, ...]:
        """What the check pages import or read from their folder; see `beside_pages`."""
        return beside_pages(self.page)

    @property
    def max_points(self) -> float:
        """Points the checks can give."""
        return sum(self.judged.values())


def page_of(name: str, checks: Path) -> Path:
    """Return where the check pages of an exercise are: a folder of its name, or else a file.

    Args:
        name: The slug.
        checks: Where all check pages are.
    """
    folder = checks / name
    return folder if folder.is_dir() else checks / f"{name}.py"


def pages_from(page: Path) -> tuple[Path, ...]:
    """Return the check pages of an exercise.

    Args:
        page: Their folder, in which files that begin with an underscore are none; or the first page, and those beside
            it are others whose names go on where its name ends.
    """
    if page.is_dir():
        return tuple(sorted(found for found in page.glob("*.py") if not found.name.startswith("_")))
    return (page, *sorted(page.parent.glob(f"{page.stem}_*.py")))


def beside_pages(page: Path) -> tuple[Path, ...]:
    """Return what lies in a folder of check pages beside them: modules that begin with an underscore, and data.

    Pages import such a module by its name. Tables that decide no verdict are left out; so is everything beside a page
    that is a file, where others may lie as well.

    Args:
        page: The folder, or the first page.
    """
    if not page.is_dir():
        return ()
    pages = pages_from(page)
    found = (path for path in page.iterdir() if path.is_file() and path not in pages)
    return tuple(sorted(path for path in found if path.name not in _NOT_FOR_THE_JUDGE and path.suffix != ".pyc"))


def table_beside(page: Path, name: str) -> Path:
    """Return where a table about the checks of an exercise is.

    Args:
        page: The folder of its check pages, or the first page.
        name: Of the table: in the folder by itself, beside the page behind the page's own name.
    """
    return page / name if page.is_dir() else page.with_name(f"{page.stem}_{name}")


def _nbgrader_metadata(cell: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, Mapping) else None
    return nbgrader if isinstance(nbgrader, Mapping) else {}


def _parse(name: str, source: bytes) -> NotebookNode:
    try:
        notebook: NotebookNode = nbformat.reads(source.decode("utf-8"), as_version=4)
    except Exception as error:
        raise CourseError(f"{name}.ipynb in source/ is no readable notebook ({error}); build it again.") from error
    return notebook


def _points(name: str, grade_id: str, cell: Mapping[str, Any]) -> float:
    points = _nbgrader_metadata(cell).get("points")
    if isinstance(points, bool) or not isinstance(points, int | float) or not 0 <= points < float("inf"):
        raise CourseError(f"Cell '{grade_id}' of {name}.ipynb in source/ has no points (got {points!r}); set them.")
    return float(points)
