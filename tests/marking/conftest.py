"""A class whose written answers wait to be marked, made by rows and notebooks instead of grading."""

import json
import re
import shutil
import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "course"))

import nbformat
import pytest
import sample_course
from nbformat.v4 import new_code_cell, new_output
from nbgrader.api import Gradebook
from sample_course import ASSIGNMENT, SLUG

import autograder.cli  # noqa: F401 - first: it spares nbformat a slow grammar
from autograder.course.course import Course
from autograder.gradebook.access import open_gradebook
from autograder.marking.desk import Desk
from autograder.marking.page import application
from tests.course.conftest import _the_real_engine_comes_back  # noqa: F401

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it would rather have another HTTP library than the one that is here
    from starlette.testclient import TestClient

TOKEN, PORT = "a-token-for-tests", 8123
STUB = "Write your answer here."
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
RUBRIC = """
# ours
[doubling.why]
[[doubling.why.items]]
id = "reason"
title = "Gives a reason"
points = 1
comment = "You say why."

[[doubling.why.items]]
id = "number"
title = "Names a number"
points = 2
"""


class MadeUp:
    """A course folder with an assignment in its gradebook, and students who have handed in."""

    def __init__(self, root):
        self.root = sample_course.make_course(root)
        source = nbformat.read(root / "source" / ASSIGNMENT / f"{SLUG}.ipynb", as_version=4)
        with Gradebook(f"sqlite:///{root}/gradebook.db", "a_course") as gradebook:
            gradebook.add_assignment(ASSIGNMENT)
            gradebook.add_notebook(SLUG, ASSIGNMENT)
            for cell in source.cells:
                marks = cell.metadata.get("nbgrader")
                if marks:
                    name = marks["grade_id"]
                    text = STUB if name == "why" else cell.source
                    gradebook.add_source_cell(
                        name, SLUG, ASSIGNMENT, cell_type=cell.cell_type, source=text, checksum="0", locked=False
                    )
                    if marks["solution"]:
                        gradebook.add_solution_cell(name, SLUG, ASSIGNMENT)
                    if marks["grade"]:
                        gradebook.add_grade_cell(
                            name, SLUG, ASSIGNMENT, max_score=marks["points"], cell_type=cell.cell_type
                        )

    def hand_in(self, texts, **names):
        """Let students hand in; the text of each is his answer, an empty one is none."""
        with Gradebook(f"sqlite:///{self.root}/gradebook.db", "a_course") as gradebook:
            for student, text in texts.items():
                gradebook.update_or_create_student(student, **names)
                submission = gradebook.update_or_create_submission(ASSIGNMENT, student)
                for grade in submission.notebooks[0].grades:
                    is_written = grade.name == "why"
                    grade.auto_score = None if is_written and text else (0.0 if is_written else 2.0)
                    grade.needs_manual_grade = is_written and bool(text)
                self.write(student, text or STUB)
            gradebook.db.commit()

    def write(self, student, text, printed="accuracy 0.93", where="autograded"):
        """Write an autograded notebook, or one as it was handed in."""
        notebook = sample_course.submission(written=text)
        shown = new_output("display_data", data={"image/png": DOT, "text/plain": "<Figure>"})
        said = new_output("stream", text=f"{printed} of {student}\n")
        notebook.cells.insert(-1, new_code_cell("plot()", id="plot", outputs=[said, shown]))
        folder = self.root / where / student / ASSIGNMENT
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{SLUG}.ipynb").write_text(json.dumps(notebook))

    def rubric(self, text=RUBRIC):
        """Write the rubric."""
        path = self.root / "rubrics" / f"{ASSIGNMENT}.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    def desk(self, marker="mia", **options):
        """Sit down to mark; as a process of its own would."""
        return Desk(Course.load(self.root), ASSIGNMENT, marker, **options)

    def rows(self):
        """What the gradebook holds: score, comment, and whether a person is needed, by student."""
        with open_gradebook(Course.load(self.root)) as gradebook:
            found = {}
            for submission in gradebook.assignment_submissions(ASSIGNMENT):
                notebook = submission.notebooks[0]
                grade = next(grade for grade in notebook.grades if grade.name == "why")
                comment = next(comment for comment in notebook.comments if comment.name == "why")
                found[submission.student.id] = (grade.manual_score, comment.manual_comment, grade.needs_manual_grade)
            return found

    def formgrader(self, student, score, comment=None):
        """Type points into formgrader."""
        with open_gradebook(Course.load(self.root)) as gradebook:
            grade = gradebook.find_grade("why", SLUG, ASSIGNMENT, student)
            grade.manual_score, grade.needs_manual_grade = score, False
            gradebook.find_comment("why", SLUG, ASSIGNMENT, student).manual_comment = comment
            gradebook.db.commit()


class Browser:
    """What a marker's browser does, in this process."""

    def __init__(self, desk):
        self.client = TestClient(application(desk, TOKEN, PORT), base_url=f"http://127.0.0.1:{PORT}")
        self.client.headers["origin"] = f"http://127.0.0.1:{PORT}"
        self.page = self.client.get(f"/?token={TOKEN}")

    def get(self, path):
        self.page = self.client.get(path)
        return self.page

    def field(self, name):
        """The value of a field of the page."""
        return re.search(rf'name="{name}" value="([^"]*)"', self.page.text)[1]

    def post(self, path="", **fields):
        """Send the form of the page."""
        hidden = {
            name: self.field(name) for name in ("csrf", "seen", "rubric_digest") if f'name="{name}"' in self.page.text
        }
        path = path or self.page.url.path
        self.page = self.client.post(path, data={"action": "save", **hidden, **fields})
        return self.page


@pytest.fixture(scope="session")
def _made(tmp_path_factory):
    return MadeUp(tmp_path_factory.mktemp("marking") / "course")


@pytest.fixture
def made_up(_made, tmp_path):
    """A course in which nobody has handed in yet."""
    copy = MadeUp.__new__(MadeUp)
    copy.root = Path(shutil.copytree(_made.root, tmp_path / "course"))
    return copy
