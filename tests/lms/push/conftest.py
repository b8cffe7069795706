"""A graded course without kernels (the fake engine of tests/course), for what is sent to an LMS."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder.classes.classrun import ClassRun
from autograder.cli import app
from autograder.course.course import Course
from autograder.gradebook.access import open_gradebook
from autograder.grading import grader as grading
from tests.course.conftest import _released, _the_real_engine_comes_back, sample_course  # noqa: F401 - fixtures

STUDENTS = {"ada": "Ada Lovelace", "ben": "Bob_Under O'Neil-Smith", "cy": "Łukasz 王"}


@pytest.fixture(scope="session")
def _graded_root(_released, tmp_path_factory):  # noqa: F811
    """Three students handed in, one got half; their written answers are graded; a fourth is absent."""
    root = Path(shutil.copytree(_released, tmp_path_factory.mktemp("graded") / "course"))
    for student in STUDENTS:
        text = "half = 1" if student == "ben" else None
        sample_course.hand_in(root, student, sample_course.submission(text) if text else None)
    real_engine = grading.start_engine
    course = Course.load(root)  # whose configuration puts the fake engine in
    try:
        ClassRun(course, sample_course.ASSIGNMENT, course.secret()).run()
    finally:
        grading.start_engine = real_engine
    with open_gradebook(course) as gradebook:
        for student, name in STUDENTS.items():
            first, last = name.split(" ", 1)
            gradebook.update_or_create_student(student, first_name=first, last_name=last, email=f"{student}@x.org")
            grade_by_hand(gradebook, student, 2.5)
        gradebook.update_or_create_student("dee", first_name="Dee", last_name="Absent", email="dee@x.org")
    return root


@pytest.fixture
def graded(_graded_root, tmp_path, monkeypatch):
    """A copy of that course."""
    root = Path(shutil.copytree(_graded_root, tmp_path / "course"))
    monkeypatch.chdir(root)
    return Course.load(root)


@pytest.fixture
def with_pages(graded):
    """The course, with a feedback page for everybody who handed in."""
    for student in STUDENTS:
        folder = graded.root / "feedback" / student / sample_course.ASSIGNMENT
        folder.mkdir(parents=True)
        (folder / f"{sample_course.SLUG}.html").write_text(f"<p>feedback of {student}</p>")
    return graded


@pytest.fixture
def command(monkeypatch):
    """Runs `autograder lms push ...`; returns exit status and what was printed, in one line."""
    monkeypatch.setenv("COLUMNS", "250")
    monkeypatch.setattr("autograder.lms.push.web.Web._wait", lambda *_: 0.0)
    monkeypatch.setenv("MOODLE_TOKEN", "a-moodle-token")
    monkeypatch.setenv("CANVAS_TOKEN", "a-canvas-token")

    def run(*arguments):
        result = CliRunner().invoke(app, ["lms", "push", *map(str, arguments)])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        for secret in ("a-moodle-token", "a-canvas-token"):
            assert secret not in result.output
        return result.exit_code, " ".join(result.output.split())

    return run


def grade_by_hand(gradebook, student, points):
    """Give the written answer of the sample course its points."""
    grade = gradebook.find_grade("why", sample_course.SLUG, sample_course.ASSIGNMENT, student)
    grade.manual_score, grade.needs_manual_grade = points, False
    gradebook.db.commit()
