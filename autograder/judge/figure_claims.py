"""What the exercises claim about figures: each claim passes, fails, or is left to a person who sees the figure.

What decides is the data, held against what the notebook has measured.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograder.judge.checking import Failed, fail
from autograder.judge.figure_data import (
    Best,
    Match,
    Pairs,
    Unit,
    conclude,
    curves_in,
    find_curves,
    judge_match,
    plots_of,
    undecided,
)
from autograder.judge.figure_names import Named
from autograder.judge.figure_words import (
    fractions_in,
    networks_in,
    speaks_of_accuracy,
    speaks_of_time,
    trainings_in,
)
from autograder.judge.figures import Axes, Shown, read_figures
from autograder.judge.model_tables import COLUMNS, Row
from autograder.judge.submission import Submission
from autograder.kernels.values import Table

TRAININGS = ("baseline", "feature", "finetuned")
SECONDS = (Unit(1.0, 0.0501), Unit(1 / 60, 0.0051), Unit(1_000.0, 0.51))
COUNTS = (Unit(1.0, 0.51), Unit(1e-3, 0.0501), Unit(1e-6, 0.0051))
MILLISECONDS = (Unit(1.0, 0.0501), Unit(1e-3), Unit(1_000.0, 0.51))
_NOTHING = "no figure has been drawn"


def expect_trainings_drawn(submission: Submission) -> None:
    """Expect that figures show the validation accuracy of the three trainings of exercise 1, told apart by names.

    Raises:
        Failed: They do not.
        Undecided: A person has to look.
    """
    shown = read_figures(submission)
    expected = "three curves, the validation accuracy of each training, named baseline, feature and finetuned"
    if not shown.figures and not shown.unread:
        fail(_NOTHING, expected)
    records = _histories(submission)
    validation = {name: values for name in TRAININGS if (values := _metric(records.get(name), validation=True))}
    missing = [name for name in TRAININGS if name not in validation]
    if missing:
        what = f"`histories` has no validation accuracies of {', '.join(missing)}"
        if not validation:
            fail(f"{what}, so no figure can show them", expected)
        if not _is_recent(shown):
            fail(f"{_NOTHING}, and {what}", expected)
        undecided(f"There is a figure, but {what} to compare it with.")
    if len({value for values in validation.values() for value in values}) == 1:
        fail("the `histories` hold one and the same number throughout, which no training gives", expected)
    best = find_curves(shown, validation, trainings_in)
    counts = {name: curves_in(shown, values) for name, values in validation.items()}
    both = [*validation["feature"], *validation["finetuned"]]
    if best.named is None and counts["baseline"] and curves_in(shown, both):
        undecided("A figure shows feature extraction and fine-tuning as one curve.")
    nothing = not _is_recent(shown) and not any(counts.values())
    conclude(shown, best, _NOTHING if nothing else _what_curves(shown, records, counts), expected)


def _histories(submission: Submission) -> dict[str, Any]:
    try:
        found = submission.read("histories")
    except Failed:
        return {}
    return {str(name): history_in(record) for name, record in found.items()} if isinstance(found, Mapping) else {}


def history_in(record: Any) -> Any:
    """Return a history as metrics by name, also one that was made a data frame."""
    return record.columns if isinstance(record, Table) else record


def _metric(record: Any, *, validation: bool) -> list[float]:
    """The accuracies of a history, under whatever name their metric has."""
    if not isinstance(record, Mapping):
        return []
    names = [name for name in map(str, record) if "acc" in name and name.startswith("val_") == validation]
    names.sort(key=lambda name: name.removeprefix("val_") != "accuracy")
    try:
        values = [float(value) for value in np.asarray(record[names[0]], float).reshape(-1)] if names else []
    except (TypeError, ValueError):
        return []
    return values if all(np.isfinite(values)) else []


def _is_recent(shown: Shown) -> bool:
    """Whether there is a figure that may be meant: earlier ones belong to other cells."""
    return bool(shown.unread or shown.recent)


def _what_curves(shown: Shown, records: Mapping[str, Any], counts: Mapping[str, int]) -> str:
    training = {name: values for name in TRAININGS if (values := _metric(records.get(name), validation=False))}
    there = [name for name, count in counts.items() if count]
    swapped = [name for name, values in training.items() if not counts.get(name) and curves_in(shown, values)]
    if swapped:
        return f"a curve shows the training accuracy of {swapped[0]}, and none its validation accuracy"
    if there:
        lacking = [name for name in counts if name not in there]
        if not lacking:
            return "the curves of the three trainings are not three curves of their own"
        return f"no curve shows the validation accuracies of {' and '.join(lacking)} that are in `histories`"
    return "no curve shows the validation accuracies that are in `histories`"


def expect_times_drawn(submission: Submission, columns: Mapping[str, Sequence[float]] | None) -> None:
    """Expect that a figure shows accuracy against time for each fraction of exercise 2, named, with named axes.

    Args:
        submission: Whose figures.
        columns: The columns of its `table`, or None if it has none that can be read.

    Raises:
        Failed: It does not.
        Undecided: A person has to look.
    """
    shown = read_figures(submission)
    expected = "a point for each strategy, accuracy against the seconds in `table`, each named by its fraction"
    _refuse_nothing(shown, columns is not None, expected)
    table = columns or {}
    fractions = list(table["fraction"])
    keys = tuple(f"{fraction:g}" for fraction in fractions)
    best = Best()
    for match in plots_of(shown, Pairs(keys, tuple(table["seconds"]), tuple(table["val_accuracy"]), SECONDS)):
        named = judge_match(match, lambda text: fractions_in(text, fractions), any_word=False, what="points")
        first = next(iter(match.found.values()))
        best.take(max(named, _axes_named(match), key=lambda one: one.rank), first.figure)
    conclude(shown, best, _what_points(shown, table, "seconds", keys), expected)


def _axes_named(match: Match) -> Named:
    """Judge whether a plot says what is measured at each axis: at the axis, or in another text of the figure."""
    spot = next(iter(match.found.values()))
    axes, other = spot.axes, match.twin or spot.axes
    time, share = (axes.xlabel, other.ylabel) if match.is_upright else (axes.ylabel, other.xlabel)
    if match.twin is not None:  # both stand upright, or both lie, over a common third
        time, share = (axes.xlabel, other.xlabel) if match.is_upright else (axes.ylabel, other.ylabel)
    words = _words_of(axes, spot.figure.words) + (_words_of(other, ()) if other is not axes else "")
    is_named_right = speaks_of_time(time) or speaks_of_accuracy(share)
    if speaks_of_accuracy(time) and speaks_of_time(share) and not is_named_right:
        return Named(f"the axis of the seconds is named {time[:40]!r}, that of the accuracy {share[:40]!r}")
    for label, speaks, what in ((time, speaks_of_time, "time"), (share, speaks_of_accuracy, "accuracy")):
        if not label.strip() and not speaks(words):
            has_words = bool((axes.title + "".join(spot.figure.words)).strip())
            return Named(f"no axis is named as the {what}", is_doubtful=has_words)
    return Named()


def _words_of(axes: Axes, more: Sequence[str]) -> str:
    ticks = (text for some in axes.ticks for _, text in some)
    return " ".join((*axes.words, *ticks, *more))


def expect_two_trade_offs_drawn(submission: Submission, rows: Sequence[Row] | None, names: Sequence[str]) -> None:
    """Expect that figures of exercise 3 show accuracy against parameters and against milliseconds, each point named.

    Args:
        submission: Whose figures.
        rows: Of its `table`, or None if it has none that can be read.
        names: Of the networks that are compared.

    Raises:
        Failed: They do not.
        Undecided: A person has to look.
    """
    shown = read_figures(submission)
    expected = "two plots with the networks by name: accuracy against parameters, and against milliseconds for an image"
    by_name = {str(row["name"]): row for row in rows or ()}
    known = tuple(name for name in names if name in by_name)
    _refuse_nothing(shown, len(known) >= 2, expected)
    share = tuple(float(by_name[name]["val_accuracy"]) for name in known)
    table = {column: [float(by_name[name][column]) for name in known] for column in COLUMNS[1:]}
    findings: list[tuple[str, Best]] = []
    for column, units in (("parameters", COUNTS), ("ms_per_image", MILLISECONDS)):
        best = Best()
        for match in plots_of(shown, Pairs(known, tuple(table[column]), share, units)):
            named = judge_match(match, lambda text: networks_in(text, known), any_word=False, what="points")
            best.take(named, next(iter(match.found.values())).figure)
        findings.append((_what_points(shown, table, column, known), best))
    findings.sort(key=lambda one: _rank(one[1]))
    for what, best in reversed(findings):  # what is plainly missing is said before what a person has to decide
        conclude(shown, best, what, expected)


def _rank(best: Best) -> int:
    return 3 if best.named is None else best.named.rank


def _refuse_nothing(shown: Shown, has_table: bool, expected: str) -> None:
    if not shown.figures and not shown.unread:
        fail(_NOTHING, expected)
    if not has_table:
        fail("there is no `table` whose numbers a figure could show", expected)


_IN_WORDS = {"seconds": "the seconds", "parameters": "the parameters", "ms_per_image": "the milliseconds for an image"}


def _what_points(shown: Shown, table: Mapping[str, Sequence[float]], column: str, keys: Sequence[str]) -> str:
    """What to say if no plot shows accuracy against a column: which one it shows instead."""
    if not _is_recent(shown):
        return _NOTHING
    share = tuple(table["val_accuracy"])
    for other in (name for name in table if name not in (column, "val_accuracy")):
        values = tuple(table[other])
        units = (Unit(1.0), Unit(100.0), Unit(1e-6))
        if len(set(values)) > 1 and plots_of(shown, Pairs(tuple(keys), values, share, units)):
            return f"a plot shows accuracy against `{other}`, none against {_IN_WORDS[column]} in `table`"
    return f"no plot shows accuracy against {_IN_WORDS[column]}, with the numbers in `table`"
