"""An assignment from source/ into the gradebook and release/: the first time, and after every change.

nbgrader's own `generate_assignment` refuses to add or remove a cell once somebody has handed in, and has emptied
release/ by then. Here nbgrader generates into a place of its own, with a gradebook of its own. Only when that has
worked is the course's gradebook brought to the same cells, in one transaction, and release/ exchanged in one move.
Points and comments that a person gave stay; those of a cell that is gone are written down beside the copy of the
gradebook.
"""

import csv
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nbgrader.api import (
    Assignment,
    Base,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    GradeCell,
    MissingEntry,
    Notebook,
    SolutionCell,
    SourceCell,
    SubmittedNotebook,
    TaskCell,
)
from nbgrader.apps import NbGraderAPI
from sqlalchemy import create_engine

from autograder.course.course import Course, CourseError
from autograder.course.csv_files import for_spreadsheet
from autograder.gradebook.access import course_directory, open_gradebook, submitted_folder, writer_lock
from autograder.gradebook.database_file import gradebook_path
from autograder.gradebook.deriving import quiet, reason_of
from autograder.gradebook.feedback import points_text

_KINDS: Mapping[str, Any] = {"GradeCell": GradeCell, "SolutionCell": SolutionCell, "TaskCell": TaskCell}
_GRADED, _COMMENTED = ("GradeCell", "TaskCell"), ("SolutionCell", "TaskCell")


@dataclass(frozen=True)
class _Cells:
    """What a gradebook holds of one notebook of an assignment."""

    kernelspec: str
    cells: Mapping[tuple[str, str], tuple[float | None, str | None]]
    """Kind and name to points and cell type, which only graded ones have."""
    sources: Mapping[str, tuple[str, bool, str, str]]
    """Name to cell type, locked, text and checksum."""


@dataclass
class Prepared:
    """What was changed, or would be."""

    lines: list[str] = field(default_factory=list)
    """A sentence each."""
    kept: list[Path] = field(default_factory=list)
    """Copies of what was there before."""


def prepare_assignment(course: Course, assignment: str, *, dry_run: bool = False) -> Prepared:
    """Bring gradebook and release/ to what source/ holds.

    Args:
        course: The course.
        assignment: A folder in source/.
        dry_run: Only say what would be done.

    Returns:
        What was done; no lines if all was so already.

    Raises:
        CourseError: There is no such assignment, or nbgrader cannot make it; then nothing was changed.
    """
    if not any((course.source_directory / assignment).glob("*.ipynb")):
        known = sorted({path.parent.name for path in course.source_directory.glob("*/*.ipynb")})
        raise CourseError(
            f"There is no assignment '{assignment}' with notebooks in {course.source_directory}; "
            f"there is: {', '.join(known) or 'none'}."
        )
    course.refuse_broken(assignment)
    course.state_directory.mkdir(mode=0o700, exist_ok=True)
    with writer_lock(course), tempfile.TemporaryDirectory(dir=course.state_directory, prefix="prepare-") as name:
        wanted = _generated(course, assignment, Path(name))
        directory = course_directory(course)
        release = Path(directory.format_path(directory.release_directory, ".", assignment)).resolve()
        made = Path(name) / "release" / assignment
        prepared = Prepared()
        book = gradebook_path(str(directory.db_url))
        if dry_run and book is not None and not book.exists():  # opening would make one
            return Prepared([_goes_in(assignment), *_file_lines(made, release, course.root)])
        with open_gradebook(course) as gradebook:
            change = _Change(course, gradebook, assignment, wanted)
            prepared.lines += change.lines()
            prepared.lines += _file_lines(made, release, course.root)
            if dry_run or not prepared.lines:
                return prepared
            prepared.kept += change.keep()
            change.apply()
        prepared.kept += _put_release(made, release, course.state_directory / "backups")
    return prepared


