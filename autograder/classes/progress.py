"""How far a class run is."""

import time
from dataclasses import dataclass

from autograder.grading.grader import Result
from autograder.grading.unreadable import UNREADABLE


@dataclass(frozen=True)
class Progress:
    """One step of a class run, with what has come of it so far."""

    student: str
    notebook: str
    done: int
    total: int
    is_new: bool
    judged: int
    """Notebooks judged in this run."""
    known: int
    """Notebooks whose verdict was known before."""
    unreadable: int
    """Notebooks, judged or known, that cannot be read: no points, and the reason."""
    errors: int
    """Errors of ours: notebooks that could not be graded, or with a check that a person has to decide."""
    seconds_left: float | None
    """Estimated from the notebooks judged so far; None before the first."""


class Tally:
    """Counts what comes of a class, and estimates the time that is left.

    Args:
        total: Notebooks of the run.
    """

    def __init__(self, total: int) -> None:
        self._total, self._unknown = total, 0
        self._judged = self._known = self._unreadable = self._errors = self._failed = 0
        self._started = time.monotonic()

    def begin(self, unknown: int) -> None:
        """Start the clock.

        Args:
            unknown: Notebooks that have to be judged.
        """
        self._unknown, self._started = unknown, time.monotonic()

    def step(self, student: str, notebook: str, result: Result | None) -> Progress:
        """Count one notebook.

        Args:
            student: Whose.
            notebook: Which.
            result: Its verdict, or None if it could not be graded.
        """
        is_new = result is None or result.is_new
        if result is None:
            self._failed += 1
        else:
            self._judged += result.is_new
            self._known += not result.is_new
            self._unreadable += any(check.name == UNREADABLE for check in result.record.verdict.checks())
        undecided = result is None or any(cell.undecided for cell in result.record.verdict.cells)
        self._errors += undecided
        judged, left = self._judged + self._failed, self._unknown - self._judged - self._failed
        seconds = (time.monotonic() - self._started) / judged * left if judged and self._unknown else None
        return Progress(
            student, notebook, judged + self._known, self._total, is_new,
            self._judged, self._known, self._unreadable, self._errors, seconds,
        )  # fmt: skip
