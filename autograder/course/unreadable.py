"""What stands in for a notebook that cannot be read: no points, and the reason."""

import json

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
