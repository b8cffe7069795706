"""A function that lost points in its own task is replaced before cells that use it are run."""

import pytest

from tests.judge.local import judge

PAGE = """
from autograder.judge.checking import check, fail

STAND_INS = {"training": {"double": "function"}}


@check("function", points=1)
def the_function_is_right(submission):
    '''It is right.'''
    if submission.call("double", 1, 2, 3, 4).value != "right":
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
    (tmp_path / "_stand_ins.py").write_text("def double(*_): return 'right'\n")
    cells = {
        "function": f"def double(*_): return {answer!r}",
        "training": "used = 'right' if double.__module__ == wanted else 'another'",
    }
    wanted = "stand_ins" if answer == "wrong" else "here"
    results = judge([page], cells, tuple(cells), {"wanted": wanted, "__name__": "here"})
    assert (results["the_function_is_right"].points == 1) == (answer == "right")
    assert results["the_training_ran"].points == 1
