"""The lesson runs from top to bottom, without network, as a student runs it; a few minutes of computing, halved by FAST."""

import re
import subprocess
import sys

import nbformat
import pytest

LESSON = "lesson_transfer_learning"


@pytest.fixture(scope="module")
def executed(project_root, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lesson")
    text = (project_root / "release" / "lesson" / f"{LESSON}.ipynb").read_text(encoding="utf-8")
    assert text.count("FAST = False") == 1
    (folder / f"{LESSON}.ipynb").write_text(text.replace("FAST = False", "FAST = True"), encoding="utf-8")
    command = [sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute", "--allow-errors", "--inplace"]
    done = subprocess.run([*command, f"{LESSON}.ipynb"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return nbformat.read(folder / f"{LESSON}.ipynb", as_version=4)


def outputs(notebook, kind):
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs
            if output.output_type == kind]  # fmt: skip


def test_no_cell_ends_in_an_error(executed):
    assert [f"{error.ename}: {error.evalue}" for error in outputs(executed, "error")] == []


def test_every_cell_ran_and_nothing_was_warned_of(executed):
    counts = [cell.execution_count for cell in executed.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))
    assert [stream.text for stream in outputs(executed, "stream") if stream.name == "stderr"] == []


def test_figures_are_there_with_their_descriptions(executed):
    pages = [output.data.get("text/html", "") for output in outputs(executed, "display_data")]
    figures = [alt for page in pages for alt in re.findall(r'<img [^>]*alt="([^"]*)"', page)]
    assert len(figures) >= 15
    assert all(len(alt) > 20 for alt in figures)
