"""The command line, from the outside, on a small course whose engine needs no kernels."""

import csv
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder.cli import app
from autograder.commands import terminal
from autograder.grading import grader as grading

PROJECT = Path(__file__).resolve().parent.parent
COMMANDS = ("check", "grade", "doctor", "build", "calibrate", "demo")


def _load(name):
    specification = importlib.util.spec_from_file_location(name, PROJECT / "tests" / "course" / f"{name}.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


sample_course = _load("sample_course")


@pytest.fixture
def autograder(monkeypatch):
    """Run the command line in a folder, within this process."""
    monkeypatch.setattr(grading, "start_engine", grading.start_engine)  # a test course puts the fake one in
    monkeypatch.setattr(terminal.out, "_width", 160)
    monkeypatch.setattr(terminal.err, "_width", 160)

    def autograder(folder, *arguments):
        monkeypatch.chdir(folder)
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return autograder


@pytest.fixture(scope="module")
def _released(tmp_path_factory):
    root = sample_course.make_course(tmp_path_factory.mktemp("cli") / "course")
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    line = [sys.executable, "-m", "nbgrader", "generate_assignment", sample_course.ASSIGNMENT]
    subprocess.run(line, cwd=root, env=environment, check=True, capture_output=True)
    return root


@pytest.fixture
def root(_released, tmp_path):
    return Path(shutil.copytree(_released, tmp_path / "course"))


def notebook(folder, content=None, name="doubling.ipynb"):
    path = folder / name
    path.write_bytes(content if content is not None else json.dumps(sample_course.submission()).encode())
    return path


def test_every_command_explains_itself_at_once(tmp_path):
    line = [sys.executable, "-X", "importtime", "-m", "autograder.cli", "--help"]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    outcome = subprocess.run(line, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    said = outcome.stdout
    assert not any(f" {slow}\n" in outcome.stderr for slow in ("nbformat", "nbgrader", "tensorflow", "keras"))
    assert all(command in said for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_each_command(autograder, tmp_path, command):
    outcome = autograder(tmp_path, command, "--help")
    assert outcome.exit_code == 0
    assert f"Usage: autograder {command}" in outcome.stdout


def test_check_prints_one_json_object_and_needs_no_gradebook(autograder, root, tmp_path):
    (root / "gradebook.db").unlink()
    path = notebook(tmp_path, name="renamed by the browser (3).ipynb")
    outcome = autograder(root, "check", path, "--json")
    assert outcome.exit_code == 0, outcome.stderr
    printed = json.loads(outcome.stdout)
    assert list(printed) == ["notebook", "points", "max_points", "cells"]
    assert (printed["notebook"], printed["points"], printed["max_points"]) == (str(path), 6.0, 6.0)
    assert [cell["grade_id"] for cell in printed["cells"]] == ["check_double", "check_answer"]
    assert list(printed["cells"][0]["checks"][0]) == ["name", "outcome", "points", "max_points", "message"]
    assert not (root / "gradebook.db").exists()


def test_a_poor_score_is_no_error(autograder, root, tmp_path):
    path = notebook(tmp_path, json.dumps(sample_course.submission("nothing = 0")).encode())
    outcome = autograder(root, "check", path)
    assert outcome.exit_code == 0
    assert "0 of 6 points by the checks" in outcome.stdout
    assert "✗ not passed" in outcome.stdout


def test_the_released_notebook_gets_no_points_and_the_reference_all(autograder, root):
    release = root / "release" / "homework" / "doubling.ipynb"
    assert json.loads(autograder(root, "check", release, "--json").stdout)["points"] == 0
    source = root / "source" / "homework" / "doubling.ipynb"
    assert json.loads(autograder(root, "check", source, "--json").stdout)["points"] == 6


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The notebook file is empty; save the notebook in Jupyter and hand it in again."),
        (b"{", "The file is not valid JSON (line 1, column 2), so it is no notebook; open it in Jupyter, save it"),
        (
            b'{"cells": []}',
            "belongs to no exercise of this course: it has none of their graded cells (exercises: doubling)",
        ),
        (None, "There is no file "),
    ],
)
def test_unusable_input_is_one_sentence_on_stderr_and_status_2(autograder, root, tmp_path, content, sentence):
    path = tmp_path / "work.ipynb"
    if content is not None:
        path.write_bytes(content)
    outcome = autograder(root, "check", path, "--json")
    assert outcome.exit_code == 2
    assert outcome.stdout == ""
    assert sentence in outcome.stderr
    assert len(outcome.stderr.strip().splitlines()) == 1


def test_outside_a_course_folder_it_says_so(autograder, tmp_path):
    outcome = autograder(tmp_path, "check", notebook(tmp_path))
    assert outcome.exit_code == 2
    assert "There is no course folder here" in outcome.stderr
    assert "name it with --course" in outcome.stderr


def test_a_new_secret_is_announced_once(autograder, root, tmp_path):
    path = notebook(tmp_path)
    assert "Made a new course secret in " in autograder(root, "check", path).stderr
    assert "secret" not in autograder(root, "check", path).stderr


def test_grade_shows_everybody_and_counts(autograder, root):
    sample_course.hand_in(root, "ada")
    sample_course.hand_in(root, "ben", b"no notebook")
    (root / "submitted" / "cy" / "homework").mkdir(parents=True)
    outcome = autograder(root, "grade", "homework")
    assert outcome.exit_code == 0, outcome.stderr
    rows = [line.split() for line in outcome.stdout.splitlines()]
    assert ["ada", "6", "of", "9", "written", "answers", "open"] in rows
    assert ["cy", "–", "absent", "There", "is", "no", "doubling.ipynb."] in rows
    assert "3 students: " in outcome.stdout
    assert "2 graded, 1 failed to read, 0 errors of ours" in outcome.stderr
    assert "Warning" not in outcome.stderr


def test_grade_counts_the_notebooks_that_import_what_there_is_not(autograder, root):
    for student, source in {"a": "import torch", "b": "import torch\nimport torchvision", "c": "right = 1"}.items():
        sample_course.hand_in(root, student, sample_course.submission(source))
    said = autograder(root, "grade", sample_course.ASSIGNMENT).stdout
    assert "2 notebooks import `torch`, which the kernel environment does not have" in said
    assert "1 notebook imports `torchvision`" in said


def test_grade_ends_with_1_if_some_work_could_not_be_graded(autograder, root):
    sample_course.hand_in(root, "ada", sample_course.submission("crash = 1"))
    outcome = autograder(root, "grade", "homework")
    assert outcome.exit_code == 1
    assert "doubling was not graded: the judge could not start" in outcome.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["grade", "hw9"], "There is no assignment 'hw9'"),
        (["grade", "homework", "--isolation", "maybe"], "--isolation is 'sealed' or 'off' (got 'maybe')"),
        (["grade", "homework", "--student", "nobody"], "There is no student 'nobody'"),
        (["grade", "homework", "--course", "/nowhere"], "/nowhere is no course folder: it has no nbgrader_config.py"),
    ],
)
def test_an_unusable_course_or_option_ends_with_2(autograder, root, arguments, sentence):
    outcome = autograder(root, *arguments)
    assert outcome.exit_code == 2
    assert sentence in outcome.stderr


