"""`autograder doctor`: can this machine and this course folder be graded on?"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import typer

from autograder.commands import findings
from autograder.commands.findings import Finding, State
from autograder.commands.terminal import NEEDS_ATTENTION, CourseOption, ending_well, find_course, out, sentence
from autograder.course.errors import CourseError

if TYPE_CHECKING:
    from autograder.course.course import Course

_STYLES = {State.FINE: "green", State.NOTE: "dim", State.PROBLEM: "bold yellow"}


def doctor(*, course: CourseOption = None) -> None:
    """Look over this machine and this course folder, and say in plain words what needs attention.

    Shows the sandbox's proof, versions, memory, disk, Keras cache, exercises, settings, secret, and every gradebook row
    that rests on no verdict. Exit status: 0 when all is well, 1 when something needs attention.
    """
    with ending_well():
        found, problems = _find(course)
        problems += _show("software", findings.software())
        problems += _show("machine", findings.machine(found))
        problems += _show("sandbox", findings.sandbox(found))
        problems += _show_if_any("engine", findings.engine(found))
        problems += _show("images", findings.images(found))
        if found is not None:
            problems += _show("course folder", findings.folder(found))
            problems += _show("gradebook", findings.gradebook(found))
        if problems:
            needs = "1 thing needs" if problems == 1 else f"{problems} things need"
            out.print(f"\n{needs} attention.", style="bold yellow")
            raise typer.Exit(NEEDS_ATTENTION)
        out.print("\nAll is well.", style="bold green")


def _find(option: CourseOption) -> "tuple[Course | None, int]":
    try:
        return find_course(option), 0
    except CourseError as problem:
        return None, _show("course folder", [Finding(State.PROBLEM, str(problem))])


def _seen(found: Iterable[Finding]) -> Iterator[Finding]:
    """Yield findings; what stops a look is a finding itself, and the next look goes on."""
    try:
        yield from found
    except Exception as problem:  # noqa: BLE001 - whatever a look meets is what it has found
        yield Finding(State.PROBLEM, sentence(problem))


def _show_if_any(title: str, found: Iterable[Finding]) -> int:
    seen = list(_seen(found))
    return _show(title, seen) if seen else 0


def _show(title: str, found: Iterable[Finding]) -> int:
    out.print(f"\n{title}", style="bold")
    problems = 0
    for finding in _seen(found):
        problems += finding.state is State.PROBLEM
        advice = f"\n    What to do: {finding.advice}" if finding.advice else ""
        out.print(f"  {finding.state.value} ", style=_STYLES[finding.state], end="")
        out.print(f"{finding.what}{advice}", markup=False, highlight=False, soft_wrap=True)
    return problems
