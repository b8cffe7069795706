"""`autograder try-check`: checks tried on submissions, in this process, while a page is being written."""

import contextlib
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from autograder.commands.terminal import NEEDS_ATTENTION, UNUSABLE, CourseOption, ending_well, err, find_course, out
from autograder.report.visible import machine_text, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from autograder.authoring.trying import Bench, Tried
    from autograder.judge.verdict import CheckResult

_STYLES = {"OK": "green", "SURVIVED": "red", "DOUBLE": "magenta", "OTHER": "yellow", "SAYS": "yellow"}


def try_check(
    exercise: Annotated[str, typer.Argument(help="The exercise, or a part of its name.", show_default=False)],
    *,
    checks: Annotated[
        list[str] | None, typer.Option("--check", help="Run this check only; may be repeated.", show_default=False)
    ] = None,
    slip: Annotated[
        str | None, typer.Option("--slip", help="Try this slip or golden submission.", show_default="the reference")
    ] = None,
    notebook: Annotated[Path | None, typer.Option("--notebook", help="Try this notebook.", show_default=False)] = None,
    all_slips: Annotated[bool, typer.Option("--all-slips", help="Try all wrong ones, and right slips.")] = False,
    only: Annotated[str, typer.Option("--only", help="With --all-slips: those with this in their names.")] = "",
    whole: Annotated[
        bool, typer.Option("--whole", help="With --all-slips: run each to the end, to see what else it loses.")
    ] = False,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="With --all-slips: how many at once.")] = 2,
    draws: Annotated[int, typer.Option("--draws", help="Another number asks about other arrays and models.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")] = False,
    course: CourseOption = None,
) -> None:
    """Try checks on a submission, in one process and WITHOUT a seal: for your own code, never for students' work.

    Runs the notebook's cells as far as the checks need, then the checks. `breakpoint()` works in check pages and in
    answers; what they print is shown; a check that does not pass shows where on its page. With --all-slips every wrong
    submission of the exercise is tried and compared with what it should lose. Exit status: 0 when all is as expected
    (one notebook: when all checks pass), 1 when not, 2 when something that was named does not exist.
    """
    with ending_well():
        from autograder.authoring.in_process import prepare_process, warm_up

        prepare_process()
        from autograder.authoring.slips import SlipError
        from autograder.authoring.trying import Bench

        if sum([slip is not None, notebook is not None, all_slips]) > 1:
            raise typer.BadParameter("name one of --slip, --notebook and --all-slips")
        try:
            bench = Bench.find(find_course(course), exercise, draws)
            names = bench.check_names(checks or ())
            warm_up(bench.exercise)
            if all_slips:
                is_fine = _try_all(bench, only, jobs, as_json=as_json, whole=whole, checks=names if checks else [])
            else:
                is_fine = _try_one(bench, slip, notebook, names, as_json=as_json)
        except SlipError as problem:
            err.print(str(problem), style="red", markup=False, highlight=False, soft_wrap=True)
            raise typer.Exit(UNUSABLE) from problem
        raise typer.Exit(0 if is_fine else NEEDS_ATTENTION)


def _try_one(bench: "Bench", slip: str | None, notebook: Path | None, names: list[str], *, as_json: bool) -> bool:
    from autograder.authoring.golden import build_submission
    from autograder.authoring.in_process import run_of
    from autograder.course.reading import read_notebook_file
    from autograder.judge.verdict import Outcome

    if notebook is not None:
        content = read_notebook_file(notebook)
    else:
        content, _ = build_submission(bench.submissions / (slip or "reference"), bench.exercise.source)

    def show(name: str, error: BaseException) -> None:
        err.print(f"[bold]{name}[/]")
        sys.stderr.write(visible("".join(_on_the_page(error))))

    results = bench.judge(run_of(content, bench.exercise), names, aloud=not as_json, watch=None if as_json else show)
    if as_json:
        typer.echo(machine_text([_result(name, result) for name, result in results.items()]))
    else:
        _show_results(bench, results)
    return all(result.outcome is Outcome.PASS for result in results.values())


