"""`autograder clauses`: what the exercises demand, what judges it, and the page that says so."""

from typing import Annotated

import typer

from autograder.commands.terminal import NEEDS_ATTENTION, UNUSABLE, CourseOption, ending_well, err, find_course, out


def clauses(
    *,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; say whether docs/clauses.md is old.")] = False,
    course: CourseOption = None,
) -> None:
    """Show the clauses of every exercise with their checks and slips, and write docs/clauses.md.

    Exit status: 0 when everything agrees, 1 when a clause lacks a check or a slip, a check lacks a clause, or the page
    is old; 2 when the clauses cannot be read.
    """
    with ending_well():
        from autograder.authoring.clauses import CLAUSES_PAGE, clauses_page
        from autograder.authoring.contracts import contracts_of

        found = find_course(course)
        try:
            contracts = contracts_of(found)
            problems = [f"{name}: {problem}" for name, contract in contracts.items() for problem in contract.problems()]
            page = clauses_page(contracts)
        except ValueError as problem:
            err.print(str(problem), style="red", markup=False, highlight=False, soft_wrap=True)
            raise typer.Exit(UNUSABLE) from problem
        path = found.root / CLAUSES_PAGE
        is_old = not path.is_file() or path.read_text(encoding="utf-8") != page
        if check:
            problems += [f"{CLAUSES_PAGE} is not what the clauses give; run `autograder clauses`"] if is_old else []
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(page, encoding="utf-8")
            out.print(page, markup=False, highlight=False, soft_wrap=True)
        for said in problems:
            err.print(said, style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(NEEDS_ATTENTION if problems else 0)
