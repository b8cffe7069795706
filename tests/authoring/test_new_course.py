"""A course of one's own: written by a command, complete as it comes, and graded by following its page in the docs."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.authoring.contracts import contracts_of
from autograder.authoring.new_course import kinds, write_course
from autograder.build import check
from autograder.course.course import Course
from autograder.course.errors import CourseError

SLUG = "exercise_1_first"


def run_in(folder, *command):
    beside = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": beside, "HOME": str(folder.parent), "COLUMNS": "200"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=500, check=False
    )


@pytest.mark.parametrize("kind", kinds())
def test_every_kind_is_complete_as_it_comes(kind, tmp_path):
    folder = tmp_path / kind
    write_course(folder, kind, "a-course")

    course = Course.load(folder)
    assert check(folder) == []
    assert course.config.CourseDirectory.course_id == "a-course"
    assert [problem for contract in contracts_of(course).values() for problem in contract.problems()] == []
    exercise = course.exercises[SLUG]
    assert exercise.max_points >= 4
    assert exercise.beside
    assert '"points"' not in (folder / "source" / f"{SLUG}.py").read_text()


def test_all_slips_are_tried_and_compared_with_what_they_should_lose(tmp_path):
    write_course(tmp_path / "new", "keras", "new")
    command = ("try-check", SLUG, "--all-slips", "--whole", "--json")

    ran = run_in(tmp_path / "new", sys.executable, "-m", "autograder.cli", *command)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = {entry["slip"]: entry for entry in json.loads(ran.stdout)}
    assert len(found) == 5
    assert {entry["status"] for entry in found.values()} == {"OK"}
    assert found["wrong_no_bias"]["lost"] == {"check_build_classifier": 1.5}


@pytest.mark.parametrize("kind", kinds())
def test_its_own_tests_pass(kind, tmp_path, request):
    if request.config.getoption("--golden") == "few":
        pytest.skip("the tests of new courses run with --golden=some or --golden=all")
    write_course(tmp_path / kind, kind, kind)

    ran = run_in(tmp_path / kind, sys.executable, "-m", "pytest", "-q")

    assert ran.returncode == 0, ran.stdout


def test_the_page_is_followed_from_nothing_to_a_graded_class(tmp_path, project_root):
    page = (project_root / "docs" / "new-course.md").read_text(encoding="utf-8")
    blocks = [block for block in re.split(r"^```", page, flags=re.MULTILINE)[1::2] if block.startswith("\n")]
    # mutants take minutes, and are tested where they are made
    typed = [line for line in "".join(blocks).splitlines() if line and not line.startswith("autograder mutants")]
    assert len(typed) >= 10
    script = "\n".join(f"{line} || {{ echo 'failed: {line}'; exit 1; }}" for line in typed)

    ran = run_in(tmp_path, "bash", "-c", script.replace("~/", f"{tmp_path}/"))

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(r"ada\s+5 of 5\s+graded", ran.stdout)
    feedback = (tmp_path / "statistics" / "feedback" / "ada" / "homework" / f"{SLUG}.html").read_text(encoding="utf-8")
    assert "Where the species lie well apart, at least 90 % are right, in the order of the rows." in feedback
    assert "_plants" not in feedback


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")

    with pytest.raises(CourseError, match="exists and is not empty; name a new folder"):
        write_course(tmp_path, "arrays", "a-course")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_course_does_not_lie_in_another(tmp_path):
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\n")

    with pytest.raises(CourseError, match="lies in the course folder"):
        write_course(tmp_path / "new", "arrays", "a-course")


def test_a_kind_that_does_not_exist_is_said_with_those_that_do(tmp_path):
    with pytest.raises(CourseError, match="no kind of course 'songs'; there is: arrays, keras, tables"):
        write_course(tmp_path / "new", "songs", "a-course")


def test_new_courses_are_graded_as_this_one_is(project_root, tmp_path):
    """Settings that grade, hide and export stand in both configurations; they are the same."""
    write_course(tmp_path / "new", "arrays", "a-course")
    ours, theirs = Course.load(project_root).config, Course.load(tmp_path / "new").config

    for section in ("Autograde", "GenerateFeedback", "HTMLExporter", "ExportApp", "ClearSolutions"):
        assert theirs[section] == ours[section]
