#!/usr/bin/env bash
# absl-py 2.5.1 with uvicorn 0.54.0: making a server's configuration closes the standard error of somebody else.
#
# Expected:  configuring one library's logging (`logging.config.dictConfig`, which `uvicorn.Config(app)` calls) replaces
#            handlers and leaves open what they have written to; Python's own StreamHandler does so.
# Behaviour: dictConfig closes every handler that there is. absl's (Keras and TensorFlow install it on import) closes its
#            stream with it, unless that is `sys.stderr` at this moment. Where standard error was replaced since the
#            import, as pytest, Jupyter and click's test runner do, the earlier one is closed under its owner.
# Where this project meets it: `autograder mark` gives uvicorn no logging configuration (autograder/marking/serving.py);
#            a run of the tests ended without a word after a page had been served in their process.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check absl-py==2.5.1 uvicorn==0.54.0

"$work/venv/bin/python" - <<'PYTHON'
import io
import logging
import sys
from importlib.metadata import version

import uvicorn


def closed_by_config(handler_for):
    shown = sys.stderr
    try:
        first = sys.stderr = io.StringIO()
        logging.getLogger().addHandler(handler := handler_for())
        sys.stderr = io.StringIO()
        uvicorn.Config("module:app")
        logging.getLogger().removeHandler(handler)
        return first.closed
    finally:
        sys.stderr = shown


def of_absl():
    import absl.logging

    absl.logging.use_absl_handler()
    return absl.logging.get_absl_handler()


print("absl-py", version("absl-py"), "uvicorn", version("uvicorn"))
plain, absl = closed_by_config(logging.StreamHandler), closed_by_config(of_absl)
print("the stream of Python's handler is closed:", plain)
print("the stream of absl's handler is closed:  ", absl)
print("expected: neither")
raise SystemExit(0 if (plain, absl) == (False, True) else 1)
PYTHON
