"""Made-up tables of models: what functions that compare models are asked about."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from autograder.judge.checking import fail
from autograder.judge.comparators import number
from autograder.judge.tables import Table

COLUMNS = ("name", "parameters", "seconds_per_epoch", "val_accuracy", "ms_per_image")
"""Columns of a comparison of models."""
Row = dict[str, Any]
WORST = "worst"
_NAMES = ("ash", "bay", "elm", "fir", "gum", "haw", "ivy", "kei", "lim", "nut", "oak", "yew")

EXAMPLE: list[Row] = [
    dict(zip(COLUMNS, cells, strict=True))
    for cells in (
        ("oak", 400, 2.0, 0.75, 4.0),
        ("elm", 300, 1.0, 0.8, 3.0),
        ("fir", 100, 3.0, 0.7, 2.0),
        ("ash", 100, 1.5, 0.7, 3.0),
    )
]
"""A small table for questions that need no variety: two rows are beaten, two tied."""


def table_of(rows: Sequence[Row], *, filtered: bool = False) -> Table:
    """Make a table of rows that have the same entries.

    Args:
        rows: One or more.
        filtered: Whether its rows are numbered as sorting and filtering leave them.
    """
    index = list(range(2 * len(rows) + 1, 1, -2)) if filtered else None
    return Table({name: [row[name] for row in rows] for name in rows[0]}, index)


def expect_same_row(found: Row, given_row: Row, called: str) -> None:
    """Expect that a row came back with the numbers it was given with.

    Raises:
        Failed: A number differs, or is none.
    """
    for column in COLUMNS[1:]:
        value = number(found[column], f"`{column}` of {given_row['name']}", called)
        if abs(value - given_row[column]) > 1e-9 * abs(given_row[column]):
            came = f"`{column}` of {given_row['name']} came back as {value:g}"
            fail(came, f"{given_row[column]:g}, as it was given", called=called)


@st.composite
def distinct_models(draw: st.DrawFn, smallest: int = 3, largest: int = 9) -> list[Row]:
    """Rows in which no two numbers of a column are equal; their order says nothing about their names."""
    count = draw(st.integers(smallest, largest))
    names = draw(st.permutations(_NAMES))[:count]

    def column(least: int, most: int) -> list[int]:
        return draw(st.lists(st.integers(least, most), min_size=count, max_size=count, unique=True))

    numbers = zip(column(10_000, 9_000_000), column(1, 400), column(100, 999), column(1, 160), strict=True)
    return [_row(name, *values) for name, values in zip(names, numbers, strict=True)]


@st.composite
def tied_models(draw: st.DrawFn, smallest: int = 4, largest: int = 9) -> list[Row]:
    """Rows in which many numbers are equal, but no two rows in all three of accuracy, parameters and milliseconds."""
    few = st.integers(0, 2)
    triples = draw(st.lists(st.tuples(few, few, few), min_size=smallest, max_size=largest, unique=True))
    return _of_triples(draw, triples)


@st.composite
def close_models(draw: st.DrawFn, smallest: int = 4, largest: int = 8) -> list[Row]:
    """The same with numbers that differ by so little that only those who compare them as they are see it."""
    few = st.integers(0, 2)
    triples = draw(st.lists(st.tuples(few, few, few), min_size=smallest, max_size=largest, unique=True))
    rows = _of_triples(draw, triples)
    for row, (size, accuracy, time) in zip(rows, triples, strict=True):
        row |= {
            "parameters": 138_357_544 + size,
            "val_accuracy": 0.75 + accuracy * 2**-36,
            "ms_per_image": 1.5 + time * 2**-35,
        }
    return rows


def _of_triples(draw: st.DrawFn, triples: list[tuple[int, int, int]]) -> list[Row]:
    names = draw(st.permutations(_NAMES))[: len(triples)]
    seconds = draw(st.permutations(range(1, 40)))
    return [
        _row(name, 20_000 * (1 + size), second, 700 + 25 * accuracy, 8 + 4 * time)
        for name, second, (size, accuracy, time) in zip(names, seconds, triples, strict=False)
    ]


@st.composite
def repeated_models(draw: st.DrawFn) -> tuple[list[Row], list[Row]]:
    """Rows of which no two are equal, and the same with copies of some under other names, in any order."""
    rows = draw(tied_models(smallest=3, largest=4))
    copied = [rows[0], *draw(st.lists(st.sampled_from(rows), min_size=1, max_size=4))]
    unused = [name for name in _NAMES if name not in {row["name"] for row in rows}]
    copies = [row | {"name": name} for row, name in zip(copied, unused, strict=False)]
    return rows, list(draw(st.permutations([*rows, *copies])))


def with_worst(rows: Sequence[Row], place: int) -> list[Row]:
    """Put a row among them, called `worst`, that is worse than every other in everything."""
    worst = _row(
        WORST,
        2 * max(row["parameters"] for row in rows),
        8 * 60,
        round(500 * min(row["val_accuracy"] for row in rows)),
        round(32 * max(row["ms_per_image"] for row in rows)),
    )
    place %= len(rows) + 1
    return [*rows[:place], worst, *rows[place:]]


def _row(name: str, parameters: int, seconds: int, accuracy: int, milliseconds: int) -> Row:
    cells = (name, parameters, seconds / 8, accuracy / 1000, milliseconds / 16)
    return dict(zip(COLUMNS, cells, strict=True))
