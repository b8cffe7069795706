"""What Gradescope shows of a verdict: `results.json`, one test a check."""

import enum
from collections.abc import Sequence
from typing import Any

from autograder.judge.verdict import CheckResult, Outcome, Verdict

_WAITS = "A person will look at this check; its points are added then."


class Visibility(enum.StrEnum):
    """When students see a test; the specification's words."""

    VISIBLE = "visible"
    AFTER_DUE_DATE = "after_due_date"
    AFTER_PUBLISHED = "after_published"
    HIDDEN = "hidden"


def results_object(verdicts: Sequence[Verdict], seconds: float, visibility: Visibility) -> dict[str, Any]:
    """Return the content of `results.json`.

    Args:
        verdicts: One an exercise of the assignment, in order; of what was not handed in, too.
        seconds: Wall time of the run.
        visibility: Of every test; one hidden test also hides the student's total.

    Returns:
        Plain values. There is no score on top: it would override the sum of the tests.
    """
    tests = [
        _test(f"{number}.{place}", verdict.exercise, grade_id, check) | {"visibility": visibility.value}
        for number, verdict in enumerate(verdicts, start=1)
        for place, (grade_id, check) in enumerate(_checks(verdict), start=1)
    ]
    notes = [f"{verdict.exercise}: {note}" for verdict in verdicts for note in verdict.notes]
    undecided = [check.name for verdict in verdicts for check in verdict.checks() if check.outcome is Outcome.ERROR]
    if undecided:
        notes.append(
            f"For whoever grades: {len(undecided)} checks could not be decided, look at {', '.join(undecided)}."
        )
    return {
        "execution_time": round(seconds, 1),
        "output": "\n".join(notes),
        "output_format": "text",
        "stdout_visibility": "hidden",
        "tests": tests,
        "extra_data": {"verdicts": {verdict.exercise: verdict.key for verdict in verdicts}, "undecided": undecided},
    }


def _checks(verdict: Verdict) -> list[tuple[str, CheckResult]]:
    return [(cell.grade_id, check) for cell in verdict.cells for check in cell.checks]


def _test(number: str, exercise: str, grade_id: str, check: CheckResult) -> dict[str, Any]:
    message = f"{check.message} {_WAITS}" if check.outcome is Outcome.ERROR else check.message
    return {
        "name": check.claim,
        "name_format": "text",
        "number": number,
        "score": round(check.points, 6),
        "max_score": round(check.max_points, 6),
        "status": "passed" if check.outcome is Outcome.PASS else "failed",
        "output": message,
        "output_format": "text",
        "tags": [exercise, grade_id],
    }
