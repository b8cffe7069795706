#!/usr/bin/env bash
# gradescope-utils 0.5.0: a test in which one `subTest` fails is in no result, so nobody loses its points.
#
# Expected:  a weighted unittest of which one sub-test fails is reported as failed, with 0 of its points.
# Behaviour: JSONTestRunner leaves it out of `tests` altogether, score and maximum included: the student is shown full
#            marks out of fewer points. A skipped test and an expected failure vanish likewise. unittest calls
#            `addSubTest` for a failing sub-test and then neither `addFailure` nor `addSuccess` for its test.
# Where this project meets it: peers' Gradescope autograders are written with it; ours writes results.json itself
#            (autograder/lms/gradescope/), every check of a cell with its maximum, whatever became of it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check gradescope-utils==0.5.0

"$work/venv/bin/python" - <<'PYTHON'
import importlib.metadata
import io
import json
import unittest

from gradescope_utils.autograder_utils.decorators import weight
from gradescope_utils.autograder_utils.json_test_runner import JSONTestRunner


class Checks(unittest.TestCase):
    @weight(2)
    def test_wrong(self):
        self.assertEqual(1, 2)

    @weight(3)
    def test_wrong_in_one_subtest(self):
        for number in (1, 2, 3):
            with self.subTest(number=number):
                self.assertNotEqual(number, 2)

    @weight(4)
    def test_right(self):
        self.assertEqual(1, 1)


written = io.StringIO()
JSONTestRunner(stream=written).run(unittest.defaultTestLoader.loadTestsFromTestCase(Checks))
results = json.loads(written.getvalue())
found = {test["name"].split()[0]: (test["score"], test["max_score"]) for test in results["tests"]}
print("gradescope-utils", importlib.metadata.version("gradescope-utils"))
print("(score, maximum):", found, "- of 9 points,", sum(most for _, most in found.values()), "are accounted for")
raise SystemExit(0 if found == {"test_wrong": (0.0, 2), "test_right": (4, 4)} else "the behaviour has changed")
PYTHON
