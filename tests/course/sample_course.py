"""A small course of one exercise, `doubling`: two judged cells of 2 and 4 points, and a written question of 3."""

import json
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ASSIGNMENT, SLUG = "homework", "doubling"
GUARD = (
    "\n### BEGIN HIDDEN TESTS\nimport os\n"
    'if os.environ.get("NBGRADER_EXECUTION") == "autograde":\n'
    '    raise RuntimeError("This cell is judged outside the notebook.")\n'
    "### END HIDDEN TESTS"
)
CONFIG = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import fake_engine
fake_engine.install()
from autograder.gradebook.nbgrader_glue import AUTOGRADE_PREPROCESSORS, FEEDBACK_PREPROCESSORS
from autograder.gradebook.page_templates import PAGE_TEMPLATES
from autograder.gradebook.safe_html import FILTERS
c = get_config()
c.CourseDirectory.course_id = "a_course"
c.CourseSettings.checks_directory = "checks"
c.Autograde.exporter_class = "autograder.gradebook.nbgrader_glue.SubmissionExporter"
c.Autograde.autograde_preprocessors = AUTOGRADE_PREPROCESSORS
c.GenerateFeedback.preprocessors = FEEDBACK_PREPROCESSORS
c.ExportApp.plugin_class = "autograder.gradebook.nbgrader_glue.VerdictExporter"
c.HTMLExporter.filters = FILTERS
c.HTMLExporter.extra_template_basedirs = PAGE_TEMPLATES
c.HTMLExporter.preprocessors = ["autograder.gradebook.nbgrader_glue.HarmlessNames"]
c.GenerateFeedback.exporter_class = "autograder.gradebook.nbgrader_glue.FeedbackExporter"
"""


def mark(grade_id, *, grade=False, solution=False, locked=False, points=None, task=False):
    marks = {"grade_id": grade_id, "grade": grade, "solution": solution, "locked": locked, "task": task}
    if points is not None:
        marks["points"] = points
    return {"nbgrader": {**marks, "schema_version": 3}}


def source_notebook():
    solution = "def double(number):\n    ### BEGIN SOLUTION\n    return 2 * number  # right\n    ### END SOLUTION"
    more = "### BEGIN SOLUTION\nanswer = double(21)\n### END SOLUTION"
    judged = {"grade": True, "locked": True}
    cells = [
        new_markdown_cell("# Doubling", id="title"),
        new_code_cell("import math", id="setup", metadata=mark("setup", locked=True)),
        new_code_cell(solution, id="double", metadata=mark("double", solution=True)),
        new_code_cell(
            "assert double(1) == 2" + GUARD, id="check_double", metadata=mark("check_double", points=2, **judged)
        ),
        new_code_cell(more, id="answer", metadata=mark("answer", solution=True)),
        new_code_cell(
            "assert answer > 0" + GUARD, id="check_answer", metadata=mark("check_answer", points=4, **judged)
        ),
        new_markdown_cell("Because of 2.", id="why", metadata=mark("why", grade=True, solution=True, points=3)),
    ]
    kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernelspec, "language_info": {"name": "python"}})


def make_course(root):
    """Write a course folder without gradebook or release."""
    folder = root / "source" / ASSIGNMENT
    folder.mkdir(parents=True)
    nbformat.write(source_notebook(), folder / f"{SLUG}.ipynb")
    (root / "checks").mkdir()
    (root / "checks" / f"{SLUG}.py").write_text('"""Hidden checks of doubling."""\n')
    (root / "nbgrader_config.py").write_text(CONFIG)
    return root


def submission(code="def double(number):\n    return 2 * number  # right", written="Because I say so."):
    """A student's notebook: as released, with one answer and one written text."""
    notebook = source_notebook()
    for cell in notebook.cells:
        if cell.id == "double":
            cell.source = code
        elif cell.id == "answer":
            cell.source = "answer = 42"
        elif cell.id == "why":
            cell.source = written
        elif cell.id.startswith("check_"):
            cell.source = cell.source.removesuffix(GUARD)
    return notebook


def hand_in(root, student, notebook=None, *, timestamp=None, files=None):
    """Put a submission where nbgrader collects it; `notebook` may be a NotebookNode, bytes or text."""
    folder = root / "submitted" / student / ASSIGNMENT
    folder.mkdir(parents=True, exist_ok=True)
    notebook = submission() if notebook is None else notebook
    content = notebook if isinstance(notebook, bytes | str) else json.dumps(notebook)
    content = content if isinstance(content, bytes) else content.encode()
    (folder / f"{SLUG}.ipynb").write_bytes(content)
    if timestamp:
        (folder / "timestamp.txt").write_text(timestamp)
    for name, data in (files or {}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder
