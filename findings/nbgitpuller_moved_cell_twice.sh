#!/usr/bin/env bash
# nbgitpuller 1.3.0 and nbgrader 0.9.6: a task that the instructor moves stands twice, and the empty one is graded.
#
# Expected:  students fetch a course with nbgitpuller, whose rule is that the student's version wins. One has answered a
#            task; the instructor moves that task a few cells down and publishes. After the next pull the answered cell
#            stands once, at either place.
# Behaviour: the pull succeeds without a word. Git merges the two files line by line, each line with the student's version
#            first, so the answered cell stays where it was, and the moved one, without an answer, is added below it: two
#            cells with one id and one grade_id in a file that any editor opens. nbgrader, before it grades, keeps the
#            grade_id of the last of several cells only, which is the empty one: the answer is worth nothing.
# Where this project meets it: `autograder/course/notebooks.py` leaves out copies of a cell that still hold the released
#            text, so the answer is what is graded.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check nbgitpuller==1.3.0 nbgrader==0.9.6 nbformat==5.11.1
export PATH="$work/venv/bin:$PATH" HOME="$work" GIT_CONFIG_NOSYSTEM=1
git config --global user.name Somebody
git config --global user.email somebody@example.org
git config --global init.defaultBranch main

cat > "$work/notebook.py" <<'PYTHON'
import sys
import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

marks = {"grade": False, "solution": True, "locked": False, "task": False, "schema_version": 3, "grade_id": "double"}
stub = "def double(number):\n    raise NotImplementedError()"
task = new_code_cell(stub, id="double", metadata={"nbgrader": marks})
text = new_markdown_cell("\n".join(f"Line {line} of a text." for line in range(30)), id="text")
path, what = sys.argv[1:]
if what == "first":
    cells = [new_markdown_cell("# Homework", id="title"), task, text]
else:
    cells = nbformat.read(path, 4).cells
    if what == "move":
        cells = [cells[0], cells[2], cells[1]]
    else:
        cells[1].source = "def double(number):\n    return 2 * number"
nbformat.write(new_notebook(cells=cells), path)
PYTHON

git init -q "$work/course"
python "$work/notebook.py" "$work/course/homework.ipynb" first
git -C "$work/course" add -A
git -C "$work/course" commit -q -m "Homework"
(cd "$work" && gitpuller "file://$work/course" main mine) > "$work/said" 2>&1
python "$work/notebook.py" "$work/mine/homework.ipynb" answer
python "$work/notebook.py" "$work/course/homework.ipynb" move
git -C "$work/course" commit -q -a -m "The text comes first"
(cd "$work" && gitpuller "file://$work/course" main mine) >> "$work/said" 2>&1 && echo "the second pull: status 0"

python - "$work/mine/homework.ipynb" <<'PYTHON'
import json
import logging
import pathlib
import sys
import warnings
from importlib.metadata import version

import nbformat
from nbgrader.preprocessors import DeduplicateIds

logging.disable()
warnings.simplefilter("ignore")
print("nbgitpuller", version("nbgitpuller"), "nbgrader", version("nbgrader"))
ids = [cell["id"] for cell in json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))["cells"]]
notebook = nbformat.read(sys.argv[1], 4)
print("cells after the pull:", ids)
graded, _ = DeduplicateIds().preprocess(notebook, {})
kept = [cell.source.splitlines()[-1].strip() for cell in graded.cells if cell.metadata.get("nbgrader")]
print("what nbgrader takes for the answer:", kept)
surprising = ids == ["title", "double", "text", "double"] and kept == ["raise NotImplementedError()"]
raise SystemExit(0 if surprising else "the behaviour has changed")
PYTHON
