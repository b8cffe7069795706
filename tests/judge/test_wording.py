"""Values in words: what students read of what came back shows neither Python's inside nor a terminal's codes."""

import re

import numpy as np
import pytest

from autograder.judge.checking import Failed, sentence
from autograder.judge.wording import brief, one_line, what_helps
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
        ([{"a": 1, "b": 2.0}, {"b": 3.0, "c": 4}], "a list of 2 dictionaries with 'a', 'b', 'c'"),
        ([{"a": 1}], "a list of a dictionary with 'a': 1"),
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
    for came in ("the answer came back as None", "it returned None", "the answer is None"):
        said = sentence(Failed(came, "a number", called="`f()`"), "the check's own hint")
        assert said.endswith("Try: does the function end with `return`?")
    for part in ('"trainable" is None', "the images came back as None", "the optimizer's learning rate is None"):
        said = sentence(Failed(part, "a number", called="`f()`"), "the check's own hint")
        assert said.endswith("Try: the check's own hint"), "what holds a part has come back"
    assert sentence(Failed("`x` is None", "a number"), "the check's own hint").endswith("Try: the check's own hint")


UNKNOWN = (
    "Unknown variable: <Variable path=dense_2/kernel, shape=(6, 2), dtype=float32, value=[[ 0.8 -0.1]\n [-0.3  0.4]]>."
    " This optimizer can only be called for the variables it was originally built with."
)


@pytest.mark.parametrize(
    ("error", "help_"),
    [
        ("dtype='string' is not a valid dtype for Keras type promotion.", "write `metrics=['accuracy']`, by name"),
        ("Expected `loss_weights` argument to be a float (single output case) or", "write `metrics=['accuracy']`"),
        (UNKNOWN, "make a new optimizer for each model"),
        (UNKNOWN[:110], "make a new optimizer for each model"),
        ("dtype='bool' is not a valid dtype", ""),
        ("Unknown variable: x", ""),
    ],
)
def test_an_error_that_does_not_say_what_was_done_is_explained(error, help_):
    assert what_helps(error).startswith(help_) if help_ else not what_helps(error)


def test_an_error_about_a_variable_does_not_tell_all_its_numbers():
    assert one_line(UNKNOWN).startswith(
        "Unknown variable: <Variable path=dense_2/kernel, shape=(6, 2), dtype=float32>."
    )
    assert one_line(UNKNOWN[:110]) == "Unknown variable: <Variable path=dense_2/kernel, shape=(6, 2), dtype=float32>"


def test_a_long_error_is_cut_and_stays_one_line():
    said = one_line("first\n\n  second\tline " + "x" * 400)

    assert said.startswith("first second line xxx")
    assert said.endswith("…")
    assert len(said) == 300


def test_where_memory_ends_is_said():
    assert what_helps("", "MemoryError") == "it takes more memory than a notebook has where it is graded"


def test_the_number_of_a_row_that_is_not_there_is_explained():
    assert what_helps("0", "KeyError").startswith("rows of a filtered table keep the numbers they had")
    assert not what_helps("'name'", "KeyError")
    assert not what_helps("0", "IndexError")