def _generated(course: Course, assignment: str, folder: Path) -> Mapping[str, _Cells]:
    """Let nbgrader generate into a folder, with a gradebook of its own, and return what it wrote there."""
    directory = course_directory(course)
    directory.db_url = f"sqlite:///{folder / 'gradebook.db'}"
    directory.release_directory = str(folder / "generated")
    engine = create_engine(directory.db_url)
    Base.metadata.create_all(engine)  # else nbgrader starts another program, only to learn its version
    engine.dispose()
    api = NbGraderAPI(coursedir=directory, config=course.config)
    with quiet(api.log):
        outcome = api.generate_assignment(assignment, force=True, create=True)
    if not outcome["success"]:
        raise CourseError(
            f"nbgrader cannot make a release of {assignment}: {reason_of(outcome)}; correct it in source/. Nothing was "
            "changed."
        )
    shutil.copytree(
        directory.format_path(directory.release_directory, ".", assignment), folder / "release" / assignment
    )
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        return _held(gradebook, assignment)


def _held(gradebook: Any, assignment: str) -> dict[str, _Cells]:
    try:
        notebooks = gradebook.find_assignment(assignment).notebooks
    except MissingEntry:
        return {}
    return {notebook.name: _cells(notebook) for notebook in notebooks}


def _cells(notebook: Any) -> _Cells:
    base = [*notebook.grade_cells, *notebook.solution_cells, *notebook.task_cells]
    return _Cells(
        notebook.kernelspec or "",
        {
            (cell.type, cell.name): (getattr(cell, "max_score", None), getattr(cell, "cell_type", None))
            for cell in base
        },
        {cell.name: (cell.cell_type, bool(cell.locked), cell.source, cell.checksum) for cell in notebook.source_cells},
    )  # fmt: skip


