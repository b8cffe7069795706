"""What claims about figures have in common: each passes, fails, or is left to a person who sees the figure.

What decides is the data, held against what the notebook has measured.
"""

from collections.abc import Mapping, Sequence

from autograder.judge.checking import fail
from autograder.judge.figure_data import Pairs, Unit, plots_of
from autograder.judge.figures import Shown

NOTHING = "no figure that holds data has been drawn for this task"
"""Earlier tasks draw figures of their own, and some are empty."""


def is_recent(shown: Shown) -> bool:
    """Whether there is a figure that may be meant: earlier ones belong to other cells."""
    return bool(shown.unread or shown.recent)


def refuse_nothing(shown: Shown, has_table: bool, expected: str) -> None:
    """Expect a figure, and a `table` that it can be held against.

    Raises:
        Failed: One of them is missing.
    """
    if not shown.figures and not shown.unread:
        fail(NOTHING, expected)
    if not has_table:
        fail("there is no `table` whose numbers a figure could show", expected)


def what_points(
    shown: Shown, table: Mapping[str, Sequence[float]], column: str, called: str, keys: Sequence[str]
) -> str:
    """Say that no plot shows accuracy against a column, and which one it shows instead.

    Args:
        shown: The figures.
        table: Columns of numbers; accuracies in `val_accuracy`.
        column: The one that is wanted.
        called: How that is called in a sentence.
        keys: Names of the rows.
    """
    if not is_recent(shown):
        return NOTHING
    share = tuple(table["val_accuracy"])
    for other in (name for name in table if name not in (column, "val_accuracy")):
        values = tuple(table[other])
        units = (Unit(1.0), Unit(100.0), Unit(1e-6))
        if len(set(values)) > 1 and plots_of(shown, Pairs(tuple(keys), values, share, units)):
            return f"a plot shows accuracy against `{other}`, none against {called} in `table`"
    return f"no plot shows accuracy against {called}, with the numbers in `table`"
