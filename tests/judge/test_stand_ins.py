"""A function that lost points in its own task is replaced before cells that use it are run."""

import keras
import numpy as np
import pytest

from autograder.kernels import stand_ins
from tests.judge.local import judge

PAGE = """
from autograder.judge.checking import check, fail

STAND_INS = {"training": {"start_fine_tuning": "function"}}


@check("function", points=1)
def the_function_is_right(submission):
    '''It is right.'''
    if submission.call("start_fine_tuning", 1, 2, 3, 4).value != "right":
        fail("it is not")


@check("training", points=1)
def the_training_ran(submission):
    '''It ran.'''
    if submission.read("used") != "right":
        fail("it used another one")
"""


@pytest.mark.parametrize("answer", ["wrong", "right"])
def test_only_a_wrong_function_is_replaced(tmp_path, answer):
    page = tmp_path / f"page_{answer}.py"
    page.write_text(PAGE)
    cells = {
        "function": f"def start_fine_tuning(*_): return {answer!r}",
        "training": "used = 'right' if start_fine_tuning.__module__ == wanted else 'another'",
    }
    wanted = stand_ins.start_fine_tuning.__module__ if answer == "wrong" else "here"
    results = judge([page], cells, tuple(cells), {"wanted": wanted, "__name__": "here"})
    assert (results["the_function_is_right"].points == 1) == (answer == "right")
    assert results["the_training_ran"].points == 1


def backbone():
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(2, 3),
            layers.BatchNormalization(),
            layers.Conv2D(2, 3),
            layers.LayerNormalization(),
        ]
    )


@pytest.mark.parametrize(("count", "trained"), [(0, []), (1, [3]), (3, [0, 2, 3])])
def test_the_stand_ins_do_what_the_contract_says(count, trained):
    given = backbone()
    model = stand_ins.FUNCTIONS["build_feature_extractor"](given, 3, dropout=0.5)
    assert given.trainable_weights == []
    assert np.asarray(model(np.zeros((2, 8, 8, 3)))).shape == (2, 3)
    assert stand_ins.FUNCTIONS["start_fine_tuning"](model, given, count, 0.5) is model
    assert [place for place, layer in enumerate(given.layers) if layer.trainable] == trained
    assert float(model.optimizer.learning_rate) == 0.5
    with pytest.raises(ValueError, match="4 were asked for"):
        stand_ins.FUNCTIONS["start_fine_tuning"](model, given, 4, 0.5)
