"""`python -m transferlab check`, on small notebooks that need no TensorFlow."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from transferlab.__main__ import main

new = nbformat.v4


def code(source: str, grade_id: str = "", *, grade: bool = False, solution: bool = False) -> nbformat.NotebookNode:
    cell = new.new_code_cell(source)
    if grade_id:
        marks = {
            "schema_version": 3,
            "grade_id": grade_id,
            "grade": grade,
            "solution": solution,
            "locked": not solution,
        }
        cell.metadata["nbgrader"] = marks
    return cell


def answer(source: str) -> nbformat.NotebookNode:
    cell = new.new_markdown_cell(source)
    cell.metadata["nbgrader"] = {"schema_version": 3, "grade_id": "why", "grade": True, "solution": True, "points": 1}
    return cell


def write(path: Path, *cells: nbformat.NotebookNode) -> Path:
    nbformat.write(new.new_notebook(cells=list(cells)), path)
    return path


def test_a_finished_notebook_is_good_to_submit_and_stays_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "picture.txt").write_text("beside the notebook")
    path = write(
        tmp_path / "done.ipynb",
        code("def double(a):\n    return 2 * a", "double", solution=True),
        code(
            "for a in (1, 2):\n    assert double(a) == 2 * a\nprint(open('picture.txt').read())", "checks", grade=True
        ),
        answer("Because it is twice as much."),
    )
    before = path.read_bytes()
    assert main(["check", str(path)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "Runs from top to bottom. Good to submit."
    assert path.read_bytes() == before


def test_what_is_wrong_is_listed_once_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    skipped = code("1 / 0")
    skipped.metadata["tags"] = ["skip-execution"]
    path = write(
        tmp_path / "half.ipynb",
        code("def double(a):\n    # YOUR CODE HERE\n    raise NotImplementedError", "double", solution=True),
        code("assert double(2) == 4", "double__checks", grade=True),
        code("def half(a):\n    return a / 0", "half", solution=True),
        code("rest = [half(a) for a in (1, 2)]\nbest_model.fit", "half__checks", grade=True),
        answer("YOUR ANSWER HERE"),
        answer("*Write your answer here.*"),
        skipped,
        code("half(2)", "half", solution=True),
    )
    assert main(["check", str(path)]) == 1
    heading, *rest = capsys.readouterr().out.splitlines()
    assert heading.startswith("half.ipynb: 6 code cells run in a fresh kernel, ")
    assert rest == [
        "",
        "Not answered yet",
        "  cell 1 (double)",
        "  cell 5 (why)",
        "  cell 6 (why)",
        "",
        "Waiting for an answer above",
        "  cell 2 (double__checks)",
        "",
        "Failed",
        "  cell 4 (half__checks): ZeroDivisionError: division by zero",
        "  cell 7: ZeroDivisionError: division by zero",
        "  cell 8 (half): ZeroDivisionError: division by zero",
        "",
        "Not defined",
        "  best_model, which cell 4 (half__checks) needs",
        "",
        "Have a look",
        "  the graded cell half is there 2 times; only the first one counts, delete the copies",
        "  the graded cell why is there 2 times; only the first one counts, delete the copies",
        "",
        "9 things to look at.",
    ]


def test_only_the_first_cause_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One syntax error is one thing to look at, however many cells need what it should have defined."""
    path = write(
        tmp_path / "slip.ipynb",
        code("import math\n\ndef double(a:\n    return 2 * a", "double", solution=True),
        code("assert double(2) == 4", "double__checks", grade=True),
        code("results, rest = [double(a) for a in (1, 2)], 3"),
        code("print(results)\nassert rest == 3", "results__checks", grade=True),
        code("# Leaves behind: table, best.\n# YOUR CODE HERE\nraise NotImplementedError", "table", solution=True),
        code("print(math.pi)"),
        code("assert len(table) == 3", "table__checks", grade=True),
        code("assert best in table", "best__checks", grade=True),
    )
    assert main(["check", str(path)]) == 1
    assert capsys.readouterr().out.splitlines()[2:] == [
        "Not answered yet",
        "  cell 5 (table)",
        "",
        "Waiting for an answer above",
        "  cell 2 (double__checks): double comes from cell 1 (double)",
        "  cell 3: double comes from cell 1 (double)",
        "  cell 4 (results__checks): results comes from cell 1 (double)",
        "  cell 6: math comes from cell 1 (double)",
        "  cell 7 (table__checks): table comes from cell 5 (table)",
        "  cell 8 (best__checks): best comes from cell 5 (table)",
        "",
        "Failed",
        "  cell 1 (double): SyntaxError: '(' was never closed (line 3)",
        "",
        "2 things to look at.",
    ]


