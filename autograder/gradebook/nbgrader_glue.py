"""What plugs this grader into nbgrader: steps of `nbgrader autograde`, of the feedback pages and of `nbgrader export`.

The course's `nbgrader_config.py` names the classes and lists below. nbgrader's own way of running notebooks and of
reading points off their outputs is not used: `JudgeExecute` asks for a verdict, `SaveVerdicts` writes it.
"""

import html
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from nbconvert.exporters import HTMLExporter, NotebookExporter
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import List

from autograder.course.course import Course
from autograder.course.exercise import Exercise, is_judged, without_hidden_region
from autograder.course.lesson import Lesson
from autograder.course.notebooks import UnusableNotebook, read_notebook_file
from autograder.course.sealed import prepare_submitted
from autograder.course.submission import entries_not_copied, read_submission
from autograder.course.times import exchange_zone, nbgrader_time, stamp_text
from autograder.gradebook.access import course_directory, is_shared, private_places, submitted_folder, writer_lock
from autograder.gradebook.database_file import close_to_others
from autograder.gradebook.export import VerdictExporter
from autograder.gradebook.feedback import points_text, show_verdict
from autograder.gradebook.lateness import late_penalties, settle
from autograder.gradebook.page_state import remember, state_of
from autograder.gradebook.pages import self_contained
from autograder.gradebook.rows import student_row
from autograder.gradebook.safe_html import with_safe_outputs
from autograder.gradebook.saving import released_checksums, save_verdict
from autograder.grading.grader import grade_in_shared_engine
from autograder.grading.store import VerdictStore
from autograder.grading.unreadable import unreadable_notebook
from autograder.judge.verdict import Verdict

__all__ = [
    "AUTOGRADE_PREPROCESSORS",
    "FEEDBACK_PREPROCESSORS",
    "FeedbackExporter",
    "GradesAsTheyStand",
    "HarmlessNames",
    "HideGuards",
    "JudgeExecute",
    "SaveVerdicts",
    "SubmissionExporter",
    "VerdictExporter",
]

