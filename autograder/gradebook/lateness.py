"""Points off for lateness, as nbgrader's plugin says: none, unless the course sets one.

nbgrader works a penalty out once, when it grades, and keeps it: a due date that moves afterwards, and points that a
person gives afterwards, do not reach it. Here the penalty always follows from what holds now; the one that is kept is
only nbgrader's copy of it.
"""

from typing import Any

from nbgrader.preprocessors import AssignLatePenalties

from autograder.course.course import Course, CourseError

_SAME_POINTS = 1e-6


def late_penalties(course: Course) -> AssignLatePenalties:
    """Return nbgrader's step for lateness, as the course configures it.

    Args:
        course: The course.

    Raises:
        CourseError: The plugin it names cannot be used.
    """
    try:
        step = AssignLatePenalties(config=course.config)
        step.init_plugin()
    except Exception as error:
        # The plugin is the instructor's Python: whatever it raises, the sentence has to name the setting.
        raise CourseError(
            f"c.AssignLatePenalties in nbgrader_config.py cannot be used: {type(error).__name__}: {error}."
        ) from error
    return step


def due_penalty(step: AssignLatePenalties, student: str, row: Any, seconds_late: float) -> float | None:
    """Return a notebook's penalty by the rule of `AssignLatePenalties.preprocess`, on the points it has now.

    Args:
        step: From `late_penalties`.
        student: The nbgrader student id.
        row: The `SubmittedNotebook` of the gradebook.
        seconds_late: How late it was.

    Returns:
        Points off; None for none.

    Raises:
        CourseError: The course's own plugin fails.
    """
    if seconds_late <= 0:
        return None
    try:
        penalty = step.plugin_inst.late_submission_penalty(student, row.score, seconds_late)
        return None if penalty is None else float(step._check_late_penalty(row, penalty))  # noqa: SLF001 - its rule
    except Exception as error:
        raise CourseError(
            f"The late penalties of {type(step.plugin_inst).__name__} cannot be worked out for {student}: "
            f"{type(error).__name__}: {error}; correct c.AssignLatePenalties.plugin_class in nbgrader_config.py."
        ) from error


def set_penalty(step: AssignLatePenalties, student: str, row: Any) -> None:
    """Work out a notebook's penalty anew; the caller commits.

    Args:
        step: From `late_penalties`.
        student: The nbgrader student id.
        row: The `SubmittedNotebook` of the gradebook.
    """
    row.late_submission_penalty = due_penalty(step, student, row, seconds_late(row.assignment))


def seconds_late(submission: Any, timestamp: Any = None) -> float:
    """Return how late a submission is; 0 where there is no due date, or no time.

    Args:
        submission: The `SubmittedAssignment` of the gradebook.
        timestamp: When it was handed in, in UTC without saying so; None for what the gradebook says.
    """
    moment = timestamp or submission.timestamp
    # nbgrader's own property adds an extension to a due date that has been removed, and fails.
    if moment is None or submission.assignment.duedate is None:
        return 0.0
    return max(0.0, float((moment - submission.duedate).total_seconds()))


def is_settled(row: Any, penalty: float | None) -> bool:
    """Whether the gradebook keeps this penalty for a notebook.

    Args:
        row: The `SubmittedNotebook` of the gradebook.
        penalty: From `due_penalty`.
    """
    return bool(abs((row.late_submission_penalty or 0.0) - (penalty or 0.0)) <= _SAME_POINTS)


def settle(gradebook: Any, step: AssignLatePenalties, assignment: str, student: str, timestamp: Any) -> None:
    """Bring a graded student's time and penalties in the gradebook to what holds now, and commit.

    Args:
        gradebook: The open gradebook.
        step: From `late_penalties`.
        assignment: The nbgrader assignment.
        student: The nbgrader student id.
        timestamp: When it was handed in, in UTC without saying so; None to keep what the gradebook says.
    """
    submission = gradebook.find_submission(assignment, student)
    submission.timestamp = timestamp or submission.timestamp
    gradebook.db.flush()
    for row in submission.notebooks:
        if is_graded(row):
            set_penalty(step, student, row)
    gradebook.db.commit()


def is_graded(row: Any) -> bool:
    """Whether a notebook has points already that a penalty could be taken from.

    Args:
        row: The `SubmittedNotebook` of the gradebook.
    """
    return any(grade.auto_score is not None or grade.manual_score is not None for grade in row.grades)
