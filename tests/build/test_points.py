"""Points stand in the checks; the build reads them there and writes them into the notebooks."""

import pytest

from autograder.build import BuildError, instructor_notebook
from autograder.build.points import points_of

PAGE = '''
"""Checks."""
CELL, OTHER = "check_total", "check_mean"
HALF = 0.5


@check(CELL, points=1.5, hint="look")
def total_is_right(submission):
    """It is right."""


@check(cell=CELL, points=HALF)
@settings(max_examples=3)
def total_is_right_again(submission):
    """It is right again."""


@check(OTHER, points=3)
def mean_is_right(submission):
    """It is right."""


def helper():
    pass
'''
OF_TOTAL = PAGE.partition("@check(OTHER")[0]
"""Of the course's only judged cell."""


def page(folder, text=PAGE):
    place = folder / "autograder" / "checks" / "exercise_9_total"
    place.mkdir(parents=True, exist_ok=True)
    (place / "total.py").write_text(text)
    return place


def test_points_of_a_cell_are_those_of_its_checks(tmp_path):
    assert points_of(page(tmp_path)) == {"check_total": 2.0, "check_mean": 3.0}


def test_the_build_writes_them_into_the_notebook(course):
    page(course, OF_TOTAL)
    text = course / "source" / "exercise_9_total.py"
    text.write_text(text.read_text().replace('"points": 2, ', ""))

    notebook = instructor_notebook(course, "exercise_9_total")

    assert [cell.metadata.nbgrader.points for cell in notebook.cells if cell.id == "check_total"] == [2]


def test_a_text_that_says_something_else_is_refused(course):
    page(course, OF_TOTAL.replace("points=1.5", "points=2.5"))

    with pytest.raises(BuildError, match=r"cell check_total says 2 points, its checks give 3; leave them out"):
        instructor_notebook(course, "exercise_9_total")


@pytest.mark.parametrize("points", ["points=worth()", "points=True", "hint='none'"])
def test_points_that_cannot_be_read_are_refused_with_the_line(tmp_path, points):
    with pytest.raises(BuildError, match=r"total.py, line 18: write the check as @check"):
        points_of(page(tmp_path, PAGE.replace("points=3", points)))


def test_a_page_that_is_no_python_is_refused_with_the_line(tmp_path):
    with pytest.raises(BuildError, match=r"total.py, line 2: .*; no check of this page can be read"):
        points_of(page(tmp_path, "x = 1\ndef ("))


def test_a_check_of_a_cell_that_is_not_there_stops_the_build_with_the_nearest(course):
    page(course, PAGE.replace('"check_mean"', '"chek_total"'))

    with pytest.raises(BuildError, match=r"has no judged cell 'chek_total', .*; did you mean 'check_total'\?"):
        instructor_notebook(course, "exercise_9_total")


def test_a_judged_cell_without_a_check_stops_the_build(course):
    page(course, OF_TOTAL)
    text = course / "source" / "exercise_9_total.py"
    judged = next(part for part in text.read_text().split("# %%") if '"check_total"' in part)
    text.write_text(text.read_text() + "\n# %%" + judged.replace("check_total", "check_mean"))

    with pytest.raises(BuildError, match="no check judges the cell check_mean; write one, or give the cell no points"):
        instructor_notebook(course, "exercise_9_total")


def test_a_decorator_called_through_its_module_counts(tmp_path):
    assert points_of(page(tmp_path, PAGE.replace("@check(OTHER", "@checking.check(OTHER")))["check_mean"] == 3.0
