"""A result says what it rests on: shortly, the same each time, and as code that can be run."""

import json

import numpy as np
import pandas as pd
import pytest

from autograder.judge.calls import MAX_EXAMPLE, MAX_TEXT, Witness, call_code
from autograder.judge.plugin import seed_for
from autograder.judge.verdict import CellVerdict, Verdict
from autograder.kernels.values import Handle, Table
from tests.judge.local import judge

PAGE = """
from hypothesis import given, strategies as st
from autograder.judge.checking import Undecided, check, fail
from autograder.judge.comparators import *
import numpy as np

@check("cell", points=1)
@given(st.lists(st.integers(0, 50), min_size=2))
def doubles(submission, values):
    '''`double` doubles.'''
    answer = submission.call("double", np.array(values))
    expect_array(answer.returned(), 2 * np.array(values), "the numbers", answer.called)

@check("cell", points=1)
def raises_nothing(submission):
    '''`double` takes floats.'''
    submission.call("double", 0.5).returned()

@check("cell", points=1)
def open_question(submission):
    '''Nobody knows.'''
    raise Undecided("0.861 is too close to 0.86.")
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    path = tmp_path_factory.mktemp("pages") / "page_of_evidence.py"
    path.write_text(PAGE)
    code = "def double(numbers): return numbers * 2 if numbers.sum() < 3 else numbers"
    return judge([path], {"cell": code}, ["cell"])


def test_a_failure_says_what_was_called_what_came_back_and_what_was_expected(found):
    evidence = found["doubles"].evidence
    assert evidence.asked[-1].called in found["doubles"].message
    assert evidence.came_back.startswith("the numbers came back as")
    assert evidence.expected in found["doubles"].message
    assert evidence.calls >= len(evidence.asked) > 0
    assert evidence.seed == seed_for(b"a key for tests", "doubles")


def test_the_example_is_the_call_that_failed_as_code(found):
    seen = []
    exec(found["doubles"].evidence.example, {"double": seen.append})
    assert f"double({seen[0].tolist()})" in found["doubles"].message
    assert seen[0].dtype == np.int64
    assert len(seen[0]) == 2, "the shortest one"


def test_what_raised_and_what_is_undecided_say_so(found):
    assert "raised AttributeError" in found["raises_nothing"].evidence.asked[-1].came_back
    assert "Undecided: 0.861 is too close" in found["open_question"].evidence.traceback
    assert found["open_question"].trace == "", "a question left open is no error of the course"


def test_it_comes_back_from_a_verdict_and_an_old_verdict_has_none(found):
    verdict = Verdict("doubling", (CellVerdict("cell", tuple(found.values())),), made={"keras": "3"})
    assert Verdict.from_json(verdict.to_json()) == verdict
    old = json.loads(verdict.to_json())
    del old["made"]
    for check in old["cells"][0]["checks"]:
        del check["evidence"]
    assert {check.evidence for check in Verdict.from_json(json.dumps(old)).checks()} == {None}
    later = json.loads(verdict.to_json())
    later["cells"][0]["checks"][0] |= {"a_word_of_later": 1}
    later["cells"][0]["checks"][0]["evidence"] |= {"another": 2}
    assert Verdict.from_json(json.dumps(later)) == verdict


@pytest.mark.parametrize(
    "value",
    [
        3,
        -0.25,
        True,
        None,
        "a 'text'\n",
        (1,),
        [1, (2.5, "x")],
        {"a": [1]},
        np.arange(6, dtype=np.uint8).reshape(2, 3),
        np.array([[1.5, np.nan, np.inf, -np.inf]], dtype=np.float32),
        np.zeros((300, 300), dtype=np.float32),
        np.zeros((0, 4), dtype=np.int16),
        np.array([True, False]),
        np.float32(0.1),
    ],
)
def test_code_of_a_call_gives_the_same_values_again(value):
    seen = []
    exec(call_code("double", (value,), {}), {"double": seen.append})
    assert type(seen[0]) is type(value)
    np.testing.assert_equal(seen[0], value)
    if isinstance(value, np.ndarray):
        assert (seen[0].dtype, seen[0].shape) == (value.dtype, value.shape)


def test_code_of_a_table_makes_a_data_frame():
    seen = []
    table = Table({"model": ["a", "b"], "accuracy": np.array([0.5, 0.75])}, np.array([3, 1]))
    exec(call_code("best", (table,), {"tolerance": 0.1}), {"best": lambda frame, tolerance: seen.append(frame)})
    expected = pd.DataFrame({"model": ["a", "b"], "accuracy": [0.5, 0.75]}, index=[3, 1])
    pd.testing.assert_frame_equal(seen[0], expected, check_index_type=False)


@pytest.mark.parametrize("value", [np.arange(5_000), Handle("1", "Model"), "x" * 5_000, object()])
def test_what_is_long_or_stays_in_the_kernel_is_no_example(value):
    assert call_code("double", (value,), {}) == ""


def test_it_stays_short_whatever_is_answered():
    witness = Witness(in_full=True)
    deep = []
    for _ in range(50_000):
        deep = [deep]
    for came in (deep, "x" * 10**6, {"y" * 10**5: 1}):
        witness.note("`double(" + "1" * 10**5 + ")`", "double", ("z" * 10**5,), {}, came)
    evidence = witness.evidence(1)
    assert all(len(one.called) <= MAX_TEXT and len(one.came_back) <= MAX_TEXT for one in evidence.asked)
    assert all(len(one.code) <= MAX_EXAMPLE for one in evidence.asked)
