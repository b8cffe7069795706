"""Points off for lateness, as nbgrader's plugin says: none, unless the course sets one."""

from typing import Any

from nbgrader.preprocessors import AssignLatePenalties

from autograder.course.course import Course


def late_penalties(course: Course) -> AssignLatePenalties:
    """Return nbgrader's step for lateness, as the course configures it.

    Args:
        course: The course.
    """
    step = AssignLatePenalties(config=course.config)
    step.init_plugin()
    return step


def set_penalty(step: AssignLatePenalties, student: str, row: Any) -> None:
    """Work out a notebook's penalty anew, by the rule of `AssignLatePenalties.preprocess`; the caller commits.

    Args:
        step: From `late_penalties`.
        student: The nbgrader student id.
        row: The `SubmittedNotebook` of the gradebook.
    """
    row.late_submission_penalty = None
    seconds_late = row.assignment.total_seconds_late
    if seconds_late > 0:
        penalty = step.plugin_inst.late_submission_penalty(student, row.score, seconds_late)
        if penalty is not None:
            row.late_submission_penalty = step._check_late_penalty(row, penalty)  # noqa: SLF001 - its rule
