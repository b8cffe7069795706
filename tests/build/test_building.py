"""What the build writes, leaves alone, removes and refuses."""

import os
from pathlib import Path

import nbformat
import pytest

from autograder.build import BuildError, build, check

TEXT = Path("source/exercise_9_total.py")
NOTEBOOK = Path("source/transfer_learning/exercise_9_total.ipynb")
RELEASE = Path("release/transfer_learning/exercise_9_total.ipynb")


def edit(path, old, new):
    content = path.read_text()
    assert old in content
    path.write_text(content.replace(old, new))


def make_newer(newer, older):
    """Set the times of two files a minute apart."""
    os.utime(older, (1_000_000, 1_000_000))
    os.utime(newer, (1_000_060, 1_000_060))


def test_writes_notebook_and_release_once(course):
    assert check(course) == [RELEASE, NOTEBOOK]
    assert build(course) == [RELEASE, NOTEBOOK]
    assert build(course) == []
    assert check(course) == []


def test_checking_changes_nothing(course):
    check(course)
    assert not (course / NOTEBOOK).exists()
    assert not (course / RELEASE).exists()


def test_leaves_the_working_folder_and_the_course_as_they_were(course, monkeypatch, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(elsewhere)
    build(course)
    assert Path.cwd() == elsewhere
    files = {path.relative_to(course) for path in course.rglob("*") if path.is_file()}
    assert files == {TEXT, NOTEBOOK, RELEASE, Path("nbgrader_config.py")}


def test_a_stub_stands_where_the_solution_stood(course):
    build(course)
    stub = nbformat.read(course / RELEASE, as_version=4).cells[1].source
    assert stub.endswith('    """\n    raise NotImplementedError("Write your answer here, then delete this line.")')


@pytest.mark.parametrize("stale", [NOTEBOOK, RELEASE])
def test_an_edited_product_is_out_of_date(course, stale):
    build(course)
    edit(course / stale, "Add up", "Add down")
    assert check(course) == [stale]


def test_what_is_too_many_in_the_release_is_found_and_removed(course):
    build(course)
    stray = course / RELEASE.parent / "answers.txt"
    stray.write_text("return sum(numbers)")
    assert check(course) == build(course) == [RELEASE.parent / "answers.txt"]
    assert not stray.exists()


def test_refuses_to_overwrite_edits_made_in_jupyter(course):
    build(course)
    edit(course / NOTEBOOK, "adds all numbers", "adds up all numbers")
    make_newer(course / NOTEBOOK, course / TEXT)
    with pytest.raises(BuildError, match=r"was edited after its text .*jupytext --sync source/transfer_learning"):
        build(course)
    assert build(course, force=True) == [NOTEBOOK]


def test_outputs_left_by_jupyter_are_no_edits(course):
    build(course)
    notebook = nbformat.read(course / NOTEBOOK, as_version=4)
    notebook.cells[2].outputs = [nbformat.v4.new_output("stream", text="6")]
    nbformat.write(notebook, course / NOTEBOOK)
    make_newer(course / NOTEBOOK, course / TEXT)
    assert build(course) == [NOTEBOOK]


def test_a_newer_text_wins_over_its_notebook(course):
    build(course)
    edit(course / TEXT, "adds all numbers", "adds up all numbers")
    make_newer(course / TEXT, course / NOTEBOOK)
    assert build(course) == [RELEASE, NOTEBOOK]


def test_refuses_a_notebook_without_a_text(course):
    build(course)
    (course / NOTEBOOK).rename(course / NOTEBOOK.with_name("exercise_8_lost.ipynb"))
    with pytest.raises(BuildError, match=r"exercise_8_lost.ipynb has no text source/exercise_8_lost.py"):
        build(course)


def test_refuses_a_text_that_belongs_to_no_assignment(course):
    (course / TEXT).rename(course / "source" / "task_9_total.py")
    with pytest.raises(BuildError, match=r"source/task_9_total.py belongs to no assignment"):
        build(course)


def test_refuses_to_hand_out_a_file_nobody_named(course):
    build(course)
    (course / "source/transfer_learning/expected.csv").write_text("6")
    with pytest.raises(BuildError, match=r"holds expected.csv, which nbgrader would hand out"):
        build(course)


def test_reports_what_nbgrader_says(course):
    edit(course / TEXT, '"points": 2, ', "")
    with pytest.raises(BuildError, match=r"(?s)nbgrader could not make the release of transfer_learning.*points"):
        build(course)