class _Change:
    """From what the gradebook holds of an assignment to what it is to hold."""

    def __init__(self, course: Course, gradebook: Any, assignment: str, wanted: Mapping[str, _Cells]) -> None:
        self._course, self._gradebook, self._assignment, self._wanted = course, gradebook, assignment, wanted
        self._held = _held(gradebook, assignment)

    def lines(self) -> Iterator[str]:
        """Say what will be changed in the gradebook, a sentence each."""
        if not self._rows(Assignment, name=self._assignment):
            yield _goes_in(self._assignment)
            return
        students = len(self._submissions())
        for name in sorted(self._held.keys() | self._wanted.keys()):
            if name not in self._held:
                yield f"notebook {name} is added{_for(students)}"
            elif name not in self._wanted:
                yield f"notebook {name} is removed{_for(students)}{self._by_hand(self._grades_of(name))}"
            else:
                yield from self._cell_lines(name, students)

    def _cell_lines(self, name: str, students: int) -> Iterator[str]:
        held, wanted = _graded(self._held[name]), _graded(self._wanted[name])
        for cell in sorted(held.keys() | wanted.keys()):
            if cell not in held:
                yield f"cell {cell} of {name} is added, {points_text(wanted[cell])} points{_for(students)}"
            elif cell not in wanted:
                grades = [grade for grade in self._grades_of(name) if grade.name == cell]
                yield f"cell {cell} of {name} is removed, {points_text(held[cell])} points{self._by_hand(grades)}"
            elif held[cell] != wanted[cell]:
                points = f"{points_text(wanted[cell])} points instead of {points_text(held[cell])}"
                yield f"cell {cell} of {name} gives {points}"
        rest = self._held[name], self._wanted[name]
        if held == wanted and rest[0] != rest[1]:
            yield f"the gradebook takes over the texts of {name}"

    def keep(self) -> list[Path]:
        """Copy the gradebook, and write down what a person gave for cells that will be gone, if anybody has handed in.

        Returns:
            The copies.
        """
        if not self._submissions():
            return []
        folder = self._course.state_directory / "backups"
        folder.mkdir(mode=0o700, exist_ok=True)
        stamp = _stamp()
        return [*self._copy(folder / f"gradebook-{stamp}.db"), *self._write_down(folder / f"removed-{stamp}.csv")]

    def _copy(self, target: Path) -> Iterator[Path]:
        path = gradebook_path(str(course_directory(self._course).db_url))
        if path is None:  # on a server: whoever runs that makes its backups
            return
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(target)) as copy:
            target.chmod(0o600)
            source.backup(copy)
        yield target

    def _write_down(self, target: Path) -> Iterator[Path]:
        rows = [
            [grade.student.id, grade.notebook.name, grade.name, grade.manual_score, grade.extra_credit, _said(grade)]
            for name, cells in self._held.items()
            for grade in self._grades_of(name)
            if name not in self._wanted or (grade.name in _graded(cells).keys() - _graded(self._wanted[name]).keys())
            if _is_by_hand(grade)
        ]
        if rows:
            with target.open("x", encoding="utf-8", newline="") as stream:
                target.chmod(0o600)
                writer = csv.writer(stream)
                writer.writerow(["student", "notebook", "cell", "manual_score", "extra_credit", "comment"])
                writer.writerows(["" if cell is None else for_spreadsheet(str(cell)) for cell in row] for row in rows)
            yield target

    def apply(self) -> None:
        """Change the gradebook, in one transaction."""
        database = self._gradebook.db
        try:
            assignments = self._rows(Assignment, name=self._assignment)
            assignment = assignments[0] if assignments else self._gradebook.add_assignment(self._assignment)
            for notebook in list(assignment.notebooks):
                if notebook.name not in self._wanted:
                    self._remove_notebook(notebook)
            database.flush()
            for name, wanted in self._wanted.items():
                mine = {"name": name, "assignment_id": assignment.id}
                there = self._rows(Notebook, **mine)
                self._apply_to(there[0] if there else self._new(Notebook, **mine), wanted)
            database.flush()
            database.expire_all()
            for submission in self._submissions():
                self._complete(submission, assignment)
            database.commit()
        except BaseException:
            database.rollback()
            raise

    def _apply_to(self, notebook: Any, wanted: _Cells) -> None:
        notebook.kernelspec = wanted.kernelspec
        held = {(cell.type, cell.name): cell for cell in self._rows(BaseCell, notebook_id=notebook.id)}
        for (kind, name), (max_score, cell_type) in wanted.cells.items():
            graded = {} if max_score is None else {"max_score": max_score, "cell_type": cell_type}
            cell = held.get((kind, name))
            if cell is None:
                cell = self._new(_KINDS[kind], name=name, notebook_id=notebook.id, **graded)
                self._take_over(held, wanted, cell)
            for attribute, value in graded.items():
                setattr(cell, attribute, value)
        self._gradebook.db.flush()
        for key in held.keys() - wanted.cells.keys():
            self._delete([*self._rows(Grade, cell_id=held[key].id), *self._rows(Comment, cell_id=held[key].id)])
            self._delete([held[key]])
        sources = {cell.name: cell for cell in self._rows(SourceCell, notebook_id=notebook.id)}
        self._delete(sources[name] for name in sources.keys() - wanted.sources.keys())
        for name, (cell_type, locked, source, checksum) in wanted.sources.items():
            row = sources.get(name)
            if row is None:
                self._new(SourceCell, name=name, notebook_id=notebook.id, cell_type=cell_type, locked=locked,
                          source=source, checksum=checksum)  # fmt: skip
            else:
                row.cell_type, row.locked, row.source, row.checksum = cell_type, locked, source, checksum

    def _take_over(self, held: Mapping[tuple[str, str], Any], wanted: _Cells, cell: Any) -> None:
        """Give a cell that has become another kind the points and comments of what it was."""
        for kinds, rows in ((_GRADED, Grade), (_COMMENTED, Comment)):
            others = [kind for kind in kinds if kind != cell.type and (kind, cell.name) in held]
            if cell.type in kinds and others and (others[0], cell.name) not in wanted.cells:
                for row in self._rows(rows, cell_id=held[others[0], cell.name].id):
                    row.cell_id = cell.id
        self._gradebook.db.flush()
        self._gradebook.db.expire_all()

    def _complete(self, submission: Any, assignment: Any) -> None:
        """Give a submission rows for what has been added; what was not handed in has 0 points."""
        folder = submitted_folder(self._course, self._assignment, submission.student.id)
        there = {notebook.notebook_id: notebook for notebook in submission.notebooks}
        for notebook in assignment.notebooks:
            mine = there.get(notebook.id)
            if mine is None:
                mine = SubmittedNotebook(notebook_id=notebook.id, assignment_id=submission.id)
                self._gradebook.db.add(mine)
                self._gradebook.db.flush()
            is_handed_in = (folder / f"{notebook.name}.ipynb").exists()
            graded = {grade.cell_id for grade in self._rows(Grade, notebook_id=mine.id)}
            commented = {comment.cell_id for comment in self._rows(Comment, notebook_id=mine.id)}
            for cell in self._rows(BaseCell, notebook_id=notebook.id):
                if cell.type in _GRADED and cell.id not in graded:
                    points = {"needs_manual_grade": is_handed_in, "auto_score": None if is_handed_in else 0}
                    self._gradebook.db.add(Grade(cell_id=cell.id, notebook_id=mine.id, **points))
                if cell.type in _COMMENTED and cell.id not in commented:
                    self._gradebook.db.add(Comment(cell_id=cell.id, notebook_id=mine.id))

    def _remove_notebook(self, notebook: Any) -> None:
        for mine in self._rows(SubmittedNotebook, notebook_id=notebook.id):
            self._delete([*self._rows(Grade, notebook_id=mine.id), *self._rows(Comment, notebook_id=mine.id)])
            self._delete([mine])
        self._delete([*self._rows(BaseCell, notebook_id=notebook.id), *self._rows(SourceCell, notebook_id=notebook.id)])
        self._delete([notebook])

    def _new(self, kind: Any, **columns: Any) -> Any:
        row = kind(**columns)
        self._gradebook.db.add(row)
        self._gradebook.db.flush()
        return row

    def _delete(self, rows: Iterable[Any]) -> None:
        for row in rows:
            self._gradebook.db.delete(row)
        self._gradebook.db.flush()

    def _rows(self, kind: Any, **columns: Any) -> list[Any]:
        found: list[Any] = self._gradebook.db.query(kind).filter_by(**columns).all()
        return found

    def _submissions(self) -> list[Any]:
        try:
            found: list[Any] = self._gradebook.assignment_submissions(self._assignment)
        except MissingEntry:
            return []
        return found

    def _grades_of(self, name: str) -> list[Any]:
        mine = (one for submission in self._submissions() for one in submission.notebooks if one.name == name)
        return [grade for notebook in mine for grade in notebook.grades]

    def _by_hand(self, grades: Iterable[Any]) -> str:
        students = sorted({grade.student.id for grade in grades if _is_by_hand(grade)})
        return f"; what was given by hand to {', '.join(students)} is written down" if students else ""


