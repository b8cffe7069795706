"""Values in words: what students read of what came back shows neither Python's inside nor a terminal's codes."""

import re

import numpy as np
import pytest

from autograder.judge.checking import Failed, sentence
from autograder.judge.wording import brief, one_line
from autograder.kernels.values import Foreign, Handle, Table

DEEP: list[object] = []
for _ in range(50):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "None"),
        ({}, "an empty dictionary"),
        ({"trainable": 3, "frozen": 4}, "a dictionary with 'trainable': 3, 'frozen': 4"),
        ({"\x1b[31mred": Foreign("object", "<object object>")}, "a dictionary with 'red': an object"),
        ({"model": Handle("h0", "keras.Dense")}, "a dictionary with 'model': a keras.Dense"),
        (dict.fromkeys(range(40), 0), "and 28 more"),
        (Handle("h0", "Functional"), "a Functional"),
        (Foreign("generator", "<generator object f.<locals>.<genexpr>>"), "a generator"),
        (Foreign("Odd", "\x1b[1mOdd\x1b[0m\nof two lines"), "an Odd (Odd of two lines)"),
        (Foreign("int", "1" + "0" * 400), "an int (1000"),
        (DEEP, "a list of a list of a list"),
        ((np.zeros(2), [DEEP, DEEP]), "a tuple of an array of shape (2,), float64, a list of a list, a list"),
        (Table({"a": [1]}), "a table of 1 row with columns a"),
        (Table({"a": [1, 2]}), "a table of 2 rows with columns a"),
    ],
)
def test_a_value_is_told_in_a_few_words(value, words):
    said = brief(value)

    assert words in said
    assert len(said) < 300
    assert not re.search(r"Foreign|Handle\(|0x|\x1b|<", said)


def test_whatever_comes_back_as_nothing_is_asked_for_its_return():
    for came in ("the answer came back as None", "it returned None", "`parameters` is None"):
        said = sentence(Failed(came, "a number", called="`f()`"), "the check's own hint")
        assert said.endswith("Try: does the function end with `return`?")
    assert sentence(Failed("`x` is None", "a number"), "the check's own hint").endswith("Try: the check's own hint")


def test_a_long_error_is_cut_and_stays_one_line():
    said = one_line("first\n\n  second\tline " + "x" * 400)

    assert said.startswith("first second line xxx")
    assert said.endswith("…")
    assert len(said) == 300
