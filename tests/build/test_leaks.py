"""That a leak of each kind is found. That there is none in this project: test_release_has_no_answers.py."""

import copy

import nbformat
import pytest

from autograder.build import BuildError, build
from autograder.build.leaks import leaks
from autograder.build.notebooks import notebook_from_text
from tests.build.conftest import TEXT

ANSWER = "return sum(number for number in numbers)"


@pytest.fixture
def notebooks(course):
    build(course)
    release = nbformat.read(course / "release/transfer_learning/exercise_9_total.ipynb", as_version=4)
    return notebook_from_text(TEXT, "exercise_9_total"), release


def append(cell, line):
    cell.source += f"\n{line}"


def test_finds_nothing_in_what_nbgrader_made(notebooks):
    assert leaks(*notebooks) == []


@pytest.mark.parametrize(
    ("cell", "line", "finding"),
    [
        (0, f"Try `{ANSWER}`.", "a line of the answer in cell total"),
        (2, f"# {ANSWER}", "a line of the answer in cell total"),
        (2, ANSWER.replace(" for", "\\\n    for"), "a line of the answer in cell total"),
        (0, "Adding is repeated counting, and counting never ends.", "a line of the answer in cell why"),
        (3, 'if os.environ.get("NBGRADER_EXECUTION") == "autograde":', "a line of the answer in cell check_total"),
        (2, "    ### BEGIN SOLUTION", "a line like a marker"),
        (2, "#### Begin hiden test", "a line like a marker"),
        (2, "# my solution: see above", "a line like a marker"),
    ],
)
def test_finds_a_line_that_should_not_be_there(notebooks, cell, line, finding):
    source, release = notebooks
    append(release.cells[cell], line)
    assert any(finding in sentence for sentence in leaks(source, release)), leaks(source, release)


def test_finds_an_answer_in_metadata(notebooks):
    source, release = notebooks
    release.metadata["note"] = {"deep": [ANSWER]}
    assert leaks(source, release)


def test_finds_outputs_and_execution_counts(notebooks):
    source, release = notebooks
    ran, printed = copy.deepcopy(release), copy.deepcopy(release)
    ran.cells[2].execution_count = 3
    printed.cells[2].outputs = [nbformat.v4.new_output("stream", text="6")]
    assert leaks(source, ran) == leaks(source, printed) != []


def test_finds_a_stub_that_does_not_raise(notebooks):
    source, release = notebooks
    stub = release.cells[1]
    stub.source = stub.source.replace("raise NotImplementedError", "print")
    assert leaks(source, release) == ["cell total of the release raises NotImplementedError 0 times, 1 expected"]


def test_the_build_refuses_to_write_a_leak(course):
    text = course / "source/exercise_9_total.py"
    text.write_text(text.read_text().replace("# Write a function", f"# Hint: `{ANSWER}`. Write a function"))
    with pytest.raises(BuildError, match="a line of the answer in cell total stands in the release"):
        build(course)
    assert not (course / "release").exists()
