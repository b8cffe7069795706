#!/usr/bin/env bash
# gradescope-utils 0.5.0: when setUpClass raises, say because a student's module cannot be imported, no result is written.
#
# Expected:  the tests of that class are reported as failed with the error; the other classes are graded as ever.
# Behaviour: JSONTestRunner itself ends with AttributeError ('_ErrorHolder' object has no attribute '_testMethodName'),
#            the results of all other classes are lost with it, and Gradescope only says that the autograder failed.
# Where this project meets it: see gradescope_utils_failed_subtest_vanishes.sh; ours turns whatever a submission does
#            into outcomes of its checks.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check gradescope-utils==0.5.0

"$work/venv/bin/python" - <<'PYTHON'
import importlib.metadata
import io
import unittest

from gradescope_utils.autograder_utils.decorators import weight
from gradescope_utils.autograder_utils.json_test_runner import JSONTestRunner


class Fine(unittest.TestCase):
    @weight(4)
    def test_right(self):
        self.assertEqual(1, 1)


class NeedsTheModule(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise ImportError("the student's module has a syntax error")

    @weight(5)
    def test_something(self):
        self.assertEqual(1, 1)


load = unittest.defaultTestLoader.loadTestsFromTestCase
written = io.StringIO()
try:
    JSONTestRunner(stream=written).run(unittest.TestSuite([load(Fine), load(NeedsTheModule)]))
    ended = "normally"
except AttributeError as error:
    ended = f"with AttributeError: {error}"
print("gradescope-utils", importlib.metadata.version("gradescope-utils"))
print("the runner ended", ended)
print("written:", repr(written.getvalue()))
surprising = "_testMethodName" in ended and written.getvalue() == ""
raise SystemExit(0 if surprising else "the behaviour has changed")
PYTHON
