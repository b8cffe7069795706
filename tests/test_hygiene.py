"""What must not be in the repository, and how big its files may be."""

import json
import re
import subprocess
from pathlib import Path

import pytest

MAX_LINES = 700  # a file is as long as its idea; far beyond that, look whether there are two
MAX_BYTES = 2**20
LINES = {
    "README.md": 120,
    "nbgrader_config.py": 60,
    # One format, written and read: a reader of one half looks at the other.
    "transferlab/portable.py": 700,
}

# Written so that none of them matches itself.
UNWANTED = {
    "a folder of the machine it was written on": r"(?<![\w.])/(?:work|farm)/|/root/[.]pyenv|/opt/(?:pypi|wheels)",
    "a package registry": r"files[.]pythonhosted|pypi[.]org/simple|registry[.]npmjs|deb[.]debian[.]org",
    "a merge conflict": r"^(?:<{7}|>{7}) ",
}


@pytest.fixture(scope="module")
def files(project_root):
    """Every file git knows or would take in, relative to the project."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=project_root, check=True, capture_output=True, text=True).stdout
    return [Path(name) for name in listed.split("\0") if name and (project_root / name).is_file()]


def test_python_files_are_short_enough_to_read(project_root, files):
    # a text of source/ is a notebook, prose included
    texts = ("source", "tests/right_answers")  # a page of them is read answer by answer
    modules = [path for path in files if path.suffix == ".py" and not str(path).startswith(texts)]
    lines = {str(path): (project_root / path).read_text().count("\n") for path in modules}
    assert {path: count for path, count in lines.items() if count > LINES.get(path, MAX_LINES)} == {}


def test_the_readme_is_short_enough_to_read(project_root):
    assert (project_root / "README.md").read_text().count("\n") <= LINES["README.md"]


def test_no_file_is_large_but_the_weights(project_root, files):
    large = {str(path) for path in files if (project_root / path).stat().st_size > MAX_BYTES}
    assert {path for path in large if not re.fullmatch(r"transferlab/weights/\w+\.npz", path)} == set()


@pytest.mark.parametrize("what", UNWANTED)
def test_no_file_names(project_root, files, what):
    found = []
    for path in files:
        content = (project_root / path).read_bytes()
        if b"\0" not in content:
            text = content.decode()
            found += [f"{path}: {match.group()}" for match in re.finditer(UNWANTED[what], text, re.MULTILINE)]
    assert found == []


def test_notebooks_hold_no_outputs(project_root, files):
    for path in files:
        if path.suffix == ".ipynb" and path.parts[0] in {"source", "release"}:
            cells = json.loads((project_root / path).read_text())["cells"]
            assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells), path


def test_nothing_of_a_course_at_work_is_committed(files):
    private = {"gradebook.db", ".course_secret", "submitted", "autograded", "feedback", "verdicts", "demo"}
    outside_tests = [path for path in files if path.parts[0] != "tests"]
    assert [path for path in outside_tests if private & set(path.parts)] == []


def test_scripts_can_be_run(project_root, files):
    scripts = [path for path in files if path.parts[0] in {"scripts", ".ci"}]
    assert scripts
    assert [path for path in scripts if not (project_root / path).stat().st_mode & 0o100] == []
