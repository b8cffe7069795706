"""Tables on a terminal, also on a narrow or colourless one."""

import io

import pytest
from rich.console import Console

from autograder.judge.verdict import CellVerdict, CheckResult, Outcome, Verdict
from autograder.report.console import ClassLine, class_table, verdict_tables


def printed(renderable, width=100):
    console = Console(width=width, color_system=None, file=io.StringIO())
    console.print(renderable)
    return console.file.getvalue()


def verdict(message="Called f. [red]3[/red] came back."):
    outcomes = zip(Outcome, (1.0, 0.0, 0.0, 0.5), strict=True)
    checks = tuple(
        CheckResult(f"c{outcome}", f"Claim {outcome}.", outcome, points, 1.0, message) for outcome, points in outcomes
    )
    return Verdict("doubling", (CellVerdict("check_[b]double", checks),), notes=("The kernel died.",))


@pytest.mark.parametrize("width", [50, 100])
def test_a_verdict_shows_all_without_colour(width):
    text = " ".join(printed(verdict_tables("a.ipynb", verdict()), width).split())
    for part in (
        "✓ passed",
        "✗ not passed",
        "? undecided",
        "– not tried",
        "Claim FAIL.",
        "0.5 of 1",
        "• The kernel died.",
    ):
        assert part in text
    assert "a.ipynb: 1.5 of 4 points by the checks" in text


def test_what_students_wrote_is_not_taken_for_markup():
    text = printed(verdict_tables("a.ipynb", verdict()))
    assert "[red]3[/red]" in text
    assert "check_[b]double" in text
    assert "[/oops]" in printed(class_table("x", [ClassLine("[/oops]", 1, 2, "graded", ("[/a]",))]))


def test_absent_is_a_dash_and_nothing_done_a_zero():
    lines = [ClassLine("ada", 0.0, 9.0, "graded"), ClassLine("ben", None, 0.0, "absent", ("There is no file.",))]
    rows = [line.split() for line in printed(class_table("homework", lines)).splitlines()]
    assert ["ada", "0", "of", "9", "graded"] in rows
    assert ["ben", "–", "absent", "There", "is", "no", "file."] in rows


def test_several_notebooks_have_a_column_each_and_notes_below():
    lines = [
        ClassLine("ada", 95.5, 100.0, "graded", ("late by 2.0 hours",), parts=(40.0, None, 25.5)),
        ClassLine("ben", None, 0.0, "absent"),
    ]
    parts = [("exercise 1", 40.0), ("exercise 2", 30.0), ("exercise 3", 30.0)]
    rows = [line.split() for line in printed(class_table("homework", lines, parts), width=80).splitlines()]
    assert ["student", "of", "40", "of", "30", "of", "30", "total", "outcome"] in rows
    assert ["ada", "40", "–", "25.5", "95.5", "of", "100", "graded"] in rows
    assert ["ben", "–", "–", "–", "–", "absent"] in rows
    assert rows.index(["ada", "late", "by", "2.0", "hours"]) > rows.index(["ben", "–", "–", "–", "–", "absent"])
