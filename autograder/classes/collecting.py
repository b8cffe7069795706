"""What lies in submitted/ for an assignment."""

import glob
import os
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autograder.course.course import Course, CourseError
from autograder.course.errors import UNFORESEEN, UnusableNotebook, in_short
from autograder.course.exercise import Exercise
from autograder.course.reading import read_notebook_file
from autograder.course.submission import HandedIn, read_submission, renamed_notebooks
from autograder.course.times import UnclearTime, exchange_zone, handed_in_at
from autograder.gradebook.access import submitted_folder
from autograder.gradebook.trouble import EVERYBODYS_TROUBLE
from autograder.grading.store import Record

_MOST_NAMES, _LONGEST_NAME = 5, 80


@dataclass
class Work:
    """One notebook of one student."""

    student: str
    exercise: Exercise
    folder: Path
    source: Path

    def read(self) -> HandedIn:
        """Read the notebook and the files beside it."""
        # Read when it is needed: all files of a class of hundreds may be more than fits into memory.
        return read_submission(self.folder, self.exercise.name, self.source)


@dataclass
class StudentWork:
    """One student's work in a class run, and what has come of it."""

    folder: Path
    works: list[Work] = field(default_factory=list)
    records: dict[str, Record] = field(default_factory=dict)
    open: int = 0
    is_changed: bool = False
    problem: str = ""
    notes: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    """Modules that notebooks import and kernels do not have, once for each notebook."""


def collect(course: Course, assignment: str, only: str = "*", *, changing: bool = True) -> dict[str, StudentWork]:
    """Find what is handed in.

    Args:
        course: The course.
        assignment: The nbgrader assignment.
        only: A student id, or `*` for the class.
        changing: Give notebooks of other names the released one; otherwise they are only noted.

    Returns:
        Student id to work, sorted.

    Raises:
        CourseError: Something else stands in the place of the class's folders.
    """
    students: dict[str, StudentWork] = {}
    pattern = submitted_folder(course, glob.escape(assignment), "*")
    if (everybody := pattern.parent.parent).exists() and not everybody.is_dir():
        raise CourseError(f"{everybody} is no folder; move that away, and put the class's folders there.")
    for folder in sorted(Path(path) for path in glob.glob(str(pattern))):  # noqa: PTH207 - an absolute pattern
        student = folder.parent.name
        if folder.is_dir() and only in ("*", student):
            try:
                students[student] = _look_into(course, assignment, student, folder, changing=changing)
            except UNFORESEEN as problem:
                if isinstance(problem, OSError) and problem.errno in EVERYBODYS_TROUBLE:
                    raise
                students[student] = StudentWork(
                    folder, problem=f"what lies in {folder} is no work ({in_short(problem)})"
                )
    return students


def _look_into(course: Course, assignment: str, student: str, folder: Path, *, changing: bool) -> StudentWork:
    found = StudentWork(folder, problem=_timestamp_problem(course, folder))
    source = course.source_directory / assignment
    exercises = course.exercises_of(assignment)
    _find_renamed(found, folder, exercises, changing=changing)
    for name, exercise in exercises.items():
        path = folder / f"{name}.ipynb"
        if not path.is_symlink() and not path.exists():
            found.notes.append(_missing_note(folder, name, exercises.keys()))
            continue
        found.works.append(Work(student, exercise, folder, source))
    return found


def _find_renamed(found: StudentWork, folder: Path, exercises: Mapping[str, Exercise], *, changing: bool) -> None:
    """Give notebooks of other names the released one, as a copy: nbgrader's commands know notebooks by name only."""
    others = [path for path in folder.iterdir() if path.suffix.lower() == ".ipynb"]
    if len(others) <= sum((folder / f"{name}.ipynb").is_file() for name in exercises):
        return
    for name, files in renamed_notebooks(folder, exercises).items():
        target = folder / f"{name}.ipynb"
        names = _named(files)
        contents = {_content(path) for path in files}
        if target.is_symlink() or target.exists():
            if not target.is_symlink() and {_content(target)} != contents:
                found.notes.append(f"{target.name} counts, but {names} is of that exercise too, and another text.")
        elif len(contents) > 1:
            found.notes.append(
                f"There is no {target.name}, but {names} are of that exercise; rename the one that counts."
            )
        elif not changing:
            found.notes.append(f"{names} is {target.name} by what is in it; it would be copied to that name.")
        else:
            temporary = folder / f".{target.name}.{os.getpid()}"
            try:
                shutil.copy2(files[0], temporary)
                temporary.replace(target)
            except OSError as error:
                found.notes.append(f"{names} is {target.name}, and could not be named so ({error.strerror}).")
                temporary.unlink(missing_ok=True)
            else:
                found.notes.append(f"{names} is {target.name} by what is in it; it was copied to that name.")


def _content(path: Path) -> bytes | None:
    """The bytes of a notebook; None if it is a folder, a pipe or the like, far too large, or may not be read."""
    try:
        return read_notebook_file(path)
    except UnusableNotebook:
        return None


def _named(paths: Sequence[Path]) -> str:
    """List names that a student has given, a few of them and each on one line."""
    names = [" ".join(path.name.split())[:_LONGEST_NAME] for path in paths[:_MOST_NAMES]]
    more = f" and {len(paths) - _MOST_NAMES} more" if len(paths) > _MOST_NAMES else ""
    return f"{', '.join(names)}{more}"


def _timestamp_problem(course: Course, folder: Path) -> str:
    try:
        handed_in_at(folder, exchange_zone(course.config))
    except UnclearTime as unclear:
        return str(unclear)
    return ""


def _missing_note(folder: Path, name: str, exercises: Collection[str]) -> str:
    others = sorted(path for path in folder.glob("*.ipynb") if path.stem not in exercises)
    if others:
        return f"There is no {name}.ipynb, but {_named(others)}; rename it if it is that notebook."
    return f"There is no {name}.ipynb."
