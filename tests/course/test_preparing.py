"""A submission laid over the instructor's notebook: whatever was done to the cells, the judged ones are there."""

import json

import pytest
import sample_course
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell

from autograder.course.exercise import Exercise, grade_id_of
from autograder.course.matching import STUBS
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


def copied(text, place, **marks):
    """A submission in which the cell `double` is there once more, with another text."""
    submitted = sample_course.submission("def double(number):\n    return 2 * number")
    copy = new_code_cell(text, id="copy", metadata=sample_course.mark("double", solution=True))
    submitted.cells.insert(place, copy)
    return submitted


@pytest.mark.parametrize(
    ("text", "place", "counts", "note"),
    [
        ("def double(n): return 3", 3, "def double(n): return 3", "the last one counts, because it runs last."),
        ("def double(n): return 3", 2, "def double(number):", "the last one counts, because it runs last."),
        ("def double(number):\n    return 2 * number", 3, "def double(number):", "it counts once."),
        (
            "def double(n): return 3",
            7,
            "def double(number):",
            "the last one above 'check_double' counts, as what stands below runs after it was judged.",
        ),
    ],
)
def test_of_two_copies_the_one_that_runs_last_counts(exercise, text, place, counts, note):
    result = prepared(exercise, copied(text, place))
    answer = next(cell for cell in result.notebook.cells if grade_id_of(cell) == "double")
    assert answer.source.startswith(counts)
    assert [cell.source for cell in result.notebook.cells].count(text) >= 1, "the other still runs"
    assert result.notes == (f"The cell 'double' was there twice; {note}",)


def test_a_copied_judged_cell_runs_as_the_student_has_seen_it(exercise):
    """nbgrader puts the guard into both: its error in the copy would be named as a cell to put right."""
    submitted = sample_course.submission()
    place = index_of(submitted, "check_double")
    judged = exercise.cells["check_double"].source
    copy = new_code_cell(judged, metadata=sample_course.mark("check_double", grade=True, locked=True, points=2))
    submitted.cells.insert(place, copy)
    result = prepared(exercise, submitted)
    code = [cell.source for cell in result.notebook.cells if cell.source.startswith("assert double(1) == 2")]
    assert sorted(code) == ["assert double(1) == 2", judged]
    assert judged == result.notebook.cells[result.judged["check_double"]].source


def test_an_untouched_copy_undoes_nothing(exercise):
    stub = f"def double(number):\n    {STUBS[0]}"
    result = prepared(exercise, copied(stub, 3))
    assert [cell.source for cell in result.notebook.cells if cell.cell_type == "code"].count(stub) == 0
    assert [cell.cell_type for cell in result.notebook.cells if cell.source == stub] == ["raw"]


@pytest.mark.parametrize("place", [1, 3, 6])
def test_a_function_in_a_cell_of_ones_own_counts_beside_its_untouched_stub(exercise, place):
    submitted = sample_course.submission(f"def double(number):\n    {STUBS[0]}")
    submitted.cells.insert(place, new_code_cell("import math\ndef double(number):\n    return 2 * number"))
    result = prepared(exercise, submitted)
    code = [cell.source for cell in result.notebook.cells if cell.cell_type == "code"]
    defining = [number for number, text in enumerate(code) if "def double" in text]
    assert [code[number].startswith("import math") for number in defining] == [True]
    assert defining[0] < code.index(exercise.cells["check_double"].source)


def test_an_answer_written_into_the_locked_cell_is_not_lost(exercise):
    submitted = sample_course.submission(f"def double(number):\n    {STUBS[0]}")
    check = submitted.cells[index_of(submitted, "check_double")]
    check.source = f"def double(number):\n    return 2 * number\nhelp(double)\n{check.source}\nx = 1"
    result = prepared(exercise, submitted)
    texts = [cell.source for cell in result.notebook.cells if cell.cell_type == "code"]
    own = next(number for number, text in enumerate(texts) if "help(double)" in text)
    assert texts[own + 1] == exercise.cells["check_double"].source or "return 2" in texts[own]


