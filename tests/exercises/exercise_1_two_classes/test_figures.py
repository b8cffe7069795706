"""Figures of trainings are read generously in form and language, and strictly in their data."""

import base64
import json

import matplotlib.pyplot as plt
import numpy as np
import pytest

from autograder.checks.exercise_1_two_classes._figures import expect_trainings_drawn
from autograder.kernels import figures
from autograder.kernels.values import Table
from tests.exercises.exercise_1_two_classes.figure_snippets import TRAININGS
from tests.judge.drawing import VALIDATION, Student, forgotten, kind, outcome, run, show  # noqa: F401 (a fixture)

pytestmark = pytest.mark.usefixtures("forgotten")


@pytest.mark.parametrize("swapped", [False, True])
def test_curves_of_plotly_as_it_publishes_them(swapped):
    names = ["finetuned", "baseline", "feature"] if swapped else list(VALIDATION)
    traces = [
        {
            "type": "scatter",
            "name": name,
            "y": {"dtype": "f8", "bdata": base64.b64encode(np.array(values).tobytes()).decode()},
        }
        for name, values in zip(names, VALIDATION.values(), strict=True)
    ]
    show({"application/vnd.plotly.v1+json": {"data": traces, "layout": {}}})
    found, said = outcome(expect_trainings_drawn, Student())
    assert found == ("wrong" if swapped else "right"), said

    figures.drawn.clear()
    show({"text/html": f'<script>Plotly.newPlot("a-b-c", {json.dumps(traces)}, {{"title": {{}}}})</script>'})
    found, said = outcome(expect_trainings_drawn, Student())
    assert found == ("wrong" if swapped else "right"), said


def test_pictures_of_earlier_cells_decide_nothing():
    show({"image/svg+xml": "<svg/>"})
    figures.asked()
    found, said = outcome(expect_trainings_drawn, Student())
    assert (found, said) == ("person", "The notebook shows a picture, which only a person can look at.")

    plt.plot([1, 2])
    figures.note_open()
    found, said = outcome(expect_trainings_drawn, Student())
    assert found == "wrong", said


@pytest.mark.parametrize("name", TRAININGS)
def test_curves_of_trainings(name):
    student = Student()
    run(TRAININGS[name], histories=student.histories)
    found, said = outcome(expect_trainings_drawn, student)
    assert found == kind(name), said


def test_histories_may_be_data_frames(monkeypatch):
    student = Student()
    run(TRAININGS[next(name for name in TRAININGS if kind(name) == "right")], histories=student.histories)
    tables = {
        name: Table({column: [*values] for column, values in h.history.items()})
        for name, h in student.histories.items()
    }
    monkeypatch.setattr(student, "read", lambda name: tables)
    assert outcome(expect_trainings_drawn, student) == ("right", "")
