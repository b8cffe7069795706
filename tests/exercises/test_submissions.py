"""The golden submissions as a set: what they expect is consistent, and between them they try every check."""

import functools

import nbformat
import pytest

from autograder.authoring.pages import checks_of, pages_of
from tests.submissions.build import SUBMISSIONS, build_submission, read_expected, submission_places

from .conftest import EXERCISES

FOLDERS = [folder for exercise in EXERCISES for folder in submission_places(exercise)]
each_folder = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}-{folder.name}")
each_exercise = pytest.mark.parametrize("exercise", EXERCISES)


@functools.cache
def points_of(exercise):
    """Points of every check, by name."""
    return {name: settings.points for name, settings in checks_of(pages_of(exercise)).items()}


@each_folder
def test_what_is_expected_is_of_checks_that_exist(folder):
    points = points_of(folder.parent.name)
    expected = read_expected(folder)
    assert set(expected.checks) <= set(points)
    assert set(expected.checks.values()) <= {"FAIL", "SKIPPED", "ERROR"}
    assert expected.why
    assert "\n" not in expected.why


@each_exercise
def test_every_check_is_failed_by_a_wrong_one_that_gets_something_else_right(exercise):
    failed = set()
    for folder in submission_places(exercise):
        expected = read_expected(folder)
        if folder.name.startswith("wrong_") and expected.points > 0:
            failed |= {name for name, outcome in expected.checks.items() if outcome == "FAIL"}
    assert failed == set(points_of(exercise))


@each_exercise
def test_every_check_is_passed_by_every_right_one(exercise):
    right = [folder for folder in submission_places(exercise) if folder.name.startswith(("right_", "reference"))]
    assert len(right) >= 2
    assert [folder.name for folder in right if read_expected(folder).checks] == []


@each_exercise
def test_there_are_enough_of_each_kind(exercise):
    kinds = [folder.name.split("_")[0] for folder in submission_places(exercise)]
    assert {"reference", "blank"} <= set(kinds)
    assert kinds.count("right") >= 1
    assert kinds.count("wrong") >= 5


@each_folder
def test_the_notebook_differs_from_the_reference_only_where_it_says(folder, source_notebook):
    source = source_notebook(folder.parent.name)
    data, files = build_submission(folder, source)
    again, _ = build_submission(folder, source)
    assert data == again
    nbformat.validate(nbformat.reads(data.decode(), as_version=4))
    assert "BEGIN SOLUTION" not in data.decode()
    assert "BEGIN HIDDEN" not in data.decode()
    assert (files == {}) == (not (folder / "files").exists())


@each_exercise
def test_blank_is_the_release(project_root, source_notebook, exercise):
    data, _ = build_submission(SUBMISSIONS / exercise / "blank", source_notebook(exercise))
    blank = nbformat.reads(data.decode(), as_version=4)
    release = nbformat.read(project_root / "release" / "transfer_learning" / f"{exercise}.ipynb", as_version=4)
    assert [cell.source for cell in blank.cells] == [cell.source for cell in release.cells]
