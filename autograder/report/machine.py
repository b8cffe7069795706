"""A verdict as one JSON object, for programs."""

from typing import Any

from autograder.judge.verdict import CellVerdict, CheckResult, Verdict


def verdict_object(notebook: str, verdict: Verdict) -> dict[str, Any]:
    """Return what `autograder check --json` prints.

    Args:
        notebook: The notebook's file name as it was given.
        verdict: The verdict on it.

    Returns:
        An object of plain values: `notebook`, `points`, `max_points` and `cells`, each with its `checks`.
    """
    return {
        "notebook": notebook,
        "points": _number(verdict.points),
        "max_points": _number(verdict.max_points),
        "cells": [_cell(cell) for cell in verdict.cells],
    }


def _cell(cell: CellVerdict) -> dict[str, Any]:
    return {
        "grade_id": cell.grade_id,
        "points": _number(cell.points),
        "max_points": _number(cell.max_points),
        "checks": [_check(check) for check in cell.checks],
    }


def _check(check: CheckResult) -> dict[str, Any]:
    return {
        "name": check.name,
        "outcome": check.outcome.value,
        "points": _number(check.points),
        "max_points": _number(check.max_points),
        "message": check.message,
    }


def _number(points: float) -> float:
    # Sums of thirds and tenths would otherwise show the digits binary fractions leave behind.
    return round(points, 6)