def _on_the_page(error: BaseException) -> list[str]:
    """A traceback without the frames of pytest and hypothesis, which call the check."""
    found = traceback.TracebackException.from_exception(error)
    strangers = ("_pytest", "pluggy", "hypothesis")
    frames = [frame for frame in found.stack if not set(Path(frame.filename).parts) & set(strangers)]
    notes = [f"{note}\n" for note in getattr(error, "__notes__", [])]
    return [
        "Traceback (most recent call last):\n",
        *traceback.format_list(frames),
        *found.format_exception_only(),
        *notes,
    ]


def _say(text: str, style: str = "") -> None:
    out.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def _show_results(bench: "Bench", results: "dict[str, CheckResult]") -> None:
    for name, result in results.items():
        points = f"{result.points:g} of {result.max_points:g}"
        _say(f"{result.outcome.value:7} {points:>10}  {bench.settings[name].cell}: {name}")
        if said := result.trace or result.message:
            _say("        " + said.strip().replace("\n", "\n        "))


def _result(name: str, result: "CheckResult") -> dict[str, object]:
    return {
        "check": name,
        "outcome": result.outcome.value,
        "points": result.points,
        "max_points": result.max_points,
        "message": result.message,
        "trace": result.trace,
    }


def _try_all(bench: "Bench", only: str, jobs: int, *, as_json: bool, whole: bool, checks: list[str]) -> bool:
    from autograder.authoring.golden import slip_at
    from autograder.authoring.trying import try_all

    places = [place for place in bench.places("wrong_") if only in place.name]
    places += [place for place in bench.places("right_") if only in place.name and slip_at(place) is not None]
    tried: list[Tried] = []
    with _bar(bench.exercise.name, len(places), is_shown=as_json) as advance:
        for found in try_all(bench, places, jobs, whole=whole, checks=checks):
            tried.append(found)
            advance(found.name)
            if not as_json:
                _show_tried(found)
    if as_json:
        tried.sort(key=lambda found: (found.status == "OK", found.name))
        typer.echo(machine_text([_tried(found) for found in tried]))
    else:
        counted = {status: sum(found.status == status for found in tried) for status in _STYLES}
        _say(", ".join(f"{count} {status}" for status, count in counted.items() if count) or "nothing to try")
    return all(found.status == "OK" for found in tried)


@contextlib.contextmanager
def _bar(name: str, total: int, *, is_shown: bool) -> "Iterator[Callable[[str], None]]":
    """Show how far it is, where no lines do: give what is called with the name of each that has ended."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    # refreshed by hand: this process forks, and a thread that draws would not survive that
    with Progress(*columns, console=err, auto_refresh=False, transient=True, disable=not is_shown) as progress:
        task = progress.add_task(name, total=total)

        def advance(ended: str) -> None:
            progress.update(task, advance=1, description=ended)
            progress.refresh()

        progress.refresh()
        yield advance


def _tried(found: "Tried") -> dict[str, object]:
    return {
        "slip": found.name,
        "status": found.status,
        "expected": dict(found.expected),
        "found": dict(found.found),
        "messages": dict(found.messages),
        "lost": dict(found.lost),
        "problem": found.problem,
    }


def _show_tried(found: "Tried") -> None:
    lost = ", ".join(f"{cell} {points:g}" for cell, points in found.lost.items())
    _say(
        f"{found.status:8} {found.name}: {', '.join(found.expected) or 'loses nothing'}; lost: {lost or 'nothing'}",
        _STYLES[found.status],
    )
    if found.status != "OK":
        for line in _seen(found):
            _say("         " + line.strip().replace("\n", "\n         "))


def _seen(found: "Tried") -> list[str]:
    if found.status == "SAYS":
        return [f"it should say {found.says!r}, but says: {next(iter(found.messages.values()), '')}"]
    lines = [f"{name} {outcome}: {found.messages[name]}" for name, outcome in found.found.items()]
    return [*lines, *([found.problem] if found.problem else [])] or ["no check noticed it"]
