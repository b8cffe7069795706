"""How far the marking of an assignment is, for programs."""

from dataclasses import asdict
from typing import Any

from autograder.marking.desk import Desk
from autograder.marking.view import Progress


def all_progress(desk: Desk) -> list[Progress]:
    """Return how far each question is.

    Args:
        desk: Where it is marked.
    """
    view = desk.view()
    return [view.progress(question) for question in desk.questions]


def progress_object(desk: Desk) -> dict[str, Any]:
    """Return how far each question is as plain values; no student is named.

    Args:
        desk: Where it is marked.
    """
    return {
        "assignment": desk.assignment,
        "rubric": str(desk.rubric.path),
        "questions": [_plain(progress) for progress in all_progress(desk)],
    }


def _plain(progress: Progress) -> dict[str, Any]:
    named = {"notebook": progress.question.notebook, "cell": progress.question.cell, "points": progress.question.points}
    counts = ("answers", "marked", "left", "again", "elsewhere", "unanswered", "not_graded", "groups", "sample")
    figures = {name: getattr(progress, name) for name in counts}
    return {**named, **figures, "markers": dict(progress.markers), "second": asdict(progress.second)}
