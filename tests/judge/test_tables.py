"""Tables: every way a student may write one is read alike, and what is none is said."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from autograder.judge.checking import Failed, sentence
from autograder.judge.submission import Answer
from autograder.judge.tables import column_of_numbers, expect_table, expect_table_untouched, rows_of
from autograder.kernels import probe
from autograder.kernels.values import Decoder, Encoder, Table

COLUMNS = {"name": ["a", "b", "c"], "parameters": [30, 20, 10], "accuracy": [0.5, float("nan"), 0.75]}
FRAME = pd.DataFrame(COLUMNS)


def across(value: Any) -> Any:
    encoder = Encoder()
    return Decoder(encoder.buffers).decode(encoder.encode(value))


WRITTEN = {
    "data frame": FRAME,
    "with a column more, in another order": FRAME.assign(seconds=1.0)[["seconds", "accuracy", "name", "parameters"]],
    "with other row numbers": FRAME.set_index(pd.Index([7, 5, 3])),
    "with names as its index": FRAME.set_index("name"),
    "with categories": FRAME.astype({"name": "category"}),
    "list of rows": FRAME.to_dict("records"),
    "list of columns": COLUMNS,
    "columns of arrays": {name: np.array(column) for name, column in COLUMNS.items()},
    "rows of NumPy scalars": [
        {"name": row[1], "parameters": np.int32(row[2]), "accuracy": row[3]} for row in FRAME.itertuples()
    ],
}


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
def test_a_table_is_read_however_it_is_written(written: Any) -> None:
    table = expect_table(across(written), ("accuracy", "name", "parameters"), "the table")

    assert list(table.columns) == ["accuracy", "name", "parameters"]
    assert table.columns["name"] == ["a", "b", "c"]
    assert table.columns["parameters"] == [30, 20, 10]
    assert np.array_equal(table.columns["accuracy"], COLUMNS["accuracy"], equal_nan=True)
    assert [row["name"] for row in rows_of(table)] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (None, "The answer came back as None. Expected a table (a pandas DataFrame). Try: does the function end with"),
        (3, "came back as 3"),
        ([1, 2], "a table (a pandas DataFrame)"),
        ([], "a table"),
        ([{"name": "a"}, {"parameters": 1}], "The answer has `name` in 1 of its 2 rows only. Expected it in each row."),
        ([{"other": "a"}, {"parameters": 1}], "has no columns"),
        (FRAME.drop(columns="accuracy"), "also accuracy"),
        ({**COLUMNS, "accuracy": [0.5]}, "different lengths"),
        ({**COLUMNS, "accuracy": 0.5}, "one entry a row"),
    ],
    ids=str,
)
def test_what_is_no_table_is_said(written: Any, said: str) -> None:
    with pytest.raises(Failed) as caught:
        expect_table(across(written), ("name", "parameters", "accuracy"), "the answer", "`f()`")
    assert said in sentence(caught.value, "")


def test_numbers_of_a_column_are_finite() -> None:
    table = expect_table(across(FRAME), tuple(COLUMNS), "the table")

    assert column_of_numbers(table, "parameters", "the table") == [30.0, 20.0, 10.0]
    with pytest.raises(Failed, match="`accuracy` in row 2 of the table is nan"):
        column_of_numbers(table, "accuracy", "the table")


def test_the_kernel_gets_a_data_frame_and_gives_it_back() -> None:
    seen: list[Any] = []

    def keep(table: Any) -> Any:
        seen.append(table.copy())
        table["accuracy"] = 0.0
        return table

    encoder = Encoder()
    content = {
        "op": "call",
        "name": "keep",
        "args": [encoder.encode(Table(COLUMNS))],
        "kwargs": {},
        "inputs_after": True,
    }
    reply, buffers = probe.handle(content, encoder.buffers, {"keep": keep})

    pd.testing.assert_frame_equal(seen[0], FRAME)
    decoder = Decoder(buffers)
    returned, after = decoder.decode(reply["returned"]), decoder.decode(reply["inputs_after"])
    assert expect_table(returned, ("name", "accuracy"), "the table").columns["accuracy"] == [0.0] * 3
    with pytest.raises(Failed, match="changed in place"):
        expect_table_untouched(Answer("`keep(table)`", inputs_after=tuple(after)), Table(COLUMNS))


def test_a_table_left_alone_is_found_so() -> None:
    answer = Answer("`f(table)`", inputs_after=([across(FRAME)], {}))

    expect_table_untouched(answer, Table(COLUMNS))
    with pytest.raises(Failed, match="changed in place"):
        expect_table_untouched(answer, Table({**COLUMNS, "name": ["a", "b", "d"]}))
    with pytest.raises(Failed, match="changed in place"):
        expect_table_untouched(answer, Table({**COLUMNS, "size": [1, 2, 3]}))


@pytest.mark.parametrize("index", [None, [5, 3]])
def test_a_table_keeps_the_numbers_of_its_rows(index):
    given = Table({"size": [1, 2]}, index)
    encoder = Encoder()
    node = encoder.encode(given)
    frame = Decoder(encoder.buffers, make_table=lambda table: pd.DataFrame(table.columns, index=table.index)).decode(
        node
    )
    assert list(frame.index) == (index or [0, 1])

    def left(frame):
        encoder = Encoder()
        node = encoder.encode([[frame], {}])
        after, keywords = Decoder(encoder.buffers).decode(node)
        return Answer("`keep(table)`", inputs_after=(after, keywords))

    expect_table_untouched(left(frame), given)
    with pytest.raises(Failed, match="changed in place"):
        expect_table_untouched(left(frame.iloc[::-1].set_axis([8, 9])), given)
