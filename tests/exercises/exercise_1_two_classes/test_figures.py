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


SAID = {
    "person_colours_named_in_the_title": "A figure shows the right numbers, but a headline says which of the curves",
    "person_names_that_cannot_be_followed": "the curves are named in a way that could not be followed",
    "person_names_without_meaning": "the names 'model 1', 'model 2', 'model 3' are not understood",
    "person_no_features_is_no_swap": "what is named 'No pretrained features' are the numbers of baseline",
    "person_one_curve_for_both_stages": "A figure shows feature extraction and fine-tuning as one curve.",
    "wrong_all_bear_one_name": "the curves of baseline and feature bear the same name, 'model'",
    "wrong_legend_forgotten": "the curves have labels, but nothing shows them (a legend does)",
    "wrong_no_names": "nothing says which of the curves is baseline, feature, finetuned",
    "wrong_nothing": "no figure that holds data has been drawn for this task",
    "wrong_one_named_and_two_only_labelled": "nothing says which of the curves is feature, finetuned",
    "wrong_training_accuracy": "a curve shows the training accuracy of baseline, and none its validation accuracy",
    "wrong_two_names_swapped": "what is named 'frozen features' are the numbers of baseline",
    "wrong_two_of_three": "no curve shows the validation accuracies of finetuned that are in `histories`",
    "wrong_zeros": "no curve shows the validation accuracies that are in `histories`",
}


@pytest.mark.parametrize("name", TRAININGS)
def test_curves_of_trainings(name):
    student = Student()
    run(TRAININGS[name], histories=student.histories)
    found, said = outcome(expect_trainings_drawn, student)
    assert found == kind(name), said
    assert SAID.get(name, "") in said


def test_histories_that_a_figure_cannot_be_compared_with():
    student = Student()
    run(TRAININGS["right_plain_loop"], histories=student.histories)
    whole = dict(student.histories)
    del student.histories["finetuned"]
    found, said = outcome(expect_trainings_drawn, student)
    lacking = "`histories` has no validation accuracies of finetuned"
    assert (found, said) == ("person", f"There is a figure, but {lacking} to compare it with.")

    student.histories = {**whole, "feature": whole["baseline"]}
    plt.close("all")
    figures.drawn.clear()
    run(TRAININGS["right_plain_loop"], histories={name: whole[name] for name in ("baseline", "finetuned")})
    found, said = outcome(expect_trainings_drawn, student)
    assert (found, said) == ("wrong", "the curves of the three trainings are not three curves of their own")


def test_histories_may_be_data_frames(monkeypatch):
    student = Student()
    run(TRAININGS[next(name for name in TRAININGS if kind(name) == "right")], histories=student.histories)
    tables = {
        name: Table({column: [*values] for column, values in h.history.items()})
        for name, h in student.histories.items()
    }
    monkeypatch.setattr(student, "read", lambda name: tables)
    assert outcome(expect_trainings_drawn, student) == ("right", "")