def _graded(cells: _Cells) -> dict[str, float]:
    return {name: points or 0.0 for (kind, name), (points, _) in cells.cells.items() if kind in _GRADED}


def _is_by_hand(grade: Any) -> bool:
    return grade.manual_score is not None or grade.extra_credit is not None or bool(_said(grade))


def _said(grade: Any) -> str:
    comments = [comment for comment in grade.notebook.comments if comment.name == grade.name]
    return str(comments[0].manual_comment or "") if comments else ""


def _stamp() -> str:
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")


def _goes_in(assignment: str) -> str:
    return f"{assignment} goes into the gradebook"


def _for(students: int) -> str:
    return f", also for the {students} who handed in" if students else ""


def _file_lines(made: Path, release: Path, root: Path) -> Iterator[str]:
    held, wanted = _files(release), _files(made)
    shown = release.relative_to(root) if release.is_relative_to(root) else release
    for name in sorted(held.keys() | wanted.keys()):
        if held.get(name) != wanted.get(name):
            what = "is written" if name not in held else "is removed" if name not in wanted else "is written anew"
            yield f"{shown / name} {what}"


def _files(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file() and ".ipynb_checkpoints" not in path.parts]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def _put_release(made: Path, release: Path, backups: Path) -> Iterator[Path]:
    """Let the new release take the old one's place; stopped in between, the old one is there or beside it.

    Yields where the old one is kept: somebody may have put something into it.
    """
    if _files(made) == _files(release):
        return
    release.parent.mkdir(parents=True, exist_ok=True)
    beside = release.with_name(f".{release.name}.new")
    old = release.with_name(f".{release.name}.old")
    for left in (beside, old):
        shutil.rmtree(left, ignore_errors=True)
    shutil.copytree(made, beside)
    if release.exists():
        release.rename(old)
    try:
        beside.rename(release)
    except OSError:
        if old.exists():
            old.rename(release)
        raise
    if old.exists():
        backups.mkdir(mode=0o700, exist_ok=True)
        kept = backups / f"release-{_stamp()}"
        shutil.move(old, kept)
        kept.chmod(0o700)
        yield kept
