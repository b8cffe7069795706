"""Figures of the trade-offs are read generously in form and language, and strictly in their data."""

import pandas as pd
import pytest

from autograder.checks.exercise_3_comparing_models._figures import expect_two_trade_offs_drawn
from tests.exercises.exercise_3_comparing_models.figure_snippets import TRADE_OFFS
from tests.judge.drawing import Student, forgotten, kind, outcome, run  # noqa: F401 (a fixture)

pytestmark = pytest.mark.usefixtures("forgotten")
NETWORKS = pd.DataFrame(
    {
        "name": ["mini_resnet", "mini_vgg", "mini_mobilenet"],
        "parameters": [393_384, 293_520, 142_840],
        "val_accuracy": [0.855, 0.785, 0.79],
        "seconds_per_epoch": [0.81, 0.42, 0.55],
        "ms_per_image": [3.512, 3.604, 1.913],
    }
)


@pytest.mark.parametrize("name", TRADE_OFFS)
def test_two_trade_offs(name):
    run(TRADE_OFFS[name], table=NETWORKS)
    rows = NETWORKS.to_dict("records")
    found, said = outcome(expect_two_trade_offs_drawn, Student(), rows, ("mini_vgg", "mini_resnet", "mini_mobilenet"))
    assert found == kind(name), said
