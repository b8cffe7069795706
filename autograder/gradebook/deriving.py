"""Gradebook rows and autograded/ from kept verdicts: all a class run writes for nbgrader, by one writer.

What comes out is what `nbgrader autograde` with this course's configuration writes, row for row and byte for byte, in
a fraction of its time, because the gradebook is opened once and nothing is converted twice. A course that configures
more than its own steps (a hook, another preprocessor) is left to nbgrader's converter.

Order makes it safe to be killed in: the gradebook first, in one transaction a notebook, then the folder of autograded
notebooks in one move. A notebook there names the verdict it shows, so whatever is behind is seen, and made again.
"""

import glob
import logging
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import nbformat
from nbformat import NotebookNode
from nbgrader.api import InvalidEntry, MissingEntry
from nbgrader.apps import NbGraderAPI
from nbgrader.converters import Autograde
from nbgrader.preprocessors import LimitOutput
from sqlalchemy.exc import SQLAlchemyError
from traitlets.utils.importstring import import_item

from autograder.course.course import Course, CourseError
from autograder.course.errors import UNFORESEEN, in_short
from autograder.course.lesson import Lesson
from autograder.course.submission import copied_not, plain_files
from autograder.course.times import exchange_zone, nbgrader_time
from autograder.gradebook.access import course_directory, open_gradebook, writer_lock
from autograder.gradebook.lateness import late_penalties, set_penalty
from autograder.gradebook.nbgrader_glue import AUTOGRADE_PREPROCESSORS, SubmissionExporter, shown
from autograder.gradebook.saving import released_checksums, save_verdict
from autograder.gradebook.trouble import EVERYBODYS_TROUBLE, in_words
from autograder.grading.store import Record

_TEMPORARY = ".deriving-"


