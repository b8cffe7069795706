"""The JSON object programs read."""

import json

from autograder.judge.verdict import CellVerdict, CheckResult, Outcome, Verdict
from autograder.report.machine import verdict_object


def test_the_object_has_exactly_the_promised_shape():
    checks = (
        CheckResult("keeps_order", "It keeps the order.", Outcome.PASS, 0.1, 0.1, milliseconds=3),
        CheckResult("keeps_type", "It keeps the type.", Outcome.FAIL, 0.2, 0.7, "Called … came back …"),
    )
    verdict = Verdict(
        "doubling", (CellVerdict("check_double", checks),), notes=("a note",), key="k", figures={"judge": 1}
    )
    assert json.loads(json.dumps(verdict_object("a.ipynb", verdict))) == {
        "notebook": "a.ipynb",
        "points": 0.3,
        "max_points": 0.8,
        "cells": [
            {
                "grade_id": "check_double",
                "points": 0.3,
                "max_points": 0.8,
                "checks": [
                    {"name": "keeps_order", "outcome": "PASS", "points": 0.1, "max_points": 0.1, "message": ""},
                    {
                        "name": "keeps_type",
                        "outcome": "FAIL",
                        "points": 0.2,
                        "max_points": 0.7,
                        "message": "Called … came back …",
                    },
                ],
            }
        ],
    }
