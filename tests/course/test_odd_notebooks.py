"""A class that hands in odd files: each gets its sentence, and everybody else is graded."""

import copy
import json
import shutil
from pathlib import Path

import pytest
import sample_course

from autograder.classes.classrun import ClassRun
from autograder.course.course import Course

HOMEWORK = sample_course.ASSIGNMENT
FULL = 6


def changed(change):
    """A right submission as JSON, changed."""
    notebook = json.loads(json.dumps(sample_course.submission()))
    return change(notebook) or notebook


def without_kernelspec(notebook):
    del notebook["metadata"]["kernelspec"]


def without_metadata(notebook):
    del notebook["metadata"], notebook["nbformat_minor"]


def format_3(notebook):
    cells = []
    for cell in notebook["cells"]:
        old = {"cell_type": cell["cell_type"], "metadata": cell["metadata"]}
        if cell["cell_type"] == "code":
            old |= {"input": cell["source"], "language": "python", "outputs": [], "collapsed": False}
        else:
            old["source"] = cell["source"]
        cells.append(old)
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [{"cells": cells}]}


def from_colab(notebook):
    """As Colab saves: no cell ids, ids of its own in the metadata, and how each cell ran."""
    notebook["nbformat_minor"] = 0
    notebook["metadata"] |= {"colab": {"provenance": [], "toc_visible": True}, "accelerator": "GPU"}
    for number, cell in enumerate(notebook["cells"]):
        del cell["id"]
        cell["metadata"]["id"] = f"xY{number}"
        cell["metadata"] |= {
            "executionInfo": {"status": "ok", "user": {"displayName": "Å"}},
            "colab": {"base_uri": "x"},
        }
        cell["source"] = cell["source"].splitlines(keepends=True)


def from_vs_code(notebook):
    """As VS Code saves: new cell ids, the language of each cell, and its own language_info."""
    notebook["metadata"]["language_info"] |= {"version": "3.13.1", "codemirror_mode": {"name": "ipython", "version": 3}}
    for number, cell in enumerate(notebook["cells"]):
        cell["id"] = f"{number:08x}"
        cell["metadata"]["vscode"] = {"languageId": "python"}


def with_large_output(notebook):
    text = [{"output_type": "stream", "name": "stdout", "text": "[0.1, 0.2]\n" * 5_000_000}]
    notebook["cells"][2]["outputs"] = text


def cells_missing(notebook):
    notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] not in {"setup", "check_double"}]


def doubled(notebook):
    notebook["cells"].insert(3, copy.deepcopy(notebook["cells"][2]))
    notebook["cells"][3]["source"] = "wrong = 1"


def of_another_assignment(notebook):
    for number, cell in enumerate(notebook["cells"]):
        cell["id"], cell["source"] = f"other-{number}", f"other = {number}"
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"]["grade_id"] = "other_" + cell["metadata"]["nbgrader"]["grade_id"]


def without_marks(notebook):
    for cell in notebook["cells"]:
        cell["metadata"] = {}
        del cell["id"]


def nothing_of_it(notebook):
    of_another_assignment(notebook)
    without_marks(notebook)


def with_non_ascii_code(notebook):
    notebook["cells"][2]["source"] = "größe = 'naïve – 大きさ 🎈'\ndef double(n): return 2 * n  # right"


NONE_OF = "None of the cells of doubling are in this notebook: "
CLASS = {
    # student: (what is handed in, points, the sentence; empty if there is nothing to say)
    "no kernelspec": (lambda: changed(without_kernelspec), FULL, ""),
    "no metadata": (lambda: changed(without_metadata), FULL, ""),
    "nbformat 3": (lambda: changed(format_3), FULL, ""),
    "Colab": (lambda: changed(from_colab), FULL, ""),
    "VS Code": (lambda: changed(from_vs_code), FULL, ""),
    "Zoë Ørsted 大": (lambda: changed(with_non_ascii_code), FULL, ""),
    "a byte-order mark": (lambda: b"\xef\xbb\xbf" + json.dumps(sample_course.submission()).encode(), FULL, ""),
    "50 MB of output": (lambda: changed(with_large_output), FULL, ""),
    "cells missing": (lambda: changed(cells_missing), FULL, "The graded cell 'check_double' had been deleted"),
    "doubled": (
        lambda: changed(doubled),
        FULL,
        "The cell 'double' was there twice; the last one counts, because it runs last.",
    ),
    "another assignment": (
        lambda: changed(of_another_assignment),
        0,
        f"{NONE_OF}it holds cells of another one, such as 'other_setup'",
    ),
    "no marks": (
        lambda: changed(without_marks),
        FULL,
        "The marks that nbgrader gives its cells were missing at 6 cells",
    ),
    "nothing of it": (lambda: changed(nothing_of_it), 0, f"{NONE_OF}the marks nbgrader gives them are gone"),
    "no cells": (lambda: b'{"nbformat": 4, "metadata": {}, "cells": []}', 0, "The notebook for doubling is empty"),
    "not JSON": (lambda: b"def double(n): return 2 * n", 0, "The file is not valid JSON (line 1, column 1)"),
    "cut off": (lambda: json.dumps(sample_course.submission()).encode()[:-90], 0, "The file is not valid JSON"),
    "a PDF": (lambda: b"%PDF-1.7\n\xff\xd8", 0, "The file is not UTF-8 text, so it is no notebook"),
    "a web page": (lambda: b"<!DOCTYPE html><html></html>", 0, "The file is not valid JSON"),
    "empty": (lambda: b"", 0, "The notebook file is empty; save the notebook in Jupyter"),
    "plain": (sample_course.submission, FULL, ""),
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory, _released):
    """The class, graded once; a fake engine answers, so that only reading and writing are tried."""
    from autograder.grading import grader as grading

    root = Path(shutil.copytree(_released, tmp_path_factory.mktemp("odd") / "course"))
    for student, (make, *_) in CLASS.items():
        sample_course.hand_in(root, student, make())
    real = grading.start_engine
    course = Course.load(root)
    try:
        results = ClassRun(course, HOMEWORK, course.secret(), jobs=2).run()
    finally:
        grading.start_engine = real
    return root, {result.row.student: result for result in results}


@pytest.mark.parametrize("student", CLASS)
def test_everybody_is_graded_and_told_in_one_sentence(graded, student):
    result = graded[1][student]
    _, points, sentence = CLASS[student]
    assert result.problem == ""
    assert not result.row.is_absent
    assert result.row.points == points
    notes = [note for note in result.notes if note.startswith(sentence)]
    assert bool(notes) == bool(sentence) == bool(result.notes), result.notes
    assert all(note.endswith(".") and "\n" not in note for note in result.notes)


@pytest.mark.parametrize("student", [name for name, (_, points, _) in CLASS.items() if points == 0])
def test_the_sentence_stands_in_the_students_notebook(graded, student):
    page = (graded[0] / "autograded" / student / HOMEWORK / "doubling.ipynb").read_text()
    assert CLASS[student][2].replace("'", "&#39;")[:60] in page or CLASS[student][2][:60] in page


@pytest.mark.parametrize("student", ["another assignment", "nothing of it", "no cells"])
def test_nothing_to_grade_is_not_graded_but_waits_for_a_person(graded, student):
    row = graded[1][student].row
    assert row.undecided == ("check_answer", "check_double")
    assert row.to_grade == ("why",)


def test_nothing_of_a_large_output_is_kept(graded):
    path = graded[0] / "autograded" / "50 MB of output" / HOMEWORK / "doubling.ipynb"
    assert path.stat().st_size < 100_000