class Deriver:
    """Writes what nbgrader reads. Use as a context manager, in one thread.

    Args:
        course: The course.
        assignment: The nbgrader assignment.
    """

    def __init__(self, course: Course, assignment: str) -> None:
        self._course = course
        self._assignment = assignment
        self._directory = course_directory(course)
        self._steps = Autograde(coursedir=self._directory, config=course.config)
        self._limit = LimitOutput(parent=self._steps)
        self._late = late_penalties(course)
        self._released: dict[str, dict[str, str]] = {}
        self._open = ExitStack()
        self._gradebook: Any = None

    def __enter__(self) -> Self:
        self._gradebook = self._open.enter_context(open_gradebook(self._course))
        for left in self.folder("*").parent.parent.glob(f"*/{_TEMPORARY}*"):
            shutil.rmtree(left, ignore_errors=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def folder(self, student: str) -> Path:
        """Return where nbgrader keeps the autograded notebooks of a student.

        Args:
            student: The nbgrader student id.
        """
        directory = self._directory
        return Path(directory.format_path(directory.autograded_directory, student, self._assignment))

    def derive(self, student: str, submitted: Path, records: Mapping[str, Record]) -> str:
        """Write a student's gradebook rows and autograded notebooks.

        Args:
            student: The nbgrader student id.
            submitted: The folder handed in.
            records: By notebook.

        Returns:
            Why it could not be done; empty if it was.
        """
        with writer_lock(self._course):
            try:
                if not self._is_plain(submitted, records):
                    return self._by_nbgrader(student)
                self._save(student, submitted, records)
            except CourseError as error:
                return f"its verdict is kept, but could not be saved: {error}"
            except (InvalidEntry, MissingEntry, SQLAlchemyError, OSError) as error:
                if isinstance(error, OSError) and error.errno in EVERYBODYS_TROUBLE:
                    raise
                return f"its verdict is kept, but could not be saved: {in_words(error)}"
            except UNFORESEEN as error:  # whatever else comes of what one person handed in
                return f"its verdict is kept, but could not be saved ({in_short(error)})"
            finally:
                self._gradebook.db.rollback()  # ends the transaction, and forgets what others may change meanwhile
        return ""

    def _is_plain(self, submitted: Path, records: Mapping[str, Record]) -> bool:
        """Whether nothing is configured that only nbgrader's converter can do."""
        steps = self._steps
        notebooks = {path.stem for path in submitted.glob("*.ipynb")}
        return (
            [_resolved(step) for step in steps.autograde_preprocessors] == list(map(_resolved, AUTOGRADE_PREPROCESSORS))
            and steps.exporter_class is SubmissionExporter
            and "sanitize_preprocessors" not in steps.config.Autograde
            and not (steps.pre_convert_hook or steps.post_convert_hook or steps.exclude_overwriting)
            and not (self._directory.groupshared or self._directory.student_id_exclude)
            and notebooks & {notebook.name for notebook in self._assigned()} == records.keys()
        )

    def _assigned(self) -> list[Any]:
        notebooks: list[Any] = self._gradebook.find_assignment(self._assignment).notebooks
        return notebooks

    def _by_nbgrader(self, student: str) -> str:
        api = NbGraderAPI(coursedir=self._directory, config=self._course.config)
        with quiet(api.log):
            outcome = api.autograde(self._assignment, glob.escape(student), force=True, create=True)
        if outcome["success"]:
            return ""
        return f"its verdict is kept, but nbgrader could not save it: {reason_of(outcome)}"

    def _save(self, student: str, submitted: Path, records: Mapping[str, Record]) -> None:
        final = self.folder(student)
        final.parent.mkdir(parents=True, exist_ok=True)
        built = final.with_name(f"{_TEMPORARY}{secrets.token_hex(4)}")
        try:
            self._lay_out(submitted, built)
            self._enrol(student, submitted)
            for name, record in records.items():
                exercise = self._course.exercises.get(name)
                address = self._course.settings.lesson_address
                lesson = Lesson.of(exercise.page, address) if exercise else None
                notebook = shown(record.notebook, record.verdict, lesson)
                notebook, _ = self._limit.preprocess(notebook, {})
                self._save_points(student, name, record, notebook)
                text = nbformat.writes(notebook)
                (built / f"{name}.ipynb").write_text(text if text.endswith("\n") else text + "\n", encoding="utf-8")
            for path in built.rglob("*"):
                if path.is_file():
                    path.chmod(int(str(self._steps.permissions), 8))
            _put_in_place(built, final)
        finally:
            shutil.rmtree(built, ignore_errors=True)

    def _lay_out(self, submitted: Path, built: Path) -> None:
        """Copy the files beside the notebooks, the instructor's over the student's: those that grading reads too."""
        built.mkdir()
        for folder in (submitted, self._course.source_directory / self._assignment):
            for name, path in plain_files(folder, copied_not(self._directory.ignore), []):
                copy = built / name
                # A folder of the student's where the instructor has a file, or the other way round, gives way.
                with suppress(FileExistsError, NotADirectoryError, IsADirectoryError, PermissionError):
                    copy.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(path, copy)

    def _enrol(self, student: str, submitted: Path) -> None:
        """Make sure the gradebook has a row for the submission, with 0 points for what was not handed in."""
        gradebook = self._gradebook
        gradebook.update_or_create_student(student)
        timestamp = nbgrader_time(submitted, exchange_zone(self._course.config))
        named = {"timestamp": timestamp} if timestamp else {}
        submission = gradebook.update_or_create_submission(self._assignment, student, **named)
        for notebook in submission.notebooks:
            if not (submitted / f"{notebook.name}.ipynb").exists():
                for grade in notebook.grades:
                    grade.auto_score, grade.needs_manual_grade = 0, False
        gradebook.db.commit()

    def _save_points(self, student: str, name: str, record: Record, notebook: NotebookNode) -> None:
        gradebook = self._gradebook
        row = gradebook.find_submission_notebook(name, self._assignment, student)
        if name not in self._released:
            self._released[name] = released_checksums(row.notebook)
        save_verdict(row, self._course.exercises[name], record.verdict, notebook, self._released[name])
        gradebook.db.flush()
        set_penalty(self._late, student, row)
        gradebook.db.commit()


def _resolved(step: Any) -> Any:
    return import_item(step) if isinstance(step, str) else step


def _put_in_place(built: Path, final: Path) -> None:
    """Let a folder take the place of another. Killed in between there is none, and the next run makes it anew."""
    old = built.with_name(f"{built.name}-old")
    if final.exists():
        final.rename(old)
    built.rename(final)
    shutil.rmtree(old, ignore_errors=True)


def reason_of(outcome: Mapping[str, Any]) -> str:
    """Return why one of nbgrader's steps failed.

    Args:
        outcome: From `NbGraderAPI`.
    """
    said = [line.strip() for line in (outcome.get("log") or "").splitlines() if "Error" in line]
    said = said or [line.strip() for line in (outcome.get("error") or "").splitlines() if line.strip()]
    return said[-1].rstrip(".") if said else "it does not say why"


@contextmanager
def quiet(log: logging.Logger) -> Iterator[None]:
    """Keep nbgrader's chatter off the terminal; what goes wrong is in the log it returns.

    Args:
        log: nbgrader's.

    Yields:
        Nothing.
    """
    handlers, propagate = log.handlers[:], log.propagate
    log.handlers[:], log.propagate = [logging.NullHandler()], False
    try:
        yield
    finally:
        log.handlers[:], log.propagate = handlers, propagate
