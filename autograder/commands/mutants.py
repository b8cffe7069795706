"""`autograder mutants`: small mistakes in the reference answers, and whether the checks notice them."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from autograder.commands.terminal import NEEDS_ATTENTION, UNUSABLE, CourseOption, ending_well, err, find_course, out
from autograder.report.visible import machine_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autograder.authoring.mutants import Mutant


def mutants(
    exercise: Annotated[str, typer.Argument(help="The exercise, or a part of its name.", show_default=False)],
    *,
    cells: Annotated[
        list[str] | None, typer.Option("--cell", help="Mutate this answer only; may be repeated.", show_default="all")
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="How many at once.")] = 2,
    draws: Annotated[int, typer.Option("--draws", help="Another number asks about other arrays and models.")] = 0,
    listed: Annotated[bool, typer.Option("--list", help="Only list the mutants.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of lines.")] = False,
    course: CourseOption = None,
) -> None:
    """Make small mistakes in the reference answers, one at a time, and see whether the checks notice them.

    Like `try-check`, in this process and its forks and WITHOUT a seal. Mutants that do the same as the reference are
    declared in tests/submissions/<exercise>/equivalents.toml. Exit status: 0 when all others are noticed, 1 when not.
    """
    with ending_well():
        from autograder.authoring.in_process import prepare_process, warm_up

        prepare_process()
        from autograder.authoring.mutants import answers_of, try_mutants
        from autograder.authoring.mutations import mutations
        from autograder.authoring.trying import Bench

        try:
            bench = Bench.find(find_course(course), exercise, draws)
            answers = answers_of(bench, cells or ())
            total = sum(len(mutations(source)) for source in answers.values())
            if listed:
                for cell, source in answers.items():
                    for mutation in mutations(source):
                        _say(f"{cell}, line {mutation.line}: {mutation.name}")
                raise typer.Exit
            warm_up(bench.exercise)
            found = _run(bench.exercise.name, total, try_mutants(bench, list(answers), jobs))
        except ValueError as problem:
            err.print(str(problem), style="red", markup=False, highlight=False, soft_wrap=True)
            raise typer.Exit(UNUSABLE) from problem
        survived = [mutant for mutant in found if not mutant.noticed and not mutant.undecided]
        undecided = [mutant for mutant in found if mutant.undecided]
        if as_json:
            typer.echo(machine_text([_as_json(mutant) for mutant in found]))
        else:
            for mutant in survived:
                _say(f"SURVIVED {mutant.cell}, line {mutant.mutation.line}: {mutant.mutation.name}")
            for mutant in undecided:
                place = f"{mutant.cell}, line {mutant.mutation.line}: {mutant.mutation.name}"
                _say(f"UNDECIDED {place}: {mutant.undecided}; try its cell again when the machine is quiet")
            _say(f"{sum(bool(mutant.noticed) for mutant in found)} of {len(found)} noticed")
        raise typer.Exit(NEEDS_ATTENTION if survived or undecided else 0)


def _run(name: str, total: int, coming: "Iterator[Mutant]") -> "list[Mutant]":
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    found: list[Mutant] = []
    # refreshed by hand: this process forks, and a thread that draws would not survive that
    with Progress(*columns, console=err, auto_refresh=False, transient=True) as progress:
        task = progress.add_task(name, total=total)
        for mutant in coming:
            found.append(mutant)
            progress.update(task, completed=len(found))
            progress.refresh()
    return found


def _as_json(mutant: "Mutant") -> dict[str, object]:
    mutation = mutant.mutation
    return {
        "cell": mutant.cell,
        "line": mutation.line,
        "mutant": mutation.name,
        "after": mutation.after,
        "noticed": mutant.noticed,
        "undecided": mutant.undecided,
    }


def _say(text: str) -> None:
    out.print(text, markup=False, highlight=False, soft_wrap=True)
