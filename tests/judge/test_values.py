"""Values cross the border unchanged, and nothing malformed gets in."""

import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from autograder.judge.checking import Failed
from autograder.judge.comparators import number
from autograder.judge.tables import column_of_numbers
from autograder.kernels.values import (
    Decoder,
    Encoder,
    Foreign,
    Handle,
    ProtocolError,
    Table,
    array_from_bytes,
    array_to_bytes,
)

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**200), 2**200) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


def there_and_back(value: Any) -> Any:
    encoder = Encoder()
    node = json.loads(json.dumps(encoder.encode(value)))
    return Decoder(encoder.buffers).decode(node)


@given(PLAIN)
@settings(max_examples=60, deadline=None)
def test_plain_values_come_back_as_they_were(value: Any) -> None:
    assert there_and_back(value) == value


@given(
    npst.arrays(
        st.sampled_from(["uint8", "int64", "float32", "float64", "bool", "<U4"]),
        npst.array_shapes(min_dims=0, max_dims=4, min_side=0),
    )
)
@settings(max_examples=60, deadline=None)
def test_arrays_come_back_bit_for_bit(array: np.ndarray[Any, Any]) -> None:
    back = there_and_back(array)

    assert back.dtype == array.dtype
    assert back.shape == array.shape
    assert back.tobytes() == array.tobytes()


def test_fortran_order_and_not_a_number_survive() -> None:
    array = np.asfortranarray([[1.0, float("nan"), -0.0], [float("inf"), 2.0, 3.0]])

    np.testing.assert_array_equal(there_and_back(array), array)


def test_a_data_frame_becomes_a_table() -> None:
    table = there_and_back(pd.DataFrame({"name": ["a", "b"], "accuracy": [0.5, 1.0]}))

    assert isinstance(table, Table)
    assert table.columns["name"] == ["a", "b"]
    assert table.columns["accuracy"].tolist() == [0.5, 1.0]


@pytest.mark.parametrize("value", [(n for n in range(0)), object(), lambda: None, np.ma, 2**1000])
def test_what_cannot_be_carried_is_named(value: object) -> None:
    assert isinstance(there_and_back(value), Foreign)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("0.75"), 0.75),
        (Decimal(3), 3),
        (Fraction(3, 4), 0.75),
        (Fraction(8, 4), 2),
        (np.float16(0.5), 0.5),
        (np.array(7), 7),
        (np.array([0.25]), 0.25),
        (np.longdouble(0.5), 0.5),
        (pd.Series([0.1, 0.75]).iloc[-1], 0.75),
        (pd.Series([3, 4], dtype="Int64").max(), 4),
        (tf.constant(0.75), 0.75),
        (tf.Variable(3), 3),
        (tf.constant(0.5, tf.bfloat16), 0.5),
    ],
)
def test_a_number_of_any_type_is_a_number(value: Any, expected: float) -> None:
    assert number(there_and_back(value), "the answer") == expected
    assert number(there_and_back([value])[0], "the answer") == expected
    table = there_and_back(pd.DataFrame({"column": [value, value]}))
    assert column_of_numbers(table, "column", "the table") == [expected, expected]


def test_numbers_in_a_series_of_objects_are_numbers() -> None:
    for series in (pd.Series([Decimal("0.5"), Fraction(1, 4)]), pd.Series([0.5, 0.25], dtype="Float64")):
        assert list(there_and_back(series)) == [0.5, 0.25]


def test_what_is_no_number_does_not_become_one() -> None:
    for value in (Decimal("nan"), Decimal("inf"), True, "1", 1j, pd.NA, Decimal("sNaN"), np.datetime64("2026-01-01")):
        with pytest.raises(Failed, match="the answer"):
            number(there_and_back(value), "the answer")


def test_a_repr_that_raises_does_not_stop_the_encoder() -> None:
    class Rude:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    assert "Rude" in there_and_back(Rude()).text


def test_endless_nesting_is_cut() -> None:
    loop: list[Any] = []
    loop.append(loop)

    assert there_and_back(loop)


def test_handles_are_resolved_by_the_receiver() -> None:
    assert (
        Decoder([], lambda handle: handle.id.upper()).decode({"k": "handle", "id": "h1", "type": "Sequential"}) == "H1"
    )
    assert Decoder([]).decode({"k": "handle", "id": "h1", "type": "Sequential"}) == Handle("h1", "Sequential")


@pytest.mark.parametrize(
    "node",
    [
        7,
        {},
        {"k": "pickle", "v": "gASV"},
        {"k": "int", "v": "1" * 5000},
        {"k": "int", "v": "__import__('os')"},
        {"k": "array", "i": 3},
        {"k": "array", "i": -1},
        {"k": "array", "i": True},
        {"k": "list", "v": 5},
        {"k": "dict", "v": [[1]]},
        {"k": "bool", "v": "yes"},
        {"k": "float", "v": "1e5"},
    ],
)
def test_malformed_nodes_are_refused(node: Any) -> None:
    with pytest.raises(ProtocolError):
        Decoder([b"not an array"]).decode(node)


def test_nodes_nested_too_deeply_are_refused() -> None:
    node: dict[str, Any] = {"k": "none"}
    for _ in range(1_000):
        node = {"k": "list", "v": [node]}

    with pytest.raises(ProtocolError, match="nested too deeply"):
        Decoder([]).decode(node)


def header(text: str) -> bytes:
    padded = text + " " * (118 - len(text) - 1) + "\n"
    return b"\x93NUMPY\x01\x00" + len(padded).to_bytes(2, "little") + padded.encode()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "header cannot be read"),
        (b"\x93NUMPY\x01\x00\xff\xff", "header cannot be read"),
        (header("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}") + b"x" * 8, "is not carried"),
        (header("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999,)}"), "bytes came"),
        (header("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}"), "is not carried"),
        (header("{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}") + b"x" * 8, "bytes came"),
        (header("__import__('os').system('true')"), "header cannot be read"),
    ],
)
def test_array_bytes_that_lie_are_refused(data: bytes, words: str) -> None:
    with pytest.raises(ProtocolError, match=words):
        array_from_bytes(data)


def test_a_pickled_array_is_refused() -> None:
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        array_to_bytes(np.array([object()]))
