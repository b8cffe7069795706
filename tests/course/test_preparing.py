"""A submission laid over the instructor's notebook: whatever was done to the cells, the judged ones are there."""

import json

import pytest
import sample_course
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder.course.exercise import Exercise, grade_id_of
from autograder.course.notebooks import prepare, read_notebook

JUDGED = ["check_double", "check_answer"]


@pytest.fixture(scope="module")
def exercise(tmp_path_factory):
    page = tmp_path_factory.mktemp("pages") / "doubling.py"
    return Exercise.from_source("doubling", json.dumps(sample_course.source_notebook()).encode(), page)


def prepared(exercise, notebook):
    return prepare(read_notebook(json.dumps(notebook).encode()), exercise)


def ids(result):
    return [grade_id_of(cell) for cell in result.notebook.cells]


def index_of(notebook, name):
    return next(number for number, cell in enumerate(notebook.cells) if cell.id == name)


def test_an_honest_submission_needs_no_notes(exercise):
    result = prepared(exercise, sample_course.submission())
    assert result.notes == ()
    assert ids(result) == [None, "setup", "double", "check_double", "answer", "check_answer", "why"]
    assert result.judged == {"check_double": 3, "check_answer": 5}


def test_answers_stay_and_judged_cells_are_the_instructors(exercise):
    submitted = sample_course.submission("mine = 1", written="My answer.")
    cells = {grade_id_of(cell): cell for cell in prepared(exercise, submitted).notebook.cells}
    assert cells["double"].source == "mine = 1"
    assert cells["why"].source == "My answer."
    assert cells["check_double"].source == exercise.cells["check_double"].source
    assert "BEGIN SOLUTION" not in json.dumps(submitted)


def test_a_changed_judged_cell_is_put_back(exercise):
    submitted = sample_course.submission()
    submitted.cells[index_of(submitted, "check_double")].source = "pass"
    result = prepared(exercise, submitted)
    assert result.notes == ("The locked cell 'check_double' had been changed; it was put back as it was released.",)
    assert result.notebook.cells[3].source == exercise.cells["check_double"].source


@pytest.mark.parametrize("name", ["check_double", "check_answer"])
def test_a_deleted_judged_cell_comes_back_behind_its_predecessor(exercise, name):
    submitted = sample_course.submission()
    del submitted.cells[index_of(submitted, name)]
    result = prepared(exercise, submitted)
    assert ids(result) == [None, "setup", "double", "check_double", "answer", "check_answer", "why"]
    assert result.notes == (f"The graded cell '{name}' had been deleted; it was put back.",)


def test_a_notebook_without_any_of_its_cells_gets_the_judged_ones(exercise):
    result = prepared(exercise, {"cells": [], "nbformat": 4})
    assert ids(result) == ["setup", "check_double", "check_answer", "why"]
    assert result.notebook.cells[-1].source == "", (
        "the model answer is not handed to a student who deleted the question"
    )


@pytest.mark.parametrize("kind", ["markdown", "raw"])
@pytest.mark.parametrize("name", ["check_double", "double"])
def test_a_retyped_cell_is_code_again(exercise, name, kind):
    submitted = sample_course.submission()
    submitted.cells[index_of(submitted, name)].cell_type = kind
    result = prepared(exercise, submitted)
    assert result.notebook.cells[index_of(submitted, name)].cell_type == "code"
    assert result.notes == (f"The type of cell '{name}' had been changed to {kind}; it was put back.",)


def test_the_first_of_two_cells_with_one_id_counts(exercise):
    submitted = sample_course.submission()
    copy = new_code_cell("second = 2", id="copy", metadata=sample_course.mark("double", solution=True))
    submitted.cells.append(copy)
    result = prepared(exercise, submitted)
    assert ids(result).count("double") == 1
    assert ids(result)[-1] is None
    assert result.notebook.cells[-1].source == "second = 2", "it still runs, as a cell of the student's own"
    assert result.notes == ("The cell 'double' was there twice; the first one counts.",)


@pytest.mark.parametrize(("name", "place"), [("check_double", 0), ("check_double", 6), ("check_answer", 1)])
def test_a_moved_judged_cell_returns_behind_the_cells_it_belongs_to(exercise, name, place):
    submitted = sample_course.submission()
    submitted.cells.insert(place, submitted.cells.pop(index_of(submitted, name)))
    result = prepared(exercise, submitted)
    assert [found for found in ids(result) if found in JUDGED] == JUDGED
    assert result.judged["check_double"] > ids(result).index("double")
    assert f"The graded cell '{name}' had been moved; it was put back behind the cells it belongs to." in result.notes


def test_extra_cells_stay_where_they_are(exercise):
    submitted = sample_course.submission()
    submitted.cells.insert(3, new_code_cell("helper = 1"))
    submitted.cells.insert(0, new_markdown_cell("My notes"))
    sources = [cell.source for cell in prepared(exercise, submitted).notebook.cells]
    assert sources[0] == "My notes"
    assert sources[4] == "helper = 1"


def test_points_tags_ids_outputs_and_unknown_grade_ids_do_not_get_through(exercise):
    submitted = sample_course.submission()
    for number, cell in enumerate(submitted.cells):
        cell.metadata["tags"] = ["skip-execution"]
        cell.id = "same"
        if cell.cell_type == "code":
            cell.outputs = [{"output_type": "stream", "name": "stdout", "text": "5"}]
            cell.execution_count = number
    submitted.cells[3].metadata["nbgrader"]["points"] = 1_000_000
    submitted.cells.append(new_code_cell("1", metadata=sample_course.mark("made_up", grade=True, points=50)))
    result = prepared(exercise, submitted)
    assert all(set(cell.metadata) <= {"nbgrader"} for cell in result.notebook.cells)
    assert result.notebook.cells[3].metadata["nbgrader"]["points"] == 2
    assert len({cell.id for cell in result.notebook.cells}) == len(result.notebook.cells)
    assert all(cell.outputs == [] for cell in result.notebook.cells if cell.cell_type == "code")
    assert "made_up" not in ids(result)


@given(data=st.data())
def test_any_rearrangement_keeps_the_judged_cells_in_order_and_prepares_once(exercise, data):
    cells = sample_course.submission().cells
    extra = [new_code_cell(f"extra = {number}") for number in range(2)]
    chosen = data.draw(st.lists(st.sampled_from([*cells, *extra]), max_size=10))
    result = prepared(exercise, {"cells": chosen, "nbformat": 4})
    assert [found for found in ids(result) if found in JUDGED] == JUDGED
    assert all(ids(result)[place] == name for name, place in result.judged.items())
    own = [cell.source for cell in chosen if cell.source.startswith("extra")]
    assert [cell.source for cell in result.notebook.cells if cell.source.startswith("extra")] == own
    again = prepare(result.notebook, exercise)
    assert again.notes == ()
    assert again.notebook == result.notebook
