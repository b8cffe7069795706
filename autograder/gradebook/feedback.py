"""Verdicts as students see them in their notebook: one table a judged cell, a box of notes above it all."""

from functools import lru_cache
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader
from markupsafe import Markup, escape
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_output

from autograder.course.exercise import grade_id_of
from autograder.course.lesson import Lesson, Section
from autograder.grading.unreadable import UNMATCHED, UNREADABLE
from autograder.judge.verdict import CellVerdict, CheckResult, Outcome, Verdict

SUMMARY_CELL_ID = "autograder-summary"
PASTE = "To see the same, run this in a new cell below your own code:"
# Ink on paper reaches a contrast of 7:1; mark and word tell the outcome without colour.
_LOOKS = {
    Outcome.PASS.value: {"mark": "✓", "word": "passed", "ink": "#0b5a2b", "paper": "#e9f6ed"},
    Outcome.FAIL.value: {"mark": "✗", "word": "not passed", "ink": "#8c1d18", "paper": "#fdeeed"},
    Outcome.ERROR.value: {"mark": "?", "word": "undecided", "ink": "#6b4300", "paper": "#fff4dc"},
    Outcome.SKIPPED.value: {"mark": "–", "word": "not tried", "ink": "#424a53", "paper": "#f0f2f4"},
}


def show_verdict(notebook: NotebookNode, verdict: Verdict, lesson: Lesson | None = None) -> None:
    """Put a verdict into the notebook it was found on.

    Every judged cell gets the table of its checks as its only output; a box with the points and the notes of the run
    goes to the top.

    Args:
        notebook: The executed notebook; changed in place.
        verdict: The verdict; it must hold every cell that carries a judged cell's grade id.
        lesson: Where what failed can be read again.
    """
    judged = {cell.grade_id: cell for cell in verdict.cells}
    cells = [cell for cell in notebook.cells if cell.get("id") != SUMMARY_CELL_ID]
    for cell in cells:
        found = judged.get(grade_id_of(cell) or "")
        if found is not None:
            cell.outputs = [cell_output(found, lesson)]
            cell.execution_count = None
    notebook.cells = [new_markdown_cell(notes_html(verdict), id=SUMMARY_CELL_ID), *cells]


def cell_output(cell: CellVerdict, lesson: Lesson | None = None) -> NotebookNode:
    """Return the output that shows a judged cell's checks.

    Args:
        cell: The verdict on the cell.
        lesson: Where what failed can be read again.

    Returns:
        A `display_data` output with a table as `text/html` and the same as `text/plain`.
    """
    output: NotebookNode = new_output(
        "display_data", data={"text/html": cell_html(cell, lesson), "text/plain": cell_text(cell, lesson)}, metadata={}
    )
    return output


def cell_html(cell: CellVerdict, lesson: Lesson | None = None) -> str:
    """Return the table of a judged cell's checks as HTML that stands by itself.

    Args:
        cell: The verdict on the cell.
        lesson: Where what failed can be read again.
    """
    template = _environment().get_template("verdict.html.j2")
    helps = [_help(cell, check, lesson) for check in cell.checks]
    said = {"overall": _overall(cell), "summary": _summary(cell), "helps": helps, "paste": PASTE}
    return template.render(cell=cell, looks=_LOOKS, **said)


def cell_text(cell: CellVerdict, lesson: Lesson | None = None) -> str:
    """Return a judged cell's checks as plain text.

    Args:
        cell: The verdict on the cell.
        lesson: Where what failed can be read again.
    """
    lines = [f"{points_text(cell.points)} of {points_text(cell.max_points)} points. {_summary(cell)}"]
    for check in cell.checks:
        look = _LOOKS[check.outcome.value]
        share = f"{points_text(check.points)}/{points_text(check.max_points)}"
        lines.append(f"{look['mark']} {look['word']:10}  {share:>5}  {check.claim}")
        help_ = _help(cell, check, lesson)
        below = check.message.splitlines()
        below += [PASTE, *help_.example.splitlines()] if help_.example else []
        below += [f"Read again: {help_.section.heading}, in {help_.section.lesson}."] if help_.section else []
        lines += [f"{'':21}{line}" for line in below]
    return "\n".join(lines)


class Help(NamedTuple):
    """What a student can do about a check that failed."""

    example: str = ""
    """The failing call, as code; the one thing of the evidence that students see."""
    section: Section | None = None


def _help(cell: CellVerdict, check: CheckResult, lesson: Lesson | None) -> Help:
    if check.outcome is not Outcome.FAIL:
        return Help()
    example = check.evidence.example if check.evidence else ""
    return Help(example, lesson.section(cell.grade_id, check.name) if lesson else None)


def notes_html(verdict: Verdict) -> str:
    """Return the box above a graded notebook: its points, and the notes of the run.

    Args:
        verdict: The verdict on the notebook.
    """
    notes = [" ".join(note.split()) for note in verdict.notes]
    lost = [cell for cell in verdict.cells if any(check.outcome is not Outcome.PASS for check in cell.checks)]
    if any(check.name in (UNREADABLE, UNMATCHED) for check in verdict.checks()):
        lost = []  # one reason for all of them, and the notes give it
    template = _environment().get_template("notes.html.j2")
    return template.render(verdict=verdict, notes=notes, lost=lost, looks=_LOOKS)


def points_text(points: float) -> str:
    """Write points without needless decimals: 2, 2.5, 0.33.

    Args:
        points: A finite number.
    """
    return f"{points:.2f}".rstrip("0").rstrip(".")


def _task(grade_id: str) -> str:
    """A judged cell's name as a reader knows it: `select classes`."""
    return grade_id.removeprefix("check_").replace("_", " ")


def _overall(cell: CellVerdict) -> str:
    if cell.undecided:
        return Outcome.ERROR.value
    passed = all(check.outcome is Outcome.PASS for check in cell.checks)
    return (Outcome.PASS if passed else Outcome.FAIL).value


def _summary(cell: CellVerdict) -> str:
    passed = sum(check.outcome is Outcome.PASS for check in cell.checks)
    counted = f"{passed} of {len(cell.checks)} check{'s' if len(cell.checks) != 1 else ''} passed."
    undecided = sum(check.outcome is Outcome.ERROR for check in cell.checks)
    if undecided:
        counted += f" {undecided} could not be decided: a person will look, the points are withheld, not lost."
    return counted


def with_code(text: str) -> Markup:
    """Escape a text and set what stands between backticks as code.

    Args:
        text: Anybody's.
    """
    parts = str(text).split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    style = "background-color: #f3f4f6; color: #1b1f24; padding: 0 3px; border-radius: 3px; font-size: 90%;"
    code = Markup('<code style="{}">{}</code>')
    marked = (code.format(style, part) if number % 2 else escape(part) for number, part in enumerate(parts))
    return Markup("").join(marked)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(loader=PackageLoader("autograder.gradebook"), autoescape=True, trim_blocks=False)
    filters: dict[str, Any] = {"with_code": with_code, "points": points_text, "task": _task}
    environment.filters.update(filters)
    return environment
