"""Which images an exercise draws is read off the instructor's notebook, so that one process draws them for all."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.course.course import Course
from autograder.course.image_draws import image_draws
from tests.course.conftest import PROJECT
from transferlab import load_images
from transferlab.course import course_data


def drawn(*sources, source="sketches", make=new_code_cell):
    cells = [make(text) for text in sources]
    return list(image_draws(nbformat.writes(new_notebook(cells=cells)).encode(), source))


def test_constants_and_the_data_of_the_course_are_understood():
    code = """
train = transferlab.load_images(DATA_SOURCE, "train", classes=COURSE.pair, per_class=200, seed=21)
def later():
    return transferlab.load_images(seed=3).images
"""
    pair = course_data("cifar10").pair
    assert drawn(code, source="cifar10") == [
        ("cifar10", "train", pair, 200, 21),
        ("sketches", "train", None, 100, 3),
    ]


@pytest.mark.parametrize(
    "code",
    [
        "transferlab.load_images(DATA_SOURCE, classes=own_pair)",
        "transferlab.load_images(DATA_SOURCE, seed=1 + 1)",
        "transferlab.load_images(DATA_SOURCE, **options)",
        "transferlab.load_images(*options)",
        "transferlab.load_images(DATA_SOURCE, sed=1)",
        "transferlab.load_images(DATA_SOURCE, classes=COURSE.triple)",
        "load_images(DATA_SOURCE)",
        "%time transferlab.load_images(DATA_SOURCE)",
        "transferlab.load_images(",
        'transferlab.load_images(DATA_SOURCE, "hidden", seed=1)',
        "### BEGIN HIDDEN TESTS\ntransferlab.load_images(DATA_SOURCE, seed=1)\n### END HIDDEN TESTS",
    ],
)
def test_anything_else_is_passed_over(code):
    assert drawn(code, "transferlab.load_images(DATA_SOURCE, seed=5)") == [("sketches", "train", None, 100, 5)]


def test_a_solution_does_not_show_in_what_is_drawn():
    marks = {"grade_id": "a", "solution": True, "grade": False, "locked": False, "task": False, "schema_version": 3}

    def solution(text):
        return new_code_cell(text, metadata={"nbgrader": marks})

    assert drawn("transferlab.load_images(DATA_SOURCE, seed=5)", make=solution) == []


def test_text_between_the_cells_draws_nothing():
    assert drawn("transferlab.load_images()", make=new_markdown_cell) == []


@pytest.mark.parametrize(
    ("exercise", "seeds"),
    [
        ("exercise_1_two_classes", [11, 21, 22, 23]),
        ("exercise_2_freezing_strategies", [41, 42, 44]),
        ("exercise_3_comparing_models", [101, 102, 103]),
    ],
)
def test_the_images_of_the_course_are_found_and_can_be_drawn(exercise, seeds):
    found = image_draws(Course.load(PROJECT).exercises[exercise].source, "sketches")
    assert [draw[-1] for draw in found] == seeds
    for source, split, classes, per_class, seed in found:
        assert len(load_images(source, split, classes=classes, per_class=per_class, seed=seed).images) >= per_class
