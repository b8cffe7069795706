"""Exercise notebooks as Python: their cells run in this process, as the reference or a golden submission has them."""

import functools
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import nbformat
import pytest

from autograder.authoring.pages import pages_of
from autograder.build import instructor_notebook
from autograder.build.notebooks import to_bytes
from tests.submissions.build import SUBMISSIONS, build_submission, exercise_names

mpl.use("agg")

EXERCISES = exercise_names()
collect_ignore = [folder.name for folder in Path(__file__).parent.glob("*/") if not pages_of(folder.name)[0].exists()]
"""Tests of an exercise that is no longer there."""


class Notebook:
    """The code cells of one submission, run by name or in order."""

    def __init__(self, source_notebook, exercise, name):
        data, _ = build_submission(SUBMISSIONS / exercise / name, source_notebook)
        self.cells = nbformat.reads(data.decode(), as_version=4).cells
        self.namespace = {"__name__": "notebook"}

    def source(self, grade_id):
        return next(cell.source for cell in self.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id)

    def run(self, *grade_ids):
        for grade_id in grade_ids:
            exec(compile(self.source(grade_id), f"<cell {grade_id}>", "exec"), self.namespace)
        return self.namespace

    def run_all(self):
        for number, cell in enumerate(self.cells):
            if cell.cell_type == "code":
                exec(compile(cell.source, f"<cell {number}>", "exec"), self.namespace)
        return self.namespace


@pytest.fixture(scope="session")
def source_notebook(project_root):
    """Makes the instructor notebook of an exercise from its text."""

    @functools.cache
    def make(exercise):
        return to_bytes(instructor_notebook(project_root, exercise))

    return make


@pytest.fixture
def notebook(source_notebook):
    """Makes a golden submission's notebook, by exercise and name."""
    yield lambda exercise, name: Notebook(source_notebook(exercise), exercise, name)
    plt.close("all")
