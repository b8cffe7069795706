"""Whatever bytes are handed in: a clean notebook, or one sentence."""

import json
import os

import pytest
import sample_course
from hypothesis import given
from hypothesis import strategies as st

from autograder.course.errors import UnusableNotebook
from autograder.course.exercise import grade_id_of
from autograder.course.reading import MAX_CELLS, read_notebook, read_notebook_file


def notebook(cells, **keys):
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells, **keys}).encode()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The notebook file is empty; save the notebook in Jupyter and hand it in again."),
        (b" \n", "The notebook file is empty"),
        (b"print('hello')", r"not valid JSON \(line 1, column 1\), so it is no notebook; open it in Jupyter, save it"),
        (b'{"cells": [', r"not valid JSON \(line 1, column 12\)"),
        ("é".encode("latin-1"), "The file is not UTF-8 text, so it is no notebook"),
        ("{}".encode("utf-16"), "The file is not UTF-8 text"),
        (b"[1, 2]", r"no Jupyter notebook \(it has no list of cells\)"),
        (b'{"cells": {"a": 1}}', "it has no list of cells"),
        (b'{"cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply, or holds absurd numbers"),
        (b'{"cells": [], "nbformat": ' + b"9" * 5_000 + b"}", "nested too deeply, or holds absurd numbers"),
        (notebook([], nbformat=5), "written in nbformat 5; save it as nbformat 4"),
        (notebook([], nbformat="four"), "names no known format version"),
        (notebook([], nbformat=True), "names no known format version"),
        (b'{"nbformat": 3, "worksheets": 7}', "old format could not be converted"),
        (notebook([{}] * (MAX_CELLS + 1)), "has 2,001 cells, but 2,000 are allowed; delete some"),
        (b" " * (101 * 2**20), "is 101 MiB, more than the 100 MiB allowed; clear its outputs"),
        (b"[{}," * 4_000_001, "holds more than 8,000,000 lists and objects; clear its outputs"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_unusable_bytes_get_one_sentence(data, sentence):
    with pytest.raises(UnusableNotebook, match=sentence) as caught:
        read_notebook(data)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_a_huge_file_is_refused_by_its_size_without_being_read(tmp_path):
    path = tmp_path / "huge.ipynb"
    with path.open("wb") as stream:
        stream.truncate(200 * 2**20)
    with pytest.raises(UnusableNotebook, match="The notebook is 200 MiB, more than the 100 MiB allowed"):
        read_notebook_file(path)


@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "missing"])
def test_what_is_no_file_is_refused(tmp_path, kind):
    path = tmp_path / "work.ipynb"
    if kind == "link":
        path.symlink_to("/etc/passwd")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    sentence = "There is no file" if kind == "missing" else "is a link, folder or device, not a file"
    with pytest.raises(UnusableNotebook, match=sentence):
        read_notebook_file(path)


def test_an_old_format_is_upgraded():
    cell = {"cell_type": "code", "input": "x = 1", "outputs": [], "language": "python", "metadata": {}}
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": [cell], "metadata": {}}]}
    read = read_notebook(json.dumps(old).encode())
    assert [(cell.cell_type, cell.source) for cell in read.cells] == [("code", "x = 1")]


def test_only_what_grading_needs_is_kept():
    marks = {"grade_id": "task", "grade": True, "points": 1e300, "checksum": "0", "surprise": {"a": []}}
    cell = {
        "cell_type": "code",
        "source": ["x = 1\n", "y = 2"],
        "metadata": {"tags": ["skip-execution"], "nbgrader": marks, "deep": {"er": {}}},
        "outputs": [{"output_type": "stream", "name": "stdout", "text": "a" * 1_000_000}],
        "execution_count": 7,
    }
    (read,) = read_notebook(notebook([cell], metadata={"kernelspec": {"name": "evil"}})).cells
    assert read.source == "x = 1\ny = 2"
    assert read.outputs == []
    assert read.execution_count is None
    assert dict(read.metadata) == {
        "nbgrader": {"grade_id": "task", "grade": True, "solution": False, "locked": False, "task": False}
    }


def test_half_a_surrogate_pair_can_be_written_again():
    (read,) = read_notebook(b'{"cells": [{"cell_type": "code", "source": "a = \'\\ud83d\'"}]}').cells
    read.source.encode("utf-8")
    assert "�" in read.source


def test_attached_pictures_stay_and_other_attachments_go():
    attachments = {"a.png": {"image/png": "AAAA", "text/html": "<script>"}, "b": 3}
    (read,) = read_notebook(notebook([{"cell_type": "markdown", "source": "", "attachments": attachments}])).cells
    assert read.attachments == {"a.png": {"image/png": "AAAA"}}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_MARKS = st.fixed_dictionaries({}, optional=dict.fromkeys(("grade_id", "grade", "solution", "locked"), _JSON))
_METADATA = st.fixed_dictionaries({}, optional={"nbgrader": _MARKS | _JSON, "tags": _JSON})
_KEYS = {"cell_type": st.sampled_from(["code", "markdown", "raw"]) | _JSON, "source": st.text() | _JSON}
_CELLS = st.fixed_dictionaries({}, optional={**_KEYS, "metadata": _METADATA | _JSON, "attachments": _JSON, "id": _JSON})


@given(
    cells=st.lists(_CELLS | _JSON, max_size=4), keys=st.dictionaries(st.sampled_from(["nbformat", "metadata"]), _JSON)
)
def test_any_json_gives_a_notebook_or_a_sentence(cells, keys):
    try:
        read = read_notebook(json.dumps({"cells": cells, **keys}).encode())
    except UnusableNotebook:
        return
    for cell in read.cells:
        assert cell.cell_type in ("code", "markdown", "raw")
        assert isinstance(cell.source, str)
        assert set(cell.metadata) <= {"nbgrader"}
        grade_id_of(cell)


def test_the_released_notebook_is_read(root):
    data = (root / "release" / sample_course.ASSIGNMENT / f"{sample_course.SLUG}.ipynb").read_bytes()
    ids = [grade_id_of(cell) for cell in read_notebook(data).cells]
    assert ids == [None, "setup", "double", "check_double", "answer", "check_answer", "why"]
