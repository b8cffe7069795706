"""Made-up tables of freezing strategies, and the slow way to the best row of one."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from autograder.judge.tables import Table


def best_fraction(columns: Mapping[str, Any], tolerance: float) -> float:
    """The fraction with the fewest parameters among rows within `tolerance` of the best; ties: the smaller fraction."""
    rows = zip(columns["fraction"], columns["trainable"], columns["val_accuracy"], strict=True)
    known = [row for row in rows if not math.isnan(row[2])]
    best = max(accuracy for _, _, accuracy in known)
    good = [(trainable, fraction) for fraction, trainable, accuracy in known if accuracy >= best - tolerance]
    return float(min(good)[1])


@st.composite
def strategy_tables(draw: st.DrawFn) -> tuple[Table, float]:
    """A table of freezing strategies and a tolerance; no accuracy lies closer than 0.004 to what is just good enough.

    The number of parameters does not always grow with the fraction, and rows come in any order. Whoever takes the
    tolerance as a share finds the same row: a check of its own charges that, not the luck of a draw.
    """
    fractions = draw(st.lists(st.integers(0, 8), min_size=1, max_size=6, unique=True))
    rows = len(fractions)
    trainable = draw(st.lists(st.integers(1, 40), min_size=rows, max_size=rows, unique=True))
    percent = draw(st.lists(st.integers(50, 80), min_size=rows, max_size=rows, unique=True))
    tolerance = draw(st.sampled_from([0.015, 0.055, 0.105, 0.155, 0.205]))
    columns = {
        "fraction": np.array(fractions) / 8,
        "trainable": 250 * np.array(trainable),
        "val_accuracy": np.array(percent) / 100,
        "seconds": np.array(draw(st.permutations(range(1, rows + 1)))) / 4,
    }
    as_share = tolerance * max(percent) / 100
    assume(best_fraction(columns, tolerance) == best_fraction(columns, as_share))
    return Table(columns), tolerance


def strategy_table(rows: Sequence[tuple[float, int, float]], *, filtered: bool = False) -> Table:
    """A table of these rows of fraction, trainable and val_accuracy; the seconds say nothing of the rest.

    Args:
        rows: One or more.
        filtered: Whether the rows are numbered as sorting and filtering leave them.
    """
    fraction, trainable, accuracy = (np.array(column) for column in zip(*rows, strict=True))
    seconds = np.arange(len(rows), 0, -1) / 4
    index = list(range(2 * len(rows) + 1, 1, -2)) if filtered else None
    columns = {"fraction": fraction, "trainable": trainable, "val_accuracy": accuracy, "seconds": seconds}
    return Table(columns, index)
