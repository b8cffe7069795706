"""The golden submissions as a set: what they expect is consistent, and between them they try every check."""

import importlib

import nbformat
import pytest

from .conftest import SLUG, builder

PAGES = tuple(f"autograder.checks.{SLUG}{part}" for part in ("", "_models", "_training"))
FOLDERS = builder.submission_folders(SLUG)
NAMES = [folder.name for folder in FOLDERS]


@pytest.fixture(scope="module")
def points():
    """Points of every check, by name."""
    found = {}
    for page in PAGES:
        for name, value in vars(importlib.import_module(page)).items():
            if hasattr(value, "check_settings"):
                found[name] = value.check_settings.points
    return found


@pytest.mark.parametrize("folder", FOLDERS, ids=NAMES)
def test_points_follow_from_outcomes(folder, points):
    expected = builder.read_expected(folder)
    assert set(expected.checks) <= set(points)
    assert set(expected.checks.values()) <= {"FAIL", "SKIPPED"}
    assert expected.points == sum(points.values()) - sum(points[name] for name in expected.checks)
    assert expected.why
    assert "\n" not in expected.why


def test_every_check_is_failed_by_a_wrong_one_that_gets_something_else_right(points):
    failed = set()
    for folder in FOLDERS:
        expected = builder.read_expected(folder)
        if folder.name.startswith("wrong_") and expected.points > 0:
            failed |= {name for name, outcome in expected.checks.items() if outcome == "FAIL"}
    assert failed == set(points)


def test_every_check_is_passed_by_every_right_one():
    right = [folder for folder in FOLDERS if folder.name.startswith("right_") or folder.name == "reference"]
    assert len(right) >= 4
    assert [folder.name for folder in right if builder.read_expected(folder).checks] == []


def test_there_are_enough_of_each_kind():
    kinds = [name.split("_")[0] for name in NAMES]
    assert {"reference", "blank"} <= set(kinds)
    assert kinds.count("right") >= 3
    assert kinds.count("wrong") >= 14
    assert kinds.count("hostile") >= 12


@pytest.mark.parametrize("folder", FOLDERS, ids=NAMES)
def test_the_notebook_differs_from_the_reference_only_where_it_says(folder, source_notebook):
    data, files = builder.build_submission(folder, source_notebook)
    again, _ = builder.build_submission(folder, source_notebook)
    assert data == again
    nbformat.validate(nbformat.reads(data.decode(), as_version=4))
    assert "BEGIN SOLUTION" not in data.decode()
    assert "BEGIN HIDDEN" not in data.decode()
    if folder.name != "hostile_modules_beside_the_notebook":
        assert files == {}


def test_blank_is_the_release(project_root, source_notebook):
    data, _ = builder.build_submission(builder.SUBMISSIONS / SLUG / "blank", source_notebook)
    blank = nbformat.reads(data.decode(), as_version=4)
    release = nbformat.read(project_root / "release" / "transfer_learning" / f"{SLUG}.ipynb", as_version=4)
    assert [cell.source for cell in blank.cells] == [cell.source for cell in release.cells]


def test_the_check_page_judges_the_notebooks_own_test_images(source_notebook):
    page = importlib.import_module(PAGES[-1])
    count, seed = page.TEST_PER_CLASS, page.TEST_SEED
    given = f'load_images("sketches", "test", classes=("house", "car"), per_class={count}, seed={seed})'
    cells = nbformat.reads(source_notebook.decode(), as_version=4).cells
    assert any(given in cell.source for cell in cells if cell.metadata.get("nbgrader", {}).get("locked"))
    assert page.PAIR == ("house", "car")
