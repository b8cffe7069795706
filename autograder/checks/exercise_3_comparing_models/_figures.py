"""What the figures of the comparison are held against: the table that the notebook has."""

from collections.abc import Sequence

from autograder.checks.exercise_3_comparing_models._model_tables import COLUMNS, Row
from autograder.judge.figure_claims import refuse_nothing, what_points
from autograder.judge.figure_data import Best, Pairs, Unit, conclude, judge_match, plots_of
from autograder.judge.figure_words import names_in
from autograder.judge.figures import read_figures
from autograder.judge.submission import Submission

COUNTS = (Unit(1.0, 0.51), Unit(1e-3, 0.0501), Unit(1e-6, 0.0051), Unit(4e-6, 0.0501))
"""Also as the megabytes that they take up."""
MILLISECONDS = (Unit(1.0, 0.0501), Unit(1e-3), Unit(1_000.0, 0.51))


def expect_two_trade_offs_drawn(submission: Submission, rows: Sequence[Row] | None, names: Sequence[str]) -> None:
    """Expect that figures show accuracy against parameters and against milliseconds, each point named.

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
    refuse_nothing(shown, len(known) >= 2, expected)
    share = tuple(float(by_name[name]["val_accuracy"]) for name in known)
    table = {column: [float(by_name[name][column]) for name in known] for column in COLUMNS[1:]}
    findings: list[tuple[str, Best]] = []
    for column, called, units in (
        ("parameters", "the parameters", COUNTS),
        ("ms_per_image", "the milliseconds for an image", MILLISECONDS),
    ):
        best = Best()
        for match in plots_of(shown, Pairs(known, tuple(table[column]), share, units)):
            named = judge_match(match, lambda text: names_in(text, known), any_word=False, what="points")
            best.take(named, next(iter(match.found.values())).figure)
        findings.append((what_points(shown, table, column, called, known), best))
    findings.sort(key=lambda one: _rank(one[1]))
    for what, best in reversed(findings):  # what is plainly missing is said before what a person has to decide
        conclude(shown, best, what, expected)


def _rank(best: Best) -> int:
    return 3 if best.named is None else best.named.rank
