"""What a class run came to, as a person reads it on a terminal: a line a student, and a summary."""

from collections import Counter
from collections.abc import Sequence

from rich.console import RenderableType

from autograder.classes.classrun import StudentResult
from autograder.gradebook.changes import confirming
from autograder.gradebook.feedback import points_text
from autograder.gradebook.rows import NotebookRow
from autograder.report.console import ClassLine, class_table

_MOST_NOTES = 6


def results_table(title: str, results: Sequence[StudentResult]) -> RenderableType:
    """Return what a class run says about everybody as a table, with a column a notebook if there are several.

    Args:
        title: What was graded.
        results: One a student.
    """
    most = {name: found.max_points for result in results for name, found in result.row.notebooks.items()}
    names = sorted(most) if len(most) > 1 else []
    parts = [(_heading(name), most[name]) for name in names]
    return class_table(title, [class_line(result, names) for result in results], parts)


def class_line(result: StudentResult, notebooks: Sequence[str] = ()) -> ClassLine:
    """Return a student's line in the table of a class run.

    Args:
        result: What the run says about the student.
        notebooks: The notebooks that have a column each.
    """
    row = result.row
    notes = [result.problem] if result.problem else []
    notes += _late(row.seconds_late, row.penalty)
    notes += [
        f"changed by hand, {change.in_words}"
        + ("" if change.confirmed_at else f"; {confirming(change.assignment, row.student)} lets it count")
        for change in row.changed
    ]
    if row.undecided:
        notes.append(f"to be decided by hand in formgrader: {', '.join(row.undecided)}")
    notes += result.notes
    if len(notes) > _MOST_NOTES:
        notes[_MOST_NOTES - 1 :] = [f"… and {len(notes) - _MOST_NOTES + 1} more, on the feedback pages"]
    return ClassLine(
        student=row.student,
        points=None if row.is_absent or result.problem else row.points,
        max_points=sum(notebook.max_points for notebook in row.notebooks.values()),
        outcome=_outcome(result),
        notes=tuple(notes),
        needs_attention=bool(result.problem or row.undecided or is_unconfirmed(result)),
        parts=tuple(_points_of(row.notebooks.get(name)) for name in notebooks),
    )


def _points_of(row: NotebookRow | None) -> float | None:
    return row.points if row is not None and row.is_handed_in else None


def _heading(notebook: str) -> str:
    """The words of a notebook's name up to its number: `exercise 1`."""
    words = notebook.split("_")
    number = next((place for place, word in enumerate(words) if word.isdigit()), len(words) - 1)
    return " ".join(words[: number + 1])


def _outcome(result: StudentResult) -> str:
    if result.problem:
        return "not graded"
    if result.row.is_absent:
        return "absent"
    if is_unconfirmed(result):
        return "changed by hand"
    if result.row.undecided:
        return "undecided"
    return "written answers open" if result.row.to_grade else "graded"


def is_unconfirmed(result: StudentResult) -> bool:
    """Whether somebody changed a judged cell by hand, and nobody has confirmed it.

    Args:
        result: What the run says about the student.
    """
    return any(not change.confirmed_at for change in result.row.changed)


def _late(seconds: float, penalty: float) -> list[str]:
    if seconds <= 0:
        return []
    hours = seconds / 3600
    amount = (
        f"{hours / 24:.1f} days"
        if hours >= 48
        else f"{hours:.1f} hours"
        if hours >= 1
        else f"{seconds / 60:.0f} minutes"
    )
    return [f"late by {amount}{f', {points_text(penalty)} points off' if penalty else ''}"]


def summary(results: Sequence[StudentResult]) -> str:
    """Return how many students are how far, and what many notebooks miss, in lines.

    Args:
        results: One a student.
    """
    outcomes = Counter(_outcome(result) for result in results)
    counted = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
    said = f"{len(results)} student{'s' if len(results) != 1 else ''}: {counted or 'nobody has handed anything in'}."
    return "\n".join([said, *_missing(results)])


def _missing(results: Sequence[StudentResult]) -> list[str]:
    """Say which modules notebooks import that there are not: one that many ask for should be there."""
    counted = Counter(name for result in results for name in result.missing)
    return [
        f"{count} notebook{'s import' if count != 1 else ' imports'} `{name}`, which the kernel environment does not "
        "have; if it is a package that your students have, add it (see CONTRIBUTING.md) and grade with --force."
        for name, count in counted.most_common()
    ]
