"""Verdicts and class runs as tables on a terminal."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from autograder.judge.verdict import CellVerdict, CheckResult, Outcome, Verdict
from autograder.report.visible import visible

# A mark and a word each: colour alone tells nobody on a plain terminal.
_LOOKS = {
    Outcome.PASS: ("✓ passed", "green"),
    Outcome.FAIL: ("✗ not passed", "red"),
    Outcome.ERROR: ("? undecided", "yellow"),
    Outcome.SKIPPED: ("– not tried", "dim"),
}


@dataclass(frozen=True)
class ClassLine:
    """One student in the table of a class run."""

    student: str
    points: float | None
    """None for a student who handed in nothing, which is not 0."""
    max_points: float
    outcome: str
    """A word or two: `graded`, `absent`, `not graded`, …"""
    notes: tuple[str, ...] = ()
    needs_attention: bool = False
    parts: tuple[float | None, ...] = ()
    """Points of each notebook, None for one that was not handed in."""


def verdict_tables(notebook: str, verdict: Verdict) -> RenderableType:
    """Return a notebook's verdict as a table for each judged cell.

    Args:
        notebook: The notebook's file name.
        verdict: The verdict on it.
    """
    total = Text(
        f"{visible(notebook)}: {_share(verdict.points, verdict.max_points)} points by the checks", style="bold"
    )
    notes = [Text(f"• {visible(note)}") for note in verdict.notes]
    return Group(*(_cell_table(cell) for cell in verdict.cells), *notes, total)


def class_table(title: str, lines: Iterable[ClassLine], parts: Sequence[tuple[str, float]] = ()) -> RenderableType:
    """Return a class run as a table.

    Args:
        title: What was graded.
        lines: One line a student.
        parts: Name and full points of each notebook, where there are several; each gets a column of its own.
    """
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("student", no_wrap=True)
    for name, max_points in parts:
        table.add_column(f"{escape(name)}\nof {_plain(max_points)}", justify="right", no_wrap=True)
    table.add_column("total" if parts else "points", justify="right", no_wrap=True)
    table.add_column("outcome", no_wrap=True)
    if not parts:
        table.add_column("notes", overflow="fold")
    below = Table.grid(padding=(0, 2, 0, 0))
    for line in lines:
        points = "–" if line.points is None else _share(line.points, line.max_points)
        style = "yellow" if line.needs_attention else "dim" if line.points is None else ""
        cells = [escape(line.student), *map(_part, line.parts or [None] * len(parts)), points, escape(line.outcome)]
        notes = escape("\n".join(line.notes))
        table.add_row(*cells, *([] if parts else [notes]), style=style)
        if notes:
            below.add_row(escape(line.student), notes)
    # Beside several columns of points there is no room for sentences.
    return Group(table, below, "") if parts and below.row_count else table


def _cell_table(cell: CellVerdict) -> Table:
    title = f"{escape(cell.grade_id)}: {_share(cell.points, cell.max_points)} points"
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("outcome", no_wrap=True)
    table.add_column("what is checked", ratio=1, overflow="fold")
    table.add_column("points", justify="right", no_wrap=True)
    for check in cell.checks:
        word, style = _LOOKS[check.outcome]
        table.add_row(Text(word, style=style), _explained(check), _share(check.points, check.max_points))
    return table


def _explained(check: CheckResult) -> Text:
    text = Text(visible(check.claim))
    if check.message:
        text.append(f"\n{visible(check.message)}", style="dim")
    return text


def _part(points: float | None) -> str:
    return "–" if points is None else _plain(points)


def _share(points: float, max_points: float) -> str:
    return f"{_plain(points)} of {_plain(max_points)}"


def _plain(points: float) -> str:
    return f"{points:.2f}".rstrip("0").rstrip(".")
