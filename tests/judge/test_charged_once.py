"""A mistake costs its points once; what an earlier mistake excuses has to be seen to come of it."""

import numpy as np
import pytest

from autograder.judge.checking import Failed, Undecided
from autograder.judge.submission import Stopped
from autograder.kerasmodels import charged_once
from autograder.kerasmodels.charged_once import charge_once, same_images, were_measured
from autograder.kerasmodels.watching import Training
from autograder.kernels import own_calls
from autograder.kernels.cell_trainings import digests_of_images
from tests.judge.local import judge

PROBLEM = Failed("it is not", "something else")


def holds():
    """A claim that nothing is wrong with."""


def raising(problem):
    """A claim, or evidence, that ends so."""

    def claim():
        raise problem

    return claim


@pytest.mark.parametrize(
    ("claims", "evidence", "outcome"),
    [
        ((raising(Failed("a slip")),), holds, None),
        ((holds, raising(Stopped("it took too long"))), holds, None),
        ((holds, raising(Undecided("who knows"))), holds, Failed),
        ((raising(Failed("a slip")),), raising(Failed("it was typed in")), Failed),
        ((raising(Failed("a slip")),), raising(Undecided("Nobody has seen it.")), Undecided),
    ],
)
def test_only_what_comes_of_an_earlier_mistake_is_excused(claims, evidence, outcome):
    if outcome is None:
        charge_once(PROBLEM, claims, evidence, "train")
        return
    with pytest.raises(outcome) as caught:
        charge_once(PROBLEM, claims, evidence, "train")
    if outcome is Failed:
        assert caught.value is PROBLEM
    else:
        assert "`train` has lost points" in str(caught.value)
        assert "Nobody has seen it." in str(caught.value)


PAGE = """
from autograder.kerasmodels.charged_once import own_calls
from autograder.judge.checking import check, fail
from autograder.judge.tables import expect_table

OWN_CALLS = {"use": {"train": "function"}}


@check("function", points=1)
def the_function_is_right(submission):
    '''It is right.'''
    if submission.call("train", 1, {}).value[:2] != RIGHT:
        fail("it is not")


@check("use", points=1)
def the_calls_were_noted(submission):
    '''They were.'''
    found = own_calls(submission, "train")
    submission.call("train", 5, {})
    if [(call.given[0], call.returned[:2]) for call in found] != [(2, [2, [4.0]])]:
        fail(f"{found}")
    if expect_table(found[0].returned[2], ["a"], "it").columns != {"a": [2]}:
        fail(f"{found}")
    if len(own_calls(submission, "train")) != 1:
        fail("a call of the judge's was noted")
"""
CELLS = {
    "function": (
        "import numpy as np, pandas as pd\n"
        "def train(number, other): return number, np.full(1, 2.0 * number), pd.DataFrame({'a': [number]})"
    ),
    "use": (
        "kept = train(other=None, number=2)\nkept[1][:] = kept[2]['a'] = 7\nplain = not hasattr(train, '__wrapped__')"
    ),
}


@pytest.mark.parametrize("right", [False, True])
def test_calls_are_noted_as_they_were_and_only_of_a_function_that_lost_points(tmp_path, right):
    page = tmp_path / f"page_{right}.py"
    page.write_text(PAGE.replace("RIGHT", "(1, [2.0])" if right else "None"))
    namespace = {}
    own_calls.forget()
    results = judge([page], CELLS, tuple(CELLS), namespace)
    assert (results["the_function_is_right"].points == 1) == right
    assert (results["the_calls_were_noted"].points == 0) == right
    assert namespace["plain"] == right


def training(*val_accuracy):
    """A training that showed these after its epochs."""
    nothing = {
        "model": None,
        "epochs": 1,
        "seconds": 1.0,
        "outer_seconds": 1.0,
        "epoch_seconds": (),
        "train_accuracy": (0.25,),
    }
    noted = {"reports": frozenset(), "steps": 1, "rate": "", "labels": (), "rows": ()}
    return Training(**nothing, **noted, val_accuracy=val_accuracy)


@pytest.mark.parametrize(
    ("shares", "did"),
    [
        ([0.7234, 0.5], True),
        ([0.5, 0.72], True),
        ([72.34, 50], True),
        ([0.25, 0.25], True),  # those of the training images: another mistake, and measured
        ([0.72, 0.72], False),  # one number for two trainings
        ([0.7, 0.5], False),
        ([0.7234, 0.5, 0.25], False),
    ],
)
def test_accuracies_were_measured_if_each_is_that_of_a_training(shares, did):
    assert were_measured(shares, [training(0.4, 0.7234), training(0.5)]) == did


def test_images_are_known_in_any_order_and_with_their_labels():
    images, labels = np.random.default_rng(0).uniform(0, 255, (5, 2, 2, 3)), np.array([0, 1, 2, 0, 1])
    given = [digests_of_images(images[::-1].astype("float32")), labels[::-1]]
    assert same_images(given, images, labels)
    assert not same_images([given[0], labels], images, labels + 1)
    assert not same_images([given[0][:4], given[1][:4]], images, labels)
    for unread in (charged_once, [given[0], labels[:4]], [images, labels]):
        with pytest.raises(Undecided, match="grader could not read the images and labels that the function was given"):
            same_images(unread, images, labels)
