"""Exercise notebooks as Python: their cells run in this process, as the reference or a golden submission has them."""

import importlib.util
from pathlib import Path

import matplotlib as mpl
import nbformat
import pytest

from autograder.build.notebooks import notebook_from_text, to_bytes

mpl.use("agg")

SLUG = "exercise_1_two_classes"


def _load_submission_builder():
    path = Path(__file__).parents[1] / "submissions" / "build.py"
    spec = importlib.util.spec_from_file_location("submission_builder", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


builder = _load_submission_builder()


class Notebook:
    """The code cells of one submission, run by name or in order."""

    def __init__(self, source_notebook, name):
        data, _ = builder.build_submission(builder.SUBMISSIONS / SLUG / name, source_notebook)
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
    """The instructor notebook, made from its text."""
    return to_bytes(notebook_from_text((project_root / "source" / f"{SLUG}.py").read_text(), SLUG))


@pytest.fixture
def notebook(source_notebook):
    """Makes a golden submission's notebook, by name."""
    return lambda name: Notebook(source_notebook, name)
