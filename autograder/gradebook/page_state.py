"""Whether a feedback page still says what gradebook and verdict say.

nbgrader leaves a page as it is when points change afterwards. So for each page that is made it is kept what it was made
from.
"""

import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote


def state_of(row: Any, key: str, penalty: float | None) -> str:
    """Return the digest of all that a page shows of a notebook.

    Args:
        row: The `SubmittedNotebook` of the gradebook.
        key: Of the verdict that counts; empty if there is none.
        penalty: Points off for lateness.
    """
    grades = sorted([str(grade.name), grade.auto_score, grade.manual_score, grade.extra_credit] for grade in row.grades)
    comments = sorted(
        [str(comment.name), comment.auto_comment or "", comment.manual_comment or ""] for comment in row.comments
    )
    shown = [key, round(penalty or 0.0, 6), _floats(grades), comments]
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()


def remember(state: Path, assignment: str, student: str, notebook: str, digest: str) -> None:
    """Keep what a page is made from.

    Args:
        state: The course's state folder.
        assignment: The nbgrader assignment.
        student: The nbgrader student id.
        notebook: The notebook's name.
        digest: From `state_of`.
    """
    path = _path(state, assignment, student, notebook)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_text(digest, encoding="ascii")


def is_remembered(state: Path, assignment: str, student: str, notebook: str) -> bool:
    """Whether it was kept what a page was made from; not of pages from before, or from elsewhere.

    Args:
        state: The course's state folder.
        assignment: The nbgrader assignment.
        student: The nbgrader student id.
        notebook: The notebook's name.
    """
    return _path(state, assignment, student, notebook).is_file()


def is_stale(page: Path, state: Path, assignment: str, student: str, notebook: str, digest: str) -> bool:
    """Whether there is a page that was made from something else than this.

    Args:
        page: The HTML page; it need not be there.
        state: The course's state folder.
        assignment: The nbgrader assignment.
        student: The nbgrader student id.
        notebook: The notebook's name.
        digest: From `state_of`.
    """
    if not page.is_file():
        return False
    try:
        return _path(state, assignment, student, notebook).read_text(encoding="ascii") != digest
    except (OSError, UnicodeDecodeError):
        return True


def _path(state: Path, assignment: str, student: str, notebook: str) -> Path:
    names = [f"_{quote(name, safe=' ')}" for name in (assignment, student, notebook)]
    return state.joinpath("pages", *names)


def _floats(grades: list[list[Any]]) -> list[list[Any]]:
    return [[name, *(None if points is None else round(float(points), 6) for points in rest)] for name, *rest in grades]