def test_a_name_that_nobody_lost_is_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(
        tmp_path / "typo.ipynb", code("tabel = 3", "table", solution=True), code("print(table)", "c", grade=True)
    )
    assert main(["check", str(path)]) == 1
    printed = capsys.readouterr().out
    assert "cell 2 (c): NameError: name 'table' is not defined" in printed
    assert printed.splitlines()[-1] == "1 thing to look at."


def test_endless_loops_are_stopped_and_the_rest_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "loop.ipynb", code("while True: pass", "loop", solution=True), code("1 / 0"))
    assert main(["check", str(path), "--cell-seconds", "1"]) == 1
    printed = capsys.readouterr().out
    assert "cell 1 (loop): stopped, it took too long (an endless loop? --cell-seconds allows more)" in printed
    assert "cell 2: ZeroDivisionError" in printed


def test_a_dead_kernel_is_told_with_the_cell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "dead.ipynb", code("x = 1", "x", solution=True), code("import os; os._exit(1)"), code("x"))
    assert main(["check", str(path)]) == 1
    assert "cell 2: the kernel died here; the cells below did not run" in capsys.readouterr().out


def test_an_ungraded_or_large_notebook_gets_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transferlab.selfcheck.LARGE_MEGABYTES", 0.001)
    path = write(tmp_path / "other.ipynb", new.new_markdown_cell("x" * 2000))
    assert main(["check", str(path)]) == 1
    printed = capsys.readouterr().out
    assert "no cell is marked as graded; is this the notebook you were given?" in printed
    assert "clear large outputs before submitting" in printed


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("none.ipynb", None, "There is no file {}; give the path of your notebook, ending in .ipynb."),
        ("text.ipynb", b"import numpy", "{} is not a Jupyter notebook; save yours in Jupyter as .ipynb and check that"),
        ("list.ipynb", b"[1, 2]", "{} is not a Jupyter notebook; save yours in Jupyter as .ipynb and check that file."),
        ("odd.ipynb", b'{"nbformat": 4}', "{} is not a Jupyter notebook; save yours in Jupyter as .ipynb and check"),
        ("picture.png", b"\x89PNG\xff", "{} is not a Jupyter notebook; save yours in Jupyter as .ipynb and check"),
    ],
)
def test_unusable_files_get_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes | None, sentence: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    assert main(["check", str(path)]) == 2
    told = capsys.readouterr().err.strip()
    assert told.startswith(sentence.format(path))
    assert "\n" not in told


def test_a_folder_is_no_notebook(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path)]) == 2
    assert f"{tmp_path} is a folder; give the path of one notebook in it" in capsys.readouterr().err


def test_what_is_not_installed_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "nbclient", None)
    assert main(["check", str(write(tmp_path / "any.ipynb", code("1")))]) == 2
    assert "nbclient is not installed: python -m pip install nbclient nbformat ipykernel" in capsys.readouterr().err


def test_the_command_line_itself(project_root: Path) -> None:
    command = [sys.executable, "-m", "transferlab", "check", "--help"]
    run = subprocess.run(command, cwd=project_root, capture_output=True, text=True, check=True)
    assert "Exit status: 0 fine, 1 something to look at, 2 unusable input." in " ".join(run.stdout.split())
    assert main(["check", "none.ipynb", "--cell-seconds", "5"]) == 2
    with pytest.raises(SystemExit) as caught:
        main(["check", "none.ipynb", "--cell-seconds", "0"])
    assert caught.value.code == 2
