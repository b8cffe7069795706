"""What holds a grade back, whatever LMS it is for, and how a grade is written."""

from pathlib import Path

from autograder.course.course import Course
from autograder.gradebook.access import course_directory, submitted_folder
from autograder.gradebook.feedback import points_text
from autograder.gradebook.page_state import is_remembered
from autograder.gradebook.pages import page_problem, self_contained
from autograder.lms.errors import LmsError
from autograder.lms.outgoing import Outgoing

_DECIMALS = 5
"""As many as Moodle keeps."""


def why_held(entry: Outgoing, *, with_penalty: bool = False, has_option: bool = True) -> str:
    """Say why a grade must not go out, or return an empty string.

    Args:
        entry: What the student would get.
        with_penalty: Whether points nbgrader took off for lateness are to be taken off.
        has_option: Whether the command has an option for that.
    """
    if entry.refused.startswith("changed by hand"):
        return entry.refused  # it says itself what to do
    if entry.refused:
        return f"{entry.refused}; run `autograder grade`, or decide it in formgrader"
    if entry.waiting:
        return f"not final: {', '.join(entry.waiting)} still to be graded in formgrader"
    if entry.page_problem:
        return entry.page_problem
    if entry.penalty and not with_penalty:
        instead = ", or say --late-penalties and switch it off in the LMS" if has_option else "; the LMS owns lateness"
        return (
            f"nbgrader takes {points_text(entry.penalty)} points off for lateness, and the LMS may do so too; unset "
            f"c.LateSubmissionPlugin and c.AssignLatePenalties and grade again{instead}"
        )
    return ""


def grade_of(entry: Outgoing, maximum: float, *, with_penalty: bool) -> float:
    """Return the grade on the LMS's scale.

    Args:
        entry: What the student gets.
        maximum: The LMS's maximum.
        with_penalty: Whether points nbgrader took off for lateness are taken off.
    """
    points = max(0.0, entry.points - entry.penalty) if with_penalty else entry.points
    return points * maximum / entry.max_points if entry.max_points else 0.0


def grade_text(grade: float) -> str:
    """Write a grade with a decimal point and no needless zeros.

    Args:
        grade: A finite number.
    """
    text = f"{grade:.{_DECIMALS}f}"
    return text.rstrip("0").rstrip(".")


def refuse_other_maximum(maximum: float, max_points: float, where: str, *, rescale: bool) -> None:
    """Refuse a maximum other than ours, unless points are to be rescaled.

    Args:
        maximum: The LMS's.
        max_points: Ours.
        where: What to call the LMS's column in messages.
        rescale: Whether they are.

    Raises:
        LmsError: They differ.
    """
    if not rescale and abs(maximum - max_points) > 1e-6:
        raise LmsError(
            f"{where} has a maximum of {points_text(maximum)}, but the assignment gives {points_text(max_points)} "
            "points; correct it in the LMS, or convert with --rescale."
        )


def feedback_pages(course: Course, assignment: str, entry: Outgoing) -> tuple[dict[str, str], list[str]]:
    """Return a student's feedback pages, each standing by itself.

    Args:
        course: The course.
        assignment: The nbgrader assignment.
        entry: What the student gets.

    Returns:
        Page by notebook, and sentences about those that are missing or out of date.
    """
    problems = page_problems(course, assignment, entry)
    if problems:
        return {}, problems
    pages = {
        name: self_contained(path.read_text(encoding="utf-8"), path.parent)
        for name, path in entry.pages.items()
        if name in entry.exercises
    }
    return pages, []


def page_problems(course: Course, assignment: str, entry: Outgoing) -> list[str]:
    """Say which of a student's feedback pages are missing, or not of the points as they are now.

    Args:
        course: The course.
        assignment: The nbgrader assignment.
        entry: What the student gets.
    """
    problems = []
    for name, (points, _) in entry.exercises.items():
        path = entry.pages.get(name)
        if path is None:
            if (submitted_folder(course, assignment, entry.student) / f"{name}.ipynb").exists():
                problems.append(f"{name} has no feedback page; run `nbgrader generate_feedback {assignment}`")
            continue
        try:
            page = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            problems.append(f"the feedback page {path} cannot be read ({error})")
            continue
        problem = page_problem(page, points) or _older_than_verdict(course, assignment, entry, path)
        if problem:
            problems.append(f"{name}: {problem}")
    return problems


def _older_than_verdict(course: Course, assignment: str, entry: Outgoing, page: Path) -> str:
    said = "its feedback page is older than its verdict or points; run `nbgrader generate_feedback --force`"
    if is_remembered(course.state_directory, assignment, entry.student, page.stem):
        return said if page.stem in entry.stale else ""
    directory = course_directory(course)
    graded = (
        Path(directory.format_path(directory.autograded_directory, entry.student, assignment)) / f"{page.stem}.ipynb"
    )
    try:
        is_older = page.stat().st_mtime < graded.stat().st_mtime
    except OSError:
        return ""
    return said * is_older
