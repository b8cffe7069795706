"""Tables on check pages: whatever a student calls a table, read by column.

A DataFrame, a list of dictionaries (one a row) and a dictionary of lists (one a column) are as good as each other.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.judge.checking import fail
from autograder.judge.comparators import number
from autograder.judge.submission import Answer
from autograder.judge.wording import brief, ordinal_list
from autograder.kernels.values import Table

__all__ = ["Table", "column_of_numbers", "expect_table", "expect_table_untouched", "list_of_texts", "rows_of"]


def expect_table(value: Any, columns: Sequence[str], what: str, called: str = "") -> Table:
    """Read a table that came back; further columns are no mistake and are left out.

    Args:
        value: What came back.
        columns: Names of the columns it has to have, in any order.
        what: Name of it, for the message.
        called: The call, for the message.

    Returns:
        The columns asked for, in the order asked for, each as a list of plain values.

    Raises:
        Failed: It is no table, or has no such column, or columns of different lengths.
    """
    found = _by_column(value, what, called)
    missing = [name for name in columns if name not in found]
    if missing:
        rows = 0 if isinstance(value, dict | Table) else sum(missing[0] in row for row in value)
        if rows:
            fail(f"{what} has `{missing[0]}` in {rows} of its {len(value)} rows only", "it in each row", called=called)
        have = f"has the columns {ordinal_list(sorted(found))}" if found else "has no columns"
        fail(f"{what} {have}", f"also {ordinal_list(missing)}", called=called)
    wanted = {name: _as_list(found[name], f"the column `{name}` of {what}", called) for name in columns}
    lengths = {name: len(column) for name, column in wanted.items()}
    if len(set(lengths.values())) > 1:
        fail(f"the columns of {what} have different lengths: {lengths}", "one entry a row in each", called=called)
    return Table(wanted)


def rows_of(table: Table) -> list[dict[str, Any]]:
    """Turn a table around: one dictionary a row."""
    return [dict(zip(table.columns, values, strict=True)) for values in zip(*table.columns.values(), strict=True)]


def column_of_numbers(table: Table, name: str, what: str, called: str = "") -> list[float]:
    """Return a column as finite numbers.

    Raises:
        Failed: An entry is text, a boolean, NaN or infinite.
    """
    return [
        number(entry, f"`{name}` in row {row + 1} of {what}", called) for row, entry in enumerate(table.columns[name])
    ]


def list_of_texts(value: Any, what: str, called: str = "") -> list[str]:
    """Return texts that came back as a list, an array, or a table of one column.

    Raises:
        Failed: They are none.
    """
    if isinstance(value, Table) and len(value.columns) == 1:
        value = next(iter(value.columns.values()))
    entries = _as_list(value, what, called)
    wrong = next((entry for entry in entries if not isinstance(entry, str)), None)
    if wrong is not None:
        fail(f"{what} holds {brief(wrong)}", "texts", called=called)
    return entries


def expect_table_untouched(answer: Answer, given: Table, position: int = 0) -> None:
    """Expect that a call left a table it was given as it was; the call must have been made with `inputs_after=True`.

    Args:
        answer: Of the call.
        given: The table.
        position: Which positional argument it was.

    Raises:
        Failed: Its columns, their order or an entry differ.
    """
    after = answer.inputs_after[0] if answer.inputs_after else []
    left = after[position] if position < len(after) else None
    same = (
        isinstance(left, Table)
        and list(left.columns) == list(given.columns)
        and all(_same_column(left.columns[name], given.columns[name]) for name in given.columns)
        and np.array_equal(_rows(left), _rows(given))
    )
    if not same:
        fail("the table given to it was changed in place", "a table left as it was", called=answer.called)


def _rows(table: Table) -> Any:
    return "from 0" if table.index is None else np.asarray(table.index)


def _by_column(value: Any, what: str, called: str) -> dict[str, Any]:
    if isinstance(value, Table):
        return dict(value.columns)
    if isinstance(value, dict):
        return {str(name): column for name, column in value.items()}
    if isinstance(value, list | tuple) and value and all(isinstance(row, dict) for row in value):
        names = [name for name in value[0] if all(name in row for row in value)]
        return {str(name): [row[name] for row in value] for name in names}
    came = "came back as" if called else "is"
    return fail(f"{what} {came} {brief(value)}", "a table (a pandas DataFrame)", called=called)


def _as_list(column: Any, what: str, called: str) -> list[Any]:
    if isinstance(column, np.ndarray):
        column = column.tolist() if column.ndim else None
    if not isinstance(column, list | tuple):
        fail(f"{what} is {brief(column)}", "one entry a row", called=called)
    return [entry.item() if isinstance(entry, np.ndarray) and entry.size == 1 else entry for entry in column]


def _same_column(left: Any, given: Any) -> bool:
    first, second = np.asarray(left), np.asarray(given)
    numbers = first.dtype.kind in "iuf" and second.dtype.kind in "iuf"
    return first.shape == second.shape and bool(np.array_equal(first, second, equal_nan=numbers))
