"""The figure of accuracy against time is read generously in form and language, and strictly in its data."""

import pandas as pd
import pytest

from autograder.checks.exercise_2_freezing_strategies._figures import expect_times_drawn
from tests.exercises.exercise_2_freezing_strategies.figure_snippets import TIMES
from tests.judge.drawing import Student, forgotten, kind, outcome, run  # noqa: F401 (a fixture)

pytestmark = pytest.mark.usefixtures("forgotten")
TABLE = pd.DataFrame(
    {
        "fraction": [0.0, 0.25, 0.5, 1.0],
        "trainable": [9_226, 230_666, 285_850, 302_746],
        "val_accuracy": [0.733333, 0.76, 0.713333, 0.673333],
        "seconds": [1.1342, 1.5311, 1.6278, 2.3049],
    }
)


SAID = {
    "person_plotly_hover_only": "the points are named only where the mouse points",
    "wrong_axes_swapped_in_name": "the axis of the seconds is named 'accuracy', that of the accuracy 'seconds'",
    "wrong_no_axis_named": "no axis is named as the time",
    "wrong_three_points": "no plot shows accuracy against the seconds, with the numbers in `table`",
    "wrong_trainable_for_seconds": "a plot shows accuracy against `trainable`, none against the seconds in `table`",
}


@pytest.mark.parametrize("name", TIMES)
def test_accuracy_against_time(name):
    run(TIMES[name], table=TABLE)
    columns = {column: TABLE[column].tolist() for column in TABLE}
    found, said = outcome(expect_times_drawn, Student(), columns)
    assert found == kind(name), said
    assert SAID.get(name, "") in said