@pytest.mark.parametrize("lost", ["ids", "marks", "marks and ids", "every second mark", "marks and the checks"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_cells_without_marks_are_recognised(exercise, lost, ends):
    submitted = sample_course.submission()
    for number, cell in enumerate(submitted.cells):
        cell.source = cell.source.replace("\n", ends)
        if lost in ("ids", "marks and ids"):
            cell.id = f"{number:08d}"
        if lost.startswith("marks") or (lost.startswith("every") and number % 2):
            cell.metadata = {}
    if lost == "marks and the checks":
        submitted.cells = [cell for cell in submitted.cells if not cell.id.startswith("check")]
    result = prepared(exercise, submitted)
    assert ids(result) == [None, "setup", "double", "check_double", "answer", "check_answer", "why"]
    assert not result.doubt
    assert not result.doubted
    assert bool(result.notes) == (lost != "ids")


def test_an_answer_that_is_not_found_is_left_to_a_person(exercise):
    submitted = sample_course.submission()
    del submitted.cells[index_of(submitted, "answer")]
    for number, cell in enumerate(submitted.cells):
        cell.metadata, cell.id = {}, f"{number:08d}"
    submitted.cells[2].source = "twice = lambda number: 2 * number"
    submitted.cells.insert(4, new_code_cell("x = 1"))
    submitted.cells.insert(4, new_code_cell("y = 1"))
    assert prepared(exercise, submitted).doubted == {"check_answer"}


def test_a_function_that_jupytext_cut_in_two_is_put_together(exercise):
    submitted = sample_course.submission("def double(number):\n    n = number")
    submitted.cells.insert(3, new_code_cell("    return 2 * n\n"))
    result = prepared(exercise, submitted)
    assert result.notebook.cells[2].source == "def double(number):\n    n = number\n    return 2 * n\n"
    assert result.notes == ("The cell 'double' had been cut in two inside a function; it was put together.",)


def test_an_answer_run_together_with_its_check_is_taken_apart(exercise):
    submitted = sample_course.submission("def double(number):\n    return 2 * number")
    lines = "assert double(1) == 2\nprint('fine')"
    exercise = Exercise.from_source(
        exercise.name,
        exercise.source.replace(b"assert double(1) == 2", json.dumps(lines)[1:-1].encode()),
        exercise.page,
    )
    submitted.cells[2].source += f"\n{lines}"
    del submitted.cells[3]
    result = prepared(exercise, submitted)
    assert result.notebook.cells[2].source == "def double(number):\n    return 2 * number"
    assert result.judged["check_double"] == 3


OWN_WORDS = "I doubled it because the task asked for twice the number."


@pytest.mark.parametrize("stub", [None, "", "*Write your answer here.*"])
@pytest.mark.parametrize("kind", [new_markdown_cell, new_raw_cell])
@pytest.mark.parametrize("place", [5, 6, 7])
def test_a_written_answer_in_a_cell_of_ones_own_is_shown_where_it_is_graded(exercise, stub, kind, place):
    submitted = sample_course.submission(written=stub or "")
    if stub is None:
        submitted.cells.pop()
    submitted.cells.insert(place, kind(OWN_WORDS))
    result = prepared(exercise, submitted)
    written = [cell.source for cell in result.notebook.cells if grade_id_of(cell) == "why"]
    assert len(written) == 1
    assert OWN_WORDS in written[0]


@pytest.mark.parametrize(
    ("cell", "is_shown"),
    [
        (new_markdown_cell("# Doubling"), False),
        (new_markdown_cell("# My headline"), False),
        (new_markdown_cell("因为题目要求把数字乘以二，所以我用了乘法。"), True),
        (new_code_cell('"""' + " ".join(["word"] * 12) + '"""'), True),
        (new_code_cell("# " + " ".join(["word"] * 12)), True),
        (new_code_cell("x = 1  # " + " ".join(["word"] * 12)), False),
        (new_code_cell(" ".join(["word"] * 12)), True),
        (new_code_cell(f"It's because 2 * 2 = 4 (in `answer`): {OWN_WORDS}"), True),
        (new_code_cell(f"%%markdown\n{OWN_WORDS}"), True),
        (new_code_cell("!pip install some package that nobody has here --quiet --upgrade"), False),
        (new_code_cell("%%time\nresult = model.fit(images, labels, epochs, batch, verbose, callbacks, seed)"), False),
        (new_code_cell("for row in range(10) print(images[row], labels[row], names[labels[row]], row)"), False),
        (new_code_cell(f"for row in range(10) print(row)  \n# {OWN_WORDS}"), True),
    ],
)
def test_what_may_be_an_answer(exercise, cell, is_shown):
    submitted = sample_course.submission(written="")
    submitted.cells.insert(6, cell)
    result = prepared(exercise, submitted)
    written = next(cell.source for cell in result.notebook.cells if grade_id_of(cell) == "why")
    assert bool(written) == is_shown


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