def test_isolation_off_is_loud(autograder, root):
    sample_course.hand_in(root, "ada")
    outcome = autograder(root, "grade", "homework", "--isolation", "off")
    assert "Isolation is off: student code runs with your rights" in outcome.stderr


def test_doctor_names_each_problem_and_what_to_do(autograder, root):
    sample_course.hand_in(root, "ada")
    autograder(root, "grade", "homework")
    (path,) = root.glob(".autograder/graded/homework/ada/*.json")
    path.unlink()
    (root / ".course_secret").chmod(0o644)
    outcome = autograder(root, "doctor")
    assert outcome.exit_code == 1
    for part in (
        "homework/doubling: 6 points by 2 judged cells, 3 by hand",
        "nbgrader's commands grade through this project too",
        "is open to others (mode 644); run `chmod 600",
        "homework, ada: cell 'check_answer' has points in the gradebook, but there is no verdict on it",
        "What to do: run `autograder grade homework --student ada`; exports refuse it until then.",
        "need attention.",
    ):
        assert part in outcome.stdout, outcome.stdout


def test_doctor_notices_a_configuration_that_lets_nbgrader_give_points(autograder, root):
    (root / "nbgrader_config.py").write_text("c = get_config()\nc.CourseSettings.checks_directory = 'checks'\n")
    outcome = autograder(root, "doctor")
    assert outcome.exit_code == 1
    assert (
        "nbgrader_config.py does not name SubmissionExporter in c.Autograde.exporter_class, JudgeExecute in"
        in outcome.stdout
    )


def test_demo_never_replaces_a_folder_it_did_not_make(autograder, root):
    (root / "demo").mkdir()
    (root / "demo" / "precious.txt").write_text("mine")
    outcome = autograder(root, "demo")
    assert outcome.exit_code == 2
    assert "was not made by `autograder demo`; move it away first." in outcome.stderr
    assert (root / "demo" / "precious.txt").read_text() == "mine"


def test_demo_runs_nbgraders_commands_and_says_what_to_open(autograder, tmp_path):
    """The whole demonstration, but for the kernels."""
    shutil.copytree(PROJECT / "source", tmp_path / "source")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "submissions").symlink_to(PROJECT / "tests" / "submissions")
    config = sample_course.CONFIG.replace('c.CourseSettings.checks_directory = "checks"\n', "")
    (tmp_path / "nbgrader_config.py").write_text(config)
    outcome = autograder(tmp_path, "demo")
    assert outcome.exit_code == 0, outcome.stderr
    rows = [line.split() for line in outcome.stdout.splitlines()]
    assert any(row[0] == "jo" and set(row[1:-1]) == {"–"} and row[-1] == "absent" for row in rows if len(row) > 2)
    assert ["jo", "handed", "in", "nothing"] in rows
    assert any(row[:1] == ["chen"] and "late" in row for row in rows)
    assert "late by 32.3 hours" in outcome.stdout
    assert "never grade with it" in outcome.stderr
    with (tmp_path / "demo" / "grades.csv").open(newline="") as stream:
        grades = {row["student_id"]: row for row in csv.DictReader(stream)}
    assert len(grades) >= 8
    assert (grades["jo"]["status"], grades["jo"]["points"]) == ("absent", "")
    assert grades["ivo"]["exercise_1_two_classes"] == "0"
    for line in outcome.stdout.splitlines():
        if line.startswith("  demo/"):
            assert (tmp_path / line.strip()).is_file()


def test_starting_compiles_no_grammar_nobody_needs():
    program = "import autograder.cli, autograder.classes.classrun, sys; sys.exit('lark' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
