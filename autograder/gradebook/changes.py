"""Points of judged cells that somebody changed in the gradebook, and whether a person stands for it.

Whoever may write the gradebook can change points: an instructor in formgrader, on purpose; and whatever a page that
stands beside formgrader's buttons made a tired instructor click. So a change of what a verdict has decided is never
silent, and counts only once it is confirmed with a command. Cells that a person has to decide are no changes.
"""

import json
import shlex
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from autograder.course.whole_files import write_whole
from autograder.gradebook.feedback import points_text

_FORMAT = 1

_SAME_POINTS = 1e-6


@dataclass(frozen=True)
class HandChange:
    """One cell of one student with other points than its verdict gives."""

    student: str
    notebook: str
    cell: str
    before: float
    """What the verdict gives."""
    after: float
    """What the gradebook says."""
    noticed_at: str = ""
    """ISO 8601, UTC; the gradebook itself keeps no time."""
    confirmed_at: str = ""
    """ISO 8601, UTC; empty while nobody stands for it."""
    assignment: str = ""

    @property
    def in_words(self) -> str:
        """From what to what, since when, and whether it counts."""
        points = f"{self.cell}: from {points_text(self.before)} to {points_text(self.after)}"
        when = f"confirmed {self.confirmed_at}" if self.confirmed_at else f"noticed {self.noticed_at}, not confirmed"
        return f"{points} ({when})"

    def is_same(self, other: "HandChange") -> bool:
        """Whether it is the same cell changed from and to the same points."""
        mine, theirs = (self.student, self.notebook, self.cell), (other.student, other.notebook, other.cell)
        return (
            mine == theirs
            and abs(self.before - other.before) <= _SAME_POINTS
            and abs(self.after - other.after) <= _SAME_POINTS
        )


class HandChanges:
    """What has been noticed and confirmed for an assignment, kept in the course's state folder.

    Args:
        state: The course's state folder.
        assignment: The nbgrader assignment.
    """

    def __init__(self, state: Path, assignment: str) -> None:
        self._assignment = assignment
        self._path = state / "changes" / f"{quote(assignment, safe=' ')}.json"
        self._known = _read(self._path)
        self._is_new = False

    def notice(self, change: HandChange) -> HandChange:
        """Return a change with its times; one that is new is noticed now.

        Args:
            change: What the gradebook says now.
        """
        for known in self._known:
            if known.is_same(change):
                return known
        noticed = replace(change, noticed_at=_now(), assignment=self._assignment)
        self._known.append(noticed)
        self._is_new = True
        return noticed

    def confirm(self, changes: Sequence[HandChange]) -> None:
        """Let changes count.

        Args:
            changes: From `notice`.
        """
        self._known = [
            replace(known, confirmed_at=_now()) if any(map(known.is_same, changes)) else known for known in self._known
        ]
        self._write()

    def save(self) -> None:
        """Keep what was noticed; where nothing can be written, it is noticed again next time."""
        if self._is_new:
            with suppress(OSError):
                self._write()

    def _write(self) -> None:
        content = {"format": _FORMAT, "changes": [asdict(change) for change in self._known]}
        write_whole(self._path, json.dumps(content, indent=1).encode(), private=True)
        self._is_new = False


def confirming(assignment: str, student: str) -> str:
    """Return the command that lets a student's changes count.

    Args:
        assignment: The nbgrader assignment.
        student: The nbgrader student id.
    """
    return f"`autograder confirm-changes {shlex.quote(assignment)} --student {shlex.quote(student)}`"


def _read(path: Path) -> list[HandChange]:
    try:
        content = json.loads(path.read_bytes())
        return [HandChange(**change) for change in content["changes"]] if content["format"] == _FORMAT else []
    except (OSError, ValueError, KeyError, TypeError):
        return []  # nothing is confirmed then, and a person is asked again


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