AUTOGRADE_PREPROCESSORS = [
    "autograder.gradebook.nbgrader_glue.JudgeExecute",
    "nbgrader.preprocessors.LimitOutput",
    "autograder.gradebook.nbgrader_glue.SaveVerdicts",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
"""For `c.Autograde.autograde_preprocessors`."""

FEEDBACK_PREPROCESSORS = [
    "autograder.gradebook.nbgrader_glue.GradesAsTheyStand",
    "nbgrader.preprocessors.GetGrades",
    "autograder.gradebook.nbgrader_glue.HideGuards",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
"""For `c.GenerateFeedback.preprocessors`."""

DERIVED_FROM = "autograder_verdict"
"""Metadata of an autograded notebook: the key of the verdict it shows. Once it is there, the gradebook holds it too."""

_VERDICT = "autograder_verdict"


class SubmissionExporter(NotebookExporter):
    """Reads submitted notebooks for `nbgrader autograde` so that nothing in one can stop the run.

    nbgrader's own reader and first steps raise on a file that is no notebook and on odd metadata, and nbgrader then
    drops the student's whole submission. For `c.Autograde.exporter_class`.
    """

    def from_filename(self, filename: str, resources: Any = None, **kw: Any) -> tuple[Any, Any]:
        """Read a submitted notebook, laid over the instructor's, and run the steps on it.

        Args:
            filename: The notebook, submitted or already autograded.
            resources: nbgrader's description of it.
            kw: Passed on.

        Returns:
            The notebook as text, and the resources.
        """
        exercise = _exercise(_course(self), resources["nbgrader"])
        if exercise is None:
            return super().from_filename(filename, resources=resources, **kw)
        try:
            notebook = prepare_submitted(read_notebook_file(Path(filename)), exercise).notebook
        except UnusableNotebook as problem:
            notebook = unreadable_notebook(exercise, str(problem))
        resources["metadata"] = {"name": exercise.name, "path": str(Path(filename).parent)}
        convert: Any = self.from_notebook_node
        converted: tuple[Any, Any] = convert(notebook, resources=resources, **kw)
        return converted


class JudgeExecute(NbGraderPreprocessor):
    """In place of nbgrader's `Execute`: the worker runs and judges the notebook, in a sandbox, or its verdict is known.

    Works on the files in submitted/, not on nbgrader's copies, so that every command grades the same bytes.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Exchange a submitted notebook for the executed one with its verdict in it.

        Args:
            nb: The notebook after nbgrader's sanitizing steps.
            resources: nbgrader's description of it; the verdict is added for `SaveVerdicts`.

        Returns:
            The executed notebook and the resources.
        """
        named = resources["nbgrader"]
        course = _course(self)
        exercise = _exercise(course, named)
        if exercise is None:
            self.log.warning("%s has no judged cells; it is not run.", named["notebook"])
            return nb, resources
        folder = submitted_folder(course, named["assignment"], named["student"])
        given = course.source_directory / exercise.assignment
        ignored = course_directory(course).ignore
        _remove_what_was_not_read(folder, Path(resources["metadata"]["path"]), given, ignored)
        submission = read_submission(folder, exercise.name, given)
        grader, result = grade_in_shared_engine(course, submission, exercise)
        grader.point(named["student"], exercise, submission, result.record, stamp_text(folder))
        verdict = result.record.verdict
        source = "judged now" if result.is_new else "judged before"
        points = f"{points_text(verdict.points)} of {points_text(verdict.max_points)} points"
        self.log.info("%s of %s: %s (%s)", exercise.name, named["student"], points, source)
        resources[_VERDICT] = verdict
        lesson = Lesson.of(exercise.page, course.settings.lesson_address)
        return shown(result.record.notebook, verdict, lesson), resources


class SaveVerdicts(NbGraderPreprocessor):
    """In place of nbgrader's `SaveAutoGrades`: points come from the verdict and from nowhere else."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Write a notebook's points and comments to the gradebook, all at once.

        Args:
            nb: The executed notebook.
            resources: nbgrader's description of it, with the verdict.

        Returns:
            Both unchanged.

        Raises:
            RuntimeError: There is no verdict.
            CourseError: Gradebook and source/ disagree about the graded cells.
        """
        named = resources["nbgrader"]
        course = _course(self)
        exercise = _exercise(course, named)
        verdict = resources.get(_VERDICT)
        if exercise is not None and not isinstance(verdict, Verdict):
            raise RuntimeError(
                f"There is no verdict on {named['notebook']}, so no points are saved; name JudgeExecute before "
                "SaveVerdicts in c.Autograde.autograde_preprocessors."
            )
        folder = submitted_folder(course, named["assignment"], named["student"])
        with writer_lock(course), Gradebook(named["db_url"]) as gradebook:
            row = gradebook.find_submission_notebook(named["notebook"], named["assignment"], named["student"])
            save_verdict(row, exercise, verdict, nb, released_checksums(row.notebook))
            # nbgrader has read the time stamp already, and takes `+08` for eight seconds.
            row.assignment.timestamp = nbgrader_time(folder, exchange_zone(course.config)) or row.assignment.timestamp
            gradebook.db.commit()
        for place in private_places(course):
            close_to_others(place, is_group_allowed=is_shared(course))
        return nb, resources


class GradesAsTheyStand(NbGraderPreprocessor):
    """Brings the penalty up to date before nbgrader reads it, says what was changed by hand, and keeps what is shown.

    nbgrader works a penalty out once. What is kept tells later whether the page still says what the gradebook says.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Put a note on top for each judged cell whose points were changed by hand.

        Args:
            nb: The autograded notebook.
            resources: nbgrader's description of it.

        Returns:
            The notebook and the resources.
        """
        named = resources["nbgrader"]
        course, student, name = _course(self), named["student"], named["notebook"]
        assignment, store = named["assignment"], VerdictStore(course.state_directory)
        with writer_lock(course), Gradebook(named["db_url"]) as gradebook:
            row = student_row(course, gradebook, assignment, student, store)
            timestamp = datetime.fromisoformat(row.timestamp) if row.timestamp else None
            settle(gradebook, late_penalties(course), assignment, student, timestamp)
            held = gradebook.find_submission_notebook(name, assignment, student)
            verdict = store.verdict(assignment, student, name)
            shown = state_of(held, verdict.key if verdict else "", held.late_submission_penalty)
            remember(course.state_directory, assignment, student, name, shown)
        for change in row.notebooks[name].changed if name in row.notebooks else ():
            nb.cells.insert(0, new_markdown_cell(f"Changed by hand, {change.in_words}."))
        directory = course_directory(course)
        # Made here, because nbgrader makes it only when the first page is written, and open.
        (Path(directory.root) / directory.feedback_directory).mkdir(parents=True, exist_ok=True)
        for place in private_places(course):
            close_to_others(place, is_group_allowed=is_shared(course))
        return nb, resources


class FeedbackExporter(HTMLExporter):
    """Writes feedback pages that stand by themselves. For `c.GenerateFeedback.exporter_class`.

    nbgrader's pages fetch MathJax and fonts when they are opened, and let scripts run.
    """

    def from_notebook_node(  # type: ignore[override] # so does HTMLExporter
        self, nb: NotebookNode, resources: Any = None, **kw: Any
    ) -> tuple[str, Any]:
        """Convert a notebook.

        Args:
            nb: The autograded notebook.
            resources: nbgrader's description of it.
            kw: Passed on.

        Returns:
            The page, and the resources.
        """
        page, resources = super().from_notebook_node(nb, resources=resources, **kw)
        return self_contained(page, Path(resources["metadata"]["path"])), resources


class HarmlessNames(NbGraderPreprocessor):
    """Shows people's names on formgrader's pages as the text they are: its template takes them for HTML.

    Whoever hands in has often chosen the name himself, in an LMS. For `c.HTMLExporter.preprocessors`.
    """

    # nbconvert's HTML exporter sets this on every step and warns where it is missing.
    display_data_priority: Any = List(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Escape the names that stand in the head of the page.

        Args:
            nb: The autograded notebook.
            resources: nbgrader's description of it.

        Returns:
            The notebook and the resources.
        """
        for name in ("student", "last_name", "first_name", "notebook_path"):
            if isinstance(resources.get(name), str):
                resources[name] = html.escape(resources[name])
        return nb, resources


class HideGuards(NbGraderPreprocessor):
    """Leaves the hidden regions of judged cells out of feedback pages.

    They hold no check, only a line that fails when a notebook is graded without this course's configuration; students
    would take it for an error. nbgrader's `ClearHiddenTests` is not used: a marker written by a student makes it raise.
    """

    # nbconvert's HTML exporter sets this on every step and warns where it is missing.
    display_data_priority: Any = List(config=True)

    def preprocess_cell(
        self,
        cell: NotebookNode,
        resources: Any,
        cell_index: int,  # noqa: ARG002 - nbconvert's signature
    ) -> tuple[NotebookNode, Any]:
        """Cut the hidden region out of a judged cell.

        Args:
            cell: Any cell.
            resources: Passed on.
            cell_index: Place of the cell.

        Returns:
            The cell and the resources.
        """
        if is_judged(cell):
            cell.source = without_hidden_region(cell.source)
        return cell, resources


def _course(plugged: Any) -> Course:
    parent = plugged
    while parent is not None:
        directory = getattr(parent, "coursedir", None)
        if directory is not None:
            return Course.load(Path(directory.root), config=plugged.config)
        parent = parent.parent
    return Course.find(Path.cwd())


def _exercise(course: Course, named: Any) -> Exercise | None:
    exercise = course.exercises.get(named["notebook"])
    if exercise is None:
        # Else points that a verdict gave would be taken back, because source/ cannot be read for the moment.
        course.refuse_broken(named["assignment"])
    return exercise


def _remove_what_was_not_read(submitted: Path, autograded: Path, source: Path, ignored: Iterable[str]) -> None:
    """Remove what nbgrader copied and grading did not read: through a link that may be anything this user can read."""
    for entry in entries_not_copied(submitted, ignored):
        copied = autograded / entry
        if copied.is_file() and not (source / entry).is_file():
            copied.unlink()


def shown(executed: bytes, verdict: Verdict, lesson: Lesson | None = None) -> NotebookNode:
    """Return an executed notebook as people see it, its verdict in it.

    Args:
        executed: From the record; its graded cells carry the instructor's marks.
        verdict: The verdict on it.
        lesson: Where what failed can be read again.

    Returns:
        The notebook; nothing of the student's in it can run in a grader's browser.
    """
    notebook = with_safe_outputs(executed)
    show_verdict(notebook, verdict, lesson)
    notebook.metadata[DERIVED_FROM] = verdict.key
    return notebook
