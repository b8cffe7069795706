"""Notebooks that cannot be judged: what stands in for one that nobody can read, or that is another one."""

import json
from collections.abc import Collection
from dataclasses import replace

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from autograder.course.exercise import Exercise
from autograder.course.notebooks import prepare, read_notebook
from autograder.judge.verdict import CellVerdict, CheckResult, Outcome, Verdict

UNREADABLE = "notebook_can_be_read"
"""Name of the check that a notebook nobody can read has failed."""


def unreadable_verdict(exercise: Exercise, problem: str) -> Verdict:
    """Return the verdict on a notebook that cannot be read: no points, and why.

    Args:
        exercise: The exercise.
        problem: The sentence that says why.
    """
    cells = (
        CheckResult(UNREADABLE, "The notebook can be read.", Outcome.FAIL, 0.0, points, problem)
        for points in exercise.judged.values()
    )
    graded = tuple(CellVerdict(grade_id, (check,)) for grade_id, check in zip(exercise.judged, cells, strict=True))
    return Verdict(exercise=exercise.name, cells=graded, notes=(problem,))


UNMATCHED = "notebook_can_be_matched"
"""Name of the check that waits for a person where a notebook holds nothing of its exercise."""


def unmatched_verdict(exercise: Exercise, doubt: str) -> Verdict:
    """Return the verdict on a notebook that holds nothing of its exercise: nothing is decided, and why.

    Args:
        exercise: The exercise.
        doubt: The sentence that says why.
    """
    cells = tuple(
        CellVerdict(
            grade_id,
            (CheckResult(UNMATCHED, "The notebook is that of this exercise.", Outcome.ERROR, 0.0, points, doubt),),
        )
        for grade_id, points in exercise.judged.items()
    )
    return Verdict(exercise=exercise.name, cells=cells, notes=(doubt,))


def withheld(verdict: Verdict, doubted: Collection[str]) -> Verdict:
    """Return a verdict in which a person decides what failed in cells whose answers could not be told.

    Args:
        verdict: As the judge found it.
        doubted: The judged cells.
    """

    def waiting(check: CheckResult) -> CheckResult:
        if check.outcome is Outcome.PASS:
            return check
        message = f"Its answer was not found among cells without nbgrader's marks; a person will look. {check.message}"
        return replace(check, outcome=Outcome.ERROR, message=message.strip())

    cells = tuple(
        replace(cell, checks=tuple(map(waiting, cell.checks))) if cell.grade_id in doubted else cell
        for cell in verdict.cells
    )
    return replace(verdict, cells=cells)


def unreadable_notebook(exercise: Exercise, problem: str) -> NotebookNode:
    """Return what stands in for a notebook that cannot be read: the graded cells, under the reason.

    Args:
        exercise: The exercise.
        problem: The sentence that says why.
    """
    empty = read_notebook(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}).encode())
    notebook = prepare(empty, exercise).notebook
    notebook.cells.insert(0, new_markdown_cell(f"**This notebook was not graded.** {problem}", id="problem"))
    return notebook
