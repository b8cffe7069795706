#!/usr/bin/env bash
# nbconvert 7.17.2: one picture that is no longer attached to its cell, and the whole notebook has no page.
#
# Expected:  a markdown cell that names an attachment it does not hold (a cell copied in an editor that leaves
#            attachments behind) converts as JupyterLab shows it: the rest of the notebook, and one broken picture.
# Behaviour: the HTML and the slides exporter raise InvalidNotebook for the whole notebook. The Markdown exporter, given
#            the same notebook, converts it and says nothing. The file is valid nbformat 4.5.
# Where this project meets it: formgrader and the feedback pages of nbgrader use the HTML exporter, so that one such
#            cell is an error 500, and a student without feedback; `autograder/course/harmless.py` puts a placeholder.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check nbconvert==7.17.2 nbformat==5.11.1

"$work/venv/bin/python" - <<'PYTHON'
import nbconvert
import nbformat
from nbformat.v4 import new_markdown_cell, new_notebook

cells = [new_markdown_cell("before"), new_markdown_cell("![my plot](attachment:plot.png)"), new_markdown_cell("after")]
notebook = new_notebook(cells=cells)
nbformat.validate(notebook)
found = {}
for name in ("markdown", "html", "slides"):
    try:
        page, _ = nbconvert.get_exporter(name)().from_notebook_node(notebook)
        found[name] = "a page, 'after' included" if "after" in page else "a page"
    except Exception as error:
        found[name] = f"{type(error).__name__}: {error}"
print("nbconvert", nbconvert.__version__)
for name, outcome in found.items():
    print(f"{name}: {outcome}")
surprising = found["markdown"].startswith("a page") and all(
    found[name] == "InvalidNotebook: missing attachment: plot.png" for name in ("html", "slides")
)
raise SystemExit(0 if surprising else "the behaviour has changed")
PYTHON
