"""From text to notebook."""

import json

import jupytext
import nbformat
import pytest

from autograder.build.layout import find_units
from autograder.build.notebooks import notebook_from_text, to_bytes
from tests.build.conftest import TEXT


@pytest.fixture(scope="module")
def notebook():
    return notebook_from_text(TEXT, "exercise_9_total")


def test_a_cell_is_named_by_its_grade_id_or_by_its_place(notebook):
    names = ["exercise_9_total-00", "total", "exercise_9_total-02", "check_total", "why"]
    assert [cell.id for cell in notebook.cells] == names


def test_the_same_text_gives_the_same_bytes(notebook):
    assert to_bytes(notebook) == to_bytes(notebook_from_text(TEXT, "exercise_9_total"))


def test_the_notebook_is_valid_and_says_nothing_about_tools(notebook):
    content = json.loads(to_bytes(notebook))

    nbformat.validate(content)
    assert content["metadata"] == {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    assert {key for cell in content["cells"] for key in cell["metadata"]} == {"nbgrader"}
    assert not any(cell.get("outputs") for cell in content["cells"])


def test_blank_lines_between_cells_leave_no_trace():
    loose = TEXT.replace("\n\n# %%", "\n\n\n\n# %%")
    assert to_bytes(notebook_from_text(loose, "x")) == to_bytes(notebook_from_text(TEXT, "x"))


def test_texts_of_this_project_survive_the_way_through_a_notebook(project_root):
    for unit in find_units(project_root):
        notebook = notebook_from_text((project_root / unit.text).read_text(), unit.slug)
        text = jupytext.writes(notebook, fmt="py:percent")
        assert to_bytes(notebook_from_text(text, unit.slug)) == to_bytes(notebook)
