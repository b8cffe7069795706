#!/usr/bin/env bash
# jupytext 1.19.6, py:percent: text that looks like jupytext's own cell marker is not protected on the way out.
#
# Expected:  notebook -> py:percent -> notebook gives the same cells: magics are commented out on the way, and lines
#            that could be taken for a marker are protected in some way too.
# Behaviour: a code cell with the comment "# %% step one" inside a function comes back as two cells, and the comment is
#            gone; a markdown cell whose text begins with "%%" comes back empty. Nothing is said.
# Where this project meets it: exercises are kept as py:percent texts, and students' notebooks come back from editors
#            that pair them with such texts, so graded cells may arrive cut in two.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check jupytext==1.19.6 nbformat==5.11.1

"$work/venv/bin/python" - <<'PYTHON'
import jupytext
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

code = "def f():\n    # %% step one\n    return 1"
markdown = "%% of the pictures are houses: 40 %%"
there = jupytext.writes(new_notebook(cells=[new_code_cell(code), new_markdown_cell(markdown)]), "py:percent")
back = [(cell.cell_type, cell.source) for cell in jupytext.reads(there, "py:percent").cells]
print("jupytext", jupytext.__version__)
print("given:    ", [("code", code), ("markdown", markdown)])
print("came back:", back)
surprising = (
    back[:2] == [("code", "def f():"), ("code", "    return 1")]
    and markdown not in [source for _, source in back]
)
raise SystemExit(0 if surprising else "the behaviour has changed")
PYTHON
