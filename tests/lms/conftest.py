"""Courses for what goes in and out as files; no kernels (the fake engine of tests/course)."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.course.conftest import (  # noqa: F401 - fixtures
    _released,
    _the_real_engine_comes_back,
    course,
    root,
    sample_course,
)

sys.path.insert(0, str(Path(__file__).parent))

from autograder.classes.classrun import ClassRun
from autograder.cli import app
from autograder.course.course import Course
from autograder.gradebook.access import open_gradebook


@pytest.fixture
def lms(root, monkeypatch):  # noqa: F811
    """Run `autograder lms ...` in the course folder; returns exit status and output in one line."""
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.chdir(root)

    def run(*arguments):
        result = CliRunner().invoke(app, ["lms", *map(str, arguments)])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, " ".join(result.output.split())

    return run


@pytest.fixture(scope="session")
def _graded_before():
    """Courses that are collected and graded, by what was collected: grading is what takes time in these tests."""
    return {}


@pytest.fixture
def grade_once(_graded_before, grade, root, tmp_path_factory):  # noqa: F811
    """Collect and grade, or take what the same collecting gave before."""

    def run(key, collect):
        if key not in _graded_before:
            collect()
            grade()
            kept = tmp_path_factory.mktemp("graded") / "course"
            _graded_before[key] = Path(shutil.copytree(root, kept))
            return Course.load(root)
        for path in root.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(_graded_before[key], root, dirs_exist_ok=True)
        return Course.load(root)

    return run


@pytest.fixture
def grade(root):  # noqa: F811
    """Grade what was collected, the written answer too."""

    def run(written=2.5):
        found = Course.load(root)
        ClassRun(found, sample_course.ASSIGNMENT, found.secret()).run()
        with open_gradebook(found) as gradebook:
            for submission in gradebook.assignment_submissions(sample_course.ASSIGNMENT):
                given = gradebook.find_grade("why", sample_course.SLUG, sample_course.ASSIGNMENT, submission.student.id)
                given.manual_score, given.needs_manual_grade = written, False
            gradebook.db.commit()
        return found

    return run


@pytest.fixture
def samples(project_root):
    """Files a real Moodle wrote."""
    folder = Path(os.environ.get("AUTOGRADER_LMS_SAMPLES", project_root.parent / "shared" / "lms_samples"))
    if not folder.is_dir():
        folder = project_root.parent.parent / "shared" / "lms_samples"  # a git worktree lies one folder deeper
    if not folder.is_dir():
        pytest.skip("no files of a real Moodle; AUTOGRADER_LMS_SAMPLES names a folder that has them")
    return folder
