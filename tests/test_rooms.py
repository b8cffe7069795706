"""Everything of one exercise lies in its folders: the rest of the engine and of the tests does without any of them."""

import ast
import shutil

import pytest

from autograder.build import build
from autograder.course.course import Course
from tests.submissions.build import exercise_names

EXERCISES = exercise_names()
WORDS = ("sketches", "house", "car")
"""What only the pictures of an exercise are called; names of exercises and of their functions are added."""


def functions_of(text):
    """What a text has students write."""
    return {node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}


def test_the_engine_speaks_of_no_exercise(project_root):
    texts = [(project_root / "source" / f"{name}.py").read_text() for name in EXERCISES]
    words = {*WORDS, *EXERCISES, *(name for text in texts for name in functions_of(text) if "_" in name)}
    found = []
    for path in sorted((project_root / "autograder").rglob("*.*")):
        if path.suffix not in (".py", ".jinja", ".html", ".js", ".css") or {"checks", "starters"} & {*path.parts}:
            continue
        written = {*path.read_text().replace("`", " ").replace("(", " ").replace('"', " ").replace(".", " ").split()}
        found += [f"{path.relative_to(project_root)}: {word}" for word in sorted(words & written)]
    assert found == []


@pytest.mark.parametrize("exercise", EXERCISES)
def test_nobody_else_imports_what_belongs_to_an_exercise(project_root, exercise):
    ours = {"checks", "exercises", "submissions", "right_answers"}
    importing = [
        str(path.relative_to(project_root))
        for folder in ("autograder", "tests")
        for path in (project_root / folder).rglob("*.py")
        if f"autograder.checks.{exercise}" in path.read_text() and not (ours & {*path.parts} and exercise in str(path))
    ]
    assert importing == []


@pytest.mark.parametrize("gone", EXERCISES[:1])
def test_the_course_builds_without_any_one_of_its_exercises(project_root, tmp_path, gone):
    for name in ("source", "release", "autograder/checks", "tests/submissions"):
        without = shutil.ignore_patterns(gone, f"{gone}.*", "__pycache__")
        shutil.copytree(project_root / name, tmp_path / name, ignore=without)
    shutil.copy(project_root / "nbgrader_config.py", tmp_path)
    config = tmp_path / "nbgrader_config.py"
    config.write_text(f"{config.read_text()}\nc.CourseSettings.checks_directory = 'autograder/checks'\n")

    assert not [path for path in build(tmp_path) if path.suffix == ".ipynb"], "the others are as they were"
    course = Course.load(tmp_path)
    assert sorted(course.exercises) == sorted({*EXERCISES} - {gone})
    assert not course.broken
